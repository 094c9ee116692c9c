"""Sparse rows of ordinals, and what the is-a relations imply: order, cycles, depth and transitive closure.

Everything here is arrays over dense ordinals 0…n-1; `graph.hierarchy` puts ids on them. The closure is
computed a level at a time (Kahn 1962): a concept's ancestors are its parents and theirs, and the level
of a concept is reached only after those of all its parents, so each level is one vectorised union.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ordinals: TypeAlias = NDArray[np.uint32]
Offsets: TypeAlias = NDArray[np.int64]

#: Candidate pairs held at once while a level is united; 16 bytes each, so this bounds memory at about 200 MB.
PAIRS_AT_ONCE = 8_000_000


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows of ordinals, compressed: row i is `targets[offsets[i]:offsets[i + 1]]`, sorted, without repeats.

    `offsets` has shape (n + 1,) and `targets` one entry a pair.
    """

    offsets: Offsets
    targets: Ordinals

    @classmethod
    def of_pairs(cls, sources: NDArray[np.int64], targets: NDArray[np.int64], n: int) -> Rows:
        """Rows from pairs in any order; repeated pairs are kept once. Both arrays have shape (pairs,)."""
        keys = _distinct(sources * n + targets)
        counts = np.bincount(keys // n, minlength=n) if n else np.zeros(0, np.int64)
        return cls(_offsets(counts), (keys % n if n else keys).astype(np.uint32))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, ordinal: int) -> Ordinals:
        """The sorted ordinals of one row, as a view."""
        return self.targets[self.offsets[ordinal] : self.offsets[ordinal + 1]]

    def gather(self, ordinals: NDArray[np.integer]) -> tuple[Ordinals, NDArray[np.int64]]:
        """The rows of `ordinals` one after another, and the length of each."""
        starts = self.offsets[ordinals]
        counts = self.offsets[np.asarray(ordinals, np.int64) + 1] - starts
        return _gather(self.targets, starts, counts), counts

    def transposed(self) -> Rows:
        """The same pairs read the other way round."""
        # Imported here: only compiling needs it, and opening a release should not wait for it.
        from scipy.sparse import csr_array

        n = len(self)
        if len(self.targets) == 0:
            return Rows(np.zeros(n + 1, np.int64), np.zeros(0, np.uint32))
        index = np.int32 if max(n, len(self.targets)) < 2**31 else np.int64
        matrix = csr_array(
            (np.ones(len(self.targets), np.int8), self.targets.astype(index), self.offsets.astype(index)),
            shape=(n, n),
        ).tocsc()
        return Rows(matrix.indptr.astype(np.int64), matrix.indices.astype(np.uint32))

    def contain(self, rows: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether row `rows[i]` holds `values[i]`, for all i at once. Shapes (pairs,).

        All pairs bisect their rows in step, so the cost is that of the longest row's logarithm.
        """
        low, end = self.offsets[rows], self.offsets[rows + 1]
        high = end.copy()
        while True:
            open_ = low < high
            if not open_.any():
                break
            middle = (low + high) // 2
            below = np.zeros(len(rows), np.bool_)
            below[open_] = self.targets[middle[open_]] < values[open_]
            low = np.where(below, middle + 1, low)
            high = np.where(open_ & ~below, middle, high)
        found = low < end
        found[found] = self.targets[low[found]] == values[found]
        return found


def levels(parents: Rows, children: Rows) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """The ordinals level by level, each after all its parents (roots first), and those that no level holds.

    What is left over lies on a cycle or below one.
    """
    waiting = np.diff(parents.offsets)
    frontier = np.flatnonzero(waiting == 0)
    found = []
    while frontier.size:
        found.append(frontier)
        reached, times = np.unique(children.gather(frontier)[0], return_counts=True)
        waiting[reached] -= times
        frontier = reached[waiting[reached] == 0].astype(np.int64)
    return found, np.flatnonzero(waiting > 0)


def cycle(parents: Rows, left_over: NDArray[np.int64]) -> list[int]:
    """A cycle among what `levels` left over, from child to parent, its first ordinal repeated at the end."""
    among = np.zeros(len(parents), np.bool_)
    among[left_over] = True
    step, seen, path = int(left_over[0]), dict[int, int](), list[int]()
    while step not in seen:
        seen[step] = len(path)
        path.append(step)
        row = parents.row(step)
        # Every ordinal left over still waits for a parent that is left over too, so the walk cannot end.
        step = int(row[among[row]][0])
    return [*path[seen[step] :], step]


def depths(children: Rows, roots: NDArray[np.integer]) -> Ordinals:
    """The fewest is-a steps from each ordinal up to a root, breadth first; 0 for roots. Shape (n,)."""
    unreached = np.iinfo(np.uint32).max
    depth = np.full(len(children), unreached, np.uint32)
    frontier, distance = np.asarray(roots, np.int64), 0
    while frontier.size:
        depth[frontier] = distance
        reached = np.unique(children.gather(frontier)[0])
        frontier = reached[depth[reached] == unreached].astype(np.int64)
        distance += 1
    return depth


def ancestors(parents: Rows, order: list[NDArray[np.int64]]) -> Rows:
    """The transitive closure of `parents`, without the reflexive pairs; `order` is what `levels` found."""
    n = len(parents)
    starts, counts = np.zeros(n, np.int64), np.zeros(n, np.int64)
    pool, used = np.zeros(max(1024, 4 * len(parents.targets)), np.uint32), 0
    for level in order[1:]:
        for part in _parts(level, parents, counts):
            of_part, parent_counts = parents.gather(part)
            inherited = counts[of_part]
            owners = np.repeat(np.arange(len(part)), parent_counts)
            pairs = np.concatenate(
                (
                    owners * n + of_part,
                    np.repeat(owners * n, inherited) + _gather(pool, starts[of_part], inherited),
                )
            )
            pairs = _distinct(pairs)
            if used + len(pairs) > len(pool):
                pool = np.concatenate((pool, np.zeros(max(len(pool), len(pairs)), np.uint32)))
            pool[used : used + len(pairs)] = pairs % n
            counts[part] = np.bincount(pairs // n, minlength=len(part))
            starts[part] = used + np.cumsum(counts[part]) - counts[part]
            used += len(pairs)
    return _in_order(pool, starts, counts)


def _parts(level: NDArray[np.int64], parents: Rows, counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """`level` cut so that the pairs of each part, before repeats go, are about PAIRS_AT_ONCE."""
    of_level, parent_counts = parents.gather(level)
    through = np.concatenate(([0], np.cumsum(counts[of_level] + 1)))
    ends = np.cumsum(parent_counts)
    pairs_before = through[ends]
    cuts = np.searchsorted(pairs_before, np.arange(PAIRS_AT_ONCE, int(pairs_before[-1]), PAIRS_AT_ONCE))
    return [part for part in np.split(level, np.unique(cuts)) if part.size]


def _in_order(pool: Ordinals, starts: NDArray[np.int64], counts: NDArray[np.int64]) -> Rows:
    """The rows of `pool`, written in whatever order they were found, put in the order of their ordinals."""
    offsets = _offsets(counts)
    targets = np.empty(int(offsets[-1]), np.uint32)
    cuts = np.searchsorted(offsets, np.arange(0, int(offsets[-1]) + 1, PAIRS_AT_ONCE))
    for first, last in zip(cuts, [*cuts[1:], len(counts)], strict=True):
        block = slice(int(first), int(last))
        targets[offsets[first] : offsets[last]] = _gather(pool, starts[block], counts[block])
    return Rows(offsets, targets)


def _gather(pool: Ordinals, starts: NDArray[np.int64], counts: NDArray[np.int64]) -> Ordinals:
    """`pool[start : start + count]` of every pair of start and count, one after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return pool[np.repeat(starts - (ends - counts), counts) + np.arange(total)]


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct keys, sorted. Sorts in place: callers pass an array of their own making."""
    if len(keys) == 0:
        return keys
    keys.sort()
    return keys[np.concatenate(([True], keys[1:] != keys[:-1]))]


def _offsets(counts: NDArray[np.integer]) -> Offsets:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
