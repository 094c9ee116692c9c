"""The compiled is-a hierarchy of a release: parents, ancestors, subsumption and depth without a graph query.

A concept's ordinal is its rank among the sorted ids. Parents, children, ancestors and descendants are
rows of ordinals (`graph.closure.Rows`), precomputed, saved as `.npy` files and opened memory-mapped, so
that opening costs milliseconds and processes share the pages. Only active concepts are in it: retired
ones live in the store alone, and is-a relations that touch them are left out and counted (`dangling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph import closure
from graph.closure import Ordinals, Rows
from graph.errors import ConceptNotFound, HierarchyCycle
from graph.model import CURIE
from graph.sorted_ids import SortedIds

_BATCH = 100_000


class Hierarchy:
    """The is-a relations of the active concepts and all they imply. Immutable; safe to share between threads.

    Methods that take a CURIE raise `ConceptNotFound` where the hierarchy lacks it (an unknown or a retired
    id), and answer ids in ascending order. Ordinal forms take and give integer arrays and check nothing.
    """

    __slots__ = (
        "_ancestors",
        "_children",
        "_depths",
        "_descendants",
        "_ids",
        "_parents",
        "dangling",
        "release",
    )

    def __init__(
        self,
        ids: NDArray[np.bytes_],
        parents: Rows,
        children: Rows,
        ancestors: Rows,
        descendants: Rows,
        depths: Ordinals,
        *,
        dangling: int = 0,
        release: str = "",
    ) -> None:
        """Use `compile` or `open`. `ids` are sorted UTF-8 bytes, shape (n,); every other array has n rows."""
        self._ids = SortedIds(ids)
        self._parents = parents
        self._children = children
        self._ancestors = ancestors
        self._descendants = descendants
        self._depths = depths
        #: Is-a relations that were left out because an end is not among the ids.
        self.dangling = dangling
        #: The release's name, for error messages.
        self.release = release

    @classmethod
    def compile(
        cls, ids: Iterable[CURIE], is_a: Iterable[tuple[CURIE, CURIE]], *, release: str = ""
    ) -> Hierarchy:
        """Compile from ids and (child, parent) pairs, both in any order, repeats allowed.

        A pair with an end that is not among `ids` is left out and counted in `dangling`: releases carry
        is-a relations of retired concepts and of other ontologies. Raises `HierarchyCycle`, naming the
        path, if is-a goes round; a concept that is its own parent is a cycle too.

        Takes about 16 bytes a pair of the largest level at its peak, beside the closure itself.
        """
        sorted_ids = SortedIds.of(list(ids))
        (children, parents), dangling = _edges(sorted_ids, is_a)
        return cls.of_ordinals(sorted_ids.array, children, parents, dangling=dangling, release=release)

    @classmethod
    def of_ordinals(
        cls,
        ids: NDArray[np.bytes_],
        children: NDArray[np.int64],
        parents: NDArray[np.int64],
        *,
        dangling: int = 0,
        release: str = "",
    ) -> Hierarchy:
        """Compile from sorted distinct ids as UTF-8 and the ordinals of each pair's ends.

        Shapes (n,), (pairs,), (pairs,); pairs in any order, repeats allowed. Raises `HierarchyCycle`.
        """
        n = len(ids)
        if n == 0:
            ids = np.zeros(0, "S1")
        up, down = Rows.of_pairs(children, parents, n), Rows.of_pairs(parents, children, n)
        order, left_over = closure.levels(up, down)
        if left_over.size:
            raise HierarchyCycle([ids[o].decode() for o in closure.cycle(up, left_over)])
        ancestors = closure.ancestors(up, order)
        roots = order[0] if order else np.zeros(0, np.int64)
        depths = closure.depths(down, roots)
        descendants = ancestors.transposed()
        return cls(ids, up, down, ancestors, descendants, depths, dangling=dangling, release=release)

    @classmethod
    def open(cls, folder: Path, *, release: str = "") -> Hierarchy:
        """Open what `save` wrote, memory-mapped.

        Raises `ReleaseDamaged` if a file is missing, cut or of another schema version.
        """
        from graph.hierarchy_files import read

        files = read(folder)
        return cls(
            files.ids,
            files.rows["parents"],
            files.rows["children"],
            files.rows["ancestors"],
            files.rows["descendants"],
            files.depths,
            dangling=files.dangling,
            release=release,
        )

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`, which is made if need be."""
        from graph.hierarchy_files import HierarchyFiles, write

        rows = {
            "parents": self._parents,
            "children": self._children,
            "ancestors": self._ancestors,
            "descendants": self._descendants,
        }
        write(folder, HierarchyFiles(self._ids.array, rows, self._depths, self.dangling))

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._ids.find(id) >= 0

    @property
    def ids(self) -> SortedIds:
        """The ids of the concepts, by ordinal."""
        return self._ids

    @property
    def parent_rows(self) -> Rows:
        """The parents of every ordinal."""
        return self._parents

    @property
    def child_rows(self) -> Rows:
        """The children of every ordinal."""
        return self._children

    @property
    def ancestor_rows(self) -> Rows:
        """The ancestors of every ordinal, without itself."""
        return self._ancestors

    @property
    def descendant_rows(self) -> Rows:
        """The descendants of every ordinal, without itself."""
        return self._descendants

    @property
    def is_a_count(self) -> int:
        """How many distinct is-a relations were compiled."""
        return len(self._parents.targets)

    @property
    def closure_size(self) -> int:
        """How many (concept, ancestor) pairs the closure holds."""
        return len(self._ancestors.targets)

    # By id -----------------------------------------------------------------------------------------------

    def parents(self, id: CURIE) -> tuple[CURIE, ...]:
        """The concepts that `id` is directly a kind of; none for a root."""
        return self.ids_of(self._parents.row(self.ordinal(id)))

    def children(self, id: CURIE) -> tuple[CURIE, ...]:
        """The concepts that are directly a kind of `id`."""
        return self.ids_of(self._children.row(self.ordinal(id)))

    def siblings(self, id: CURIE) -> tuple[CURIE, ...]:
        """The other children of the parents of `id`."""
        ordinal = self.ordinal(id)
        with_self = np.unique(self._children.gather(self._parents.row(ordinal))[0])
        return self.ids_of(with_self[with_self != ordinal])

    def ancestors(self, id: CURIE) -> tuple[CURIE, ...]:
        """Everything that `id` is a kind of, however far up; without `id` itself."""
        return self.ids_of(self._ancestors.row(self.ordinal(id)))

    def descendants(self, id: CURIE) -> tuple[CURIE, ...]:
        """Everything that is a kind of `id`, however far down; without `id` itself."""
        return self.ids_of(self._descendants.row(self.ordinal(id)))

    def subsumes(self, general: CURIE, specific: CURIE) -> bool:
        """Whether `specific` is a kind of `general`. Reflexive: every concept subsumes itself."""
        above, below = self.ordinal(general), self.ordinal(specific)
        if above == below:
            return True
        row = self._ancestors.row(below)
        at = int(np.searchsorted(row, np.uint32(above)))
        return at < len(row) and int(row[at]) == above

    def depth(self, id: CURIE) -> int:
        """The fewest is-a steps from `id` up to a root; 0 for a root."""
        return int(self._depths[self.ordinal(id)])

    def lowest_common_ancestors(self, ids: Iterable[CURIE]) -> tuple[CURIE, ...]:
        """The most specific concepts that subsume all of `ids`; none where they share none or none is given.

        Subsumption is reflexive here too: of a concept and its ancestor, the ancestor is the answer, and
        of one concept that concept. Several are answered where is-a has several parents.
        """
        ordinals = [self.ordinal(id) for id in ids]
        if not ordinals:
            return ()
        common = self.ancestors_or_self_of_ordinal(ordinals[0])
        for ordinal in ordinals[1:]:
            common = np.intersect1d(common, self.ancestors_or_self_of_ordinal(ordinal), assume_unique=True)
        above_another, _ = self._ancestors.gather(common)
        return self.ids_of(common[~np.isin(common, above_another)])

    def roots(self) -> tuple[CURIE, ...]:
        """The concepts without a parent."""
        return self.ids_of(self.root_ordinals())

    # By ordinal ------------------------------------------------------------------------------------------

    def ordinal(self, id: CURIE) -> int:
        """The ordinal of `id`. Raises `ConceptNotFound`."""
        found = self._ids.find(id)
        if found < 0:
            raise ConceptNotFound((id,), self.release, active=True)
        return found

    def ordinals(self, ids: Sequence[CURIE]) -> NDArray[np.int64]:
        """The ordinal of each id, shape (len(ids),); -1 where the hierarchy lacks it."""
        return self._ids.ordinals(ids)

    def ids_of(self, ordinals: NDArray[np.integer] | Sequence[int]) -> tuple[CURIE, ...]:
        """The id of each ordinal, in the order given."""
        return self._ids.ids_of(ordinals)

    def parents_of_ordinal(self, ordinal: int) -> Ordinals:
        """The ordinals of the parents, sorted; a view that may be a map of the file, not to be written to."""
        return self._parents.row(ordinal)

    def children_of_ordinal(self, ordinal: int) -> Ordinals:
        """The ordinals of the children, sorted; a view."""
        return self._children.row(ordinal)

    def ancestors_of_ordinal(self, ordinal: int) -> Ordinals:
        """The ordinals of the ancestors, sorted, without the ordinal itself; a view."""
        return self._ancestors.row(ordinal)

    def descendants_of_ordinal(self, ordinal: int) -> Ordinals:
        """The ordinals of the descendants, sorted, without the ordinal itself; a view."""
        return self._descendants.row(ordinal)

    def ancestors_or_self_of_ordinal(self, ordinal: int) -> Ordinals:
        """The ordinals that subsume `ordinal`, itself among them, sorted."""
        row = self._ancestors.row(ordinal)
        return np.insert(row, np.searchsorted(row, np.uint32(ordinal)), np.uint32(ordinal))

    def parents_of_ordinals(self, ordinals: NDArray[np.integer]) -> Ordinals:
        """The ordinals of all parents of all `ordinals`: their union, sorted."""
        return np.unique(self._parents.gather(ordinals)[0])

    def children_of_ordinals(self, ordinals: NDArray[np.integer]) -> Ordinals:
        """The ordinals of all children of all `ordinals`: their union, sorted."""
        return np.unique(self._children.gather(ordinals)[0])

    def ancestors_of_ordinals(self, ordinals: NDArray[np.integer]) -> Ordinals:
        """The union of the ancestors of all `ordinals`, sorted; one of them is in it if above another."""
        return np.unique(self._ancestors.gather(ordinals)[0])

    def descendants_of_ordinals(self, ordinals: NDArray[np.integer]) -> Ordinals:
        """The union of the descendants of all `ordinals`, sorted; one of them is in it if below another."""
        return np.unique(self._descendants.gather(ordinals)[0])

    def subsumes_pairs(
        self, general: NDArray[np.integer], specific: NDArray[np.integer]
    ) -> NDArray[np.bool_]:
        """Whether `general[i]` subsumes `specific[i]`, for all i at once; reflexive. Shapes (pairs,).

        An ordinal of -1 (unknown) subsumes nothing and is subsumed by nothing.
        """
        above, below = np.asarray(general, np.int64), np.asarray(specific, np.int64)
        known = (above >= 0) & (below >= 0)
        answer: NDArray[np.bool_] = known & (above == below)
        ask = np.flatnonzero(known & ~answer)
        answer[ask] = self._ancestors.contain(below[ask], above[ask])
        return answer

    def depths_of_ordinals(self, ordinals: NDArray[np.integer]) -> Ordinals:
        """The depth of each ordinal, as `depth` counts it. Shape (len(ordinals),)."""
        depths: Ordinals = self._depths[ordinals]
        return depths

    def root_ordinals(self) -> NDArray[np.int64]:
        """The ordinals without a parent, sorted."""
        return np.flatnonzero(np.diff(self._parents.offsets) == 0)


def _edges(
    sorted_ids: SortedIds, is_a: Iterable[tuple[CURIE, CURIE]]
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], int]:
    """The ordinals of the children and of the parents, and how many pairs had an end that is not an id."""
    children, parents = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    dangling = 0
    for batch in _batches(is_a):
        child = sorted_ids.ordinals([pair[0] for pair in batch])
        parent = sorted_ids.ordinals([pair[1] for pair in batch])
        known = (child >= 0) & (parent >= 0)
        dangling += len(batch) - int(known.sum())
        children.append(child[known])
        parents.append(parent[known])
    return (np.concatenate(children), np.concatenate(parents)), dangling


def _batches(pairs: Iterable[tuple[CURIE, CURIE]]) -> Iterator[list[tuple[CURIE, CURIE]]]:
    rest = iter(pairs)
    while batch := list(islice(rest, _BATCH)):
        yield batch
