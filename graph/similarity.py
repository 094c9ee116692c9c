"""How similar concepts are by their place in the hierarchy.

Information content is intrinsic, so no corpus is needed (Seco, Veale and Hayes 2004): the more concepts are
below one, the less it tells; 0 for a root above all, 1 for a leaf. Resnik (1995) takes that of the most
informative common subsumer, Lin (1998) relates it to that of the two concepts, and Wu and Palmer (1994)
relate depths. A concept subsumes itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph import closure
from graph.hierarchy import Hierarchy
from graph.model import CURIE

_Numbers = NDArray[np.float64]
_Ordinals = NDArray[np.integer]
#: Subsumers of pairs looked at together.
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """The three measures of one pair."""

    lin: float
    resnik: float
    wu_palmer: float


class Similarity:
    """Measures over one hierarchy. Safe to share between threads.

    Methods take pairs as two sequences of ids of one length and answer shape (pairs,). They raise
    ConceptNotFound for an id that is no active concept.
    """

    def __init__(self, hierarchy: Hierarchy) -> None:
        self._hierarchy = hierarchy

    @cached_property
    def content(self) -> _Numbers:
        """The information content of every ordinal: 1 - log(descendants + 1) / log(concepts)."""
        below = np.diff(self._hierarchy.descendant_rows.offsets)
        found: _Numbers = 1 - np.log(below + 1) / np.log(max(len(self._hierarchy), 2))
        return found

    @cached_property
    def depths(self) -> _Numbers:
        """The concepts on the longest is-a path from a root to every ordinal; 1 for a root.

        The longest, because then what subsumes a concept is never as deep as it.
        """
        depths = np.ones(len(self._hierarchy), np.float64)
        levels, _ = closure.levels(self._hierarchy.parent_rows, self._hierarchy.child_rows)
        for depth, level in enumerate(levels, start=1):
            depths[level] = depth
        return depths

    def information_content(self, ids: Sequence[CURIE]) -> _Numbers:
        """The information content of each id, 0 to 1."""
        found: _Numbers = self.content[self._ordinals(ids)]
        return found

    def resnik(self, a: Sequence[CURIE], b: Sequence[CURIE]) -> _Numbers:
        """The information content of the most informative common subsumer; 0 where there is none."""
        return self._most(self._ordinals(a), self._ordinals(b), self.content)

    def lin(self, a: Sequence[CURIE], b: Sequence[CURIE]) -> _Numbers:
        """Twice that of `resnik` over the sum of both contents, 0 to 1; 1 for a concept and itself."""
        first, second = self._ordinals(a), self._ordinals(b)
        shared, both = self._most(first, second, self.content), self.content[first] + self.content[second]
        found = np.divide(2 * shared, both, out=np.zeros(len(both)), where=both > 0)
        # The root tells nothing, and is like itself all the same.
        return np.where(first == second, 1.0, found)

    def wu_palmer(self, a: Sequence[CURIE], b: Sequence[CURIE]) -> _Numbers:
        """Twice the depth of the deepest common subsumer over the sum of both depths, 0 to 1."""
        first, second = self._ordinals(a), self._ordinals(b)
        found: _Numbers = (
            2 * self._most(first, second, self.depths) / (self.depths[first] + self.depths[second])
        )
        return found

    def measured(self, a: Sequence[CURIE], b: Sequence[CURIE]) -> list[Measured]:
        """All three of each pair."""
        columns = (self.lin(a, b), self.resnik(a, b), self.wu_palmer(a, b))
        return [Measured(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def _ordinals(self, ids: Sequence[CURIE]) -> NDArray[np.int64]:
        ordinals = self._hierarchy.ordinals(ids)
        if len(missing := np.flatnonzero(ordinals < 0)):
            self._hierarchy.ordinal(ids[int(missing[0])])
        return ordinals

    def _most(self, a: _Ordinals, b: _Ordinals, of: _Numbers) -> _Numbers:
        """The greatest value of `of` among the common subsumers of each pair; 0 where there are none."""
        if len(a) != len(b):
            raise ValueError(f"{len(a)} and {len(b)} ids are no pairs.")
        rows = self._hierarchy.ancestor_rows
        sizes = rows.offsets[np.asarray(a, np.int64) + 1] - rows.offsets[a] + 1
        found = np.zeros(len(a))
        cuts = (
            np.searchsorted(np.cumsum(sizes), np.arange(_AT_ONCE, int(sizes.sum()) + _AT_ONCE, _AT_ONCE)) + 1
        )
        start = 0
        for end in np.minimum(np.unique(cuts), len(a)).tolist():
            if end > start:
                found[start:end] = self._most_of(a[start:end], b[start:end], of)
                start = end
        return found

    def _most_of(self, a: _Ordinals, b: _Ordinals, of: _Numbers) -> _Numbers:
        above, counts = self._hierarchy.ancestor_rows.gather(a)
        owners = np.repeat(np.arange(len(a)), counts)
        shared = self._hierarchy.subsumes_pairs(above, b[owners])
        found = np.where(self._hierarchy.subsumes_pairs(a, b), of[a], 0.0)
        np.maximum.at(found, owners[shared], of[above[shared]])
        return found
