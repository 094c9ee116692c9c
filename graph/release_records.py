"""All records of a release, read back from its store: what a Delta is laid on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from graph.model import IS_A, Record, Relation
from graph.store import GraphStore

_IDS_AT_ONCE = 10_000


def release_records(store: GraphStore) -> Iterator[Record]:
    """Concepts, then terms, is-a relations, other relations and successions, and mappings, each by concept.

    Memory is bounded by what the store's scans hold. Raises StoreUnavailable.
    """
    yield from store.scan_concepts()
    yield from store.scan_terms()
    for child, parent in store.scan_is_a():
        yield Relation(child, IS_A, parent)
    ids = (concept.id for concept in store.scan_concepts())
    while some := list(islice(ids, _IDS_AT_ONCE)):
        for relations in store.relations(some):
            yield from relations
        for successions in store.successors(some):
            yield from successions
    yield from store.scan_mappings()
