"""Why a concept counts as a variable: an is-a path from it up to one of the variable's tops."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graph.hierarchy import Hierarchy

_Numbers = NDArray[np.int64]


class WaysUp:
    """The shortest is-a paths up to one of some concepts, and of several shortest that by the lesser ordinals.

    Found for all concepts at once, breadth first from `tops` down; `tops` are sorted ordinals.
    """

    def __init__(self, hierarchy: Hierarchy, tops: _Numbers) -> None:
        step = np.full(len(hierarchy), -1, np.int64)
        step[tops] = tops
        frontier = tops
        while frontier.size:
            children, counts = hierarchy.child_rows.gather(frontier)
            above = np.repeat(frontier, counts)
            fresh = step[children] < 0
            # The frontier is sorted, so the first parent met of a child is the least.
            reached, first = np.unique(children[fresh], return_index=True)
            step[reached] = above[fresh][first]
            frontier = reached.astype(np.int64)
        self._reached = np.flatnonzero(step >= 0)
        self._step = step[self._reached].astype(np.int32)

    def above(self, ordinal: int) -> int:
        """The next concept on the way up; the concept itself where it is a top, -1 where it is below none."""
        at = int(np.searchsorted(self._reached, ordinal))
        found = at < len(self._reached) and self._reached[at] == ordinal
        return int(self._step[at]) if found else -1

    def path(self, ordinal: int) -> tuple[int, ...]:
        """The ordinals from a concept up to a top, both included; empty where it is below none."""
        path = list[int]()
        while ordinal >= 0 and ordinal not in path[-1:]:
            path.append(ordinal)
            ordinal = self.above(ordinal)
        return tuple(path) if ordinal >= 0 else ()
