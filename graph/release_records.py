"""All records of a release, read back from its store: what a Delta is laid on."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Record
from graph.store import GraphStore


def release_records(store: GraphStore) -> Iterator[Record]:
    """Concepts, then terms, relations (is-a too), mappings, successions and memberships, each by concept.

    Memory is bounded by what the store's scans hold. Raises StoreUnavailable.
    """
    yield from store.scan_concepts()
    yield from store.scan_terms()
    yield from store.scan_relations()
    yield from store.scan_mappings()
    yield from store.scan_successions()
    yield from store.scan_memberships()
