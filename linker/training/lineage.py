"""The is-a hierarchies of all releases that a model is trained on, asked by concept id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.hierarchy import Hierarchy
from graph.model import CURIE
from graph.store import GraphStore


class Lineage:
    """What is above a concept. An id that no release has as an active concept has nothing above it."""

    def __init__(self, hierarchies: Sequence[Hierarchy] = ()) -> None:
        self._hierarchies = tuple(hierarchies)
        self._roots = frozenset(root for hierarchy in hierarchies for root in hierarchy.roots())

    @classmethod
    def of(cls, stores: Iterable[GraphStore]) -> Lineage:
        """Compile the hierarchy of each store's active concepts. Raises HierarchyCycle."""
        return cls(
            [
                Hierarchy.compile((c.id for c in store.scan_concepts() if c.active), store.scan_is_a())
                for store in stores
            ]
        )

    def ancestors(self, id: CURIE) -> frozenset[CURIE]:
        """Every concept that `id` is a kind of, itself left out."""
        return frozenset(up for h in self._hierarchies if id in h for up in h.ancestors(id))

    def broader(self, id: CURIE, steps: int) -> frozenset[CURIE]:
        """The concepts one to `steps` is-a steps above `id`; roots, which name everything, left out."""
        found: set[CURIE] = set()
        for hierarchy in self._hierarchies:
            level = {id} if id in hierarchy else set()
            for _ in range(steps):
                level = {up for one in level for up in hierarchy.parents(one)}
                found |= level
        return frozenset(found - self._roots - {id})

    def siblings(self, id: CURIE) -> frozenset[CURIE]:
        """The other children of `id`'s parents; those of roots, which have little in common, left out."""
        return frozenset(
            child
            for hierarchy in self._hierarchies
            if id in hierarchy
            for parent in hierarchy.parents(id)
            if parent not in self._roots
            for child in hierarchy.children(parent)
            if child != id
        )
