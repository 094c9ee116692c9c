"""Counts what a store is asked: tests hold callers to one batch a level with it, and metrics read it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence

from graph.model import CURIE, Concept, Mapping, Membership, Relation, Succession, Term
from graph.store import GraphStore


class CountingStore:
    """Passes every question on to another store, counting calls and ids by method. Keeps `GraphStore`."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._ids: Counter[str] = Counter()

    @property
    def calls(self) -> dict[str, int]:
        """How often each method was called so far; methods never called are absent."""
        with self._lock:
            return dict(self._calls)

    @property
    def ids(self) -> dict[str, int]:
        """How many ids each method was asked for so far; scans count none."""
        with self._lock:
            return dict(self._ids)

    def reset(self) -> None:
        """Begin again at zero."""
        with self._lock:
            self._calls.clear()
            self._ids.clear()

    def concepts(self, ids: Sequence[CURIE]) -> list[Concept | None]:
        """See `GraphStore.concepts`."""
        self._count("concepts", len(ids))
        return self._store.concepts(ids)

    def terms(self, ids: Sequence[CURIE]) -> list[tuple[Term, ...]]:
        """See `GraphStore.terms`."""
        self._count("terms", len(ids))
        return self._store.terms(ids)

    def relations(self, ids: Sequence[CURIE]) -> list[tuple[Relation, ...]]:
        """See `GraphStore.relations`."""
        self._count("relations", len(ids))
        return self._store.relations(ids)

    def mappings(self, ids: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """See `GraphStore.mappings`."""
        self._count("mappings", len(ids))
        return self._store.mappings(ids)

    def mapped_from(self, targets: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """See `GraphStore.mapped_from`."""
        self._count("mapped_from", len(targets))
        return self._store.mapped_from(targets)

    def successors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """See `GraphStore.successors`."""
        self._count("successors", len(ids))
        return self._store.successors(ids)

    def predecessors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """See `GraphStore.predecessors`."""
        self._count("predecessors", len(ids))
        return self._store.predecessors(ids)

    def memberships(self, ids: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """See `GraphStore.memberships`."""
        self._count("memberships", len(ids))
        return self._store.memberships(ids)

    def members(self, refsets: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """See `GraphStore.members`."""
        self._count("members", len(refsets))
        return self._store.members(refsets)

    def scan_concepts(self) -> Iterator[Concept]:
        """See `GraphStore.scan_concepts`."""
        self._count("scan_concepts")
        return self._store.scan_concepts()

    def scan_terms(self) -> Iterator[Term]:
        """See `GraphStore.scan_terms`."""
        self._count("scan_terms")
        return self._store.scan_terms()

    def scan_mappings(self) -> Iterator[Mapping]:
        """See `GraphStore.scan_mappings`."""
        self._count("scan_mappings")
        return self._store.scan_mappings()

    def scan_is_a(self) -> Iterator[tuple[CURIE, CURIE]]:
        """See `GraphStore.scan_is_a`."""
        self._count("scan_is_a")
        return self._store.scan_is_a()

    def scan_relations(self) -> Iterator[Relation]:
        """See `GraphStore.scan_relations`."""
        self._count("scan_relations")
        return self._store.scan_relations()

    def scan_successions(self) -> Iterator[Succession]:
        """See `GraphStore.scan_successions`."""
        self._count("scan_successions")
        return self._store.scan_successions()

    def scan_memberships(self) -> Iterator[Membership]:
        """See `GraphStore.scan_memberships`."""
        self._count("scan_memberships")
        return self._store.scan_memberships()

    def close(self) -> None:
        """Close the store behind; not counted."""
        self._store.close()

    def _count(self, method: str, ids: int = 0) -> None:
        with self._lock:
            self._calls[method] += 1
            if ids:
                self._ids[method] += ids
