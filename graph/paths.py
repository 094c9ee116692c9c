"""The ways up from a concept to the roots of the hierarchy, and from one concept to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice

import numpy as np

from graph.hierarchy import Hierarchy
from graph.model import CURIE


def paths_to_root(hierarchy: Hierarchy, id: CURIE, *, most: int = 100) -> list[tuple[CURIE, ...]]:
    """At most `most` is-a paths from a concept to a root, the shortest first, then by the ids on them.

    Each begins with the concept and ends with a root. Their number can grow exponentially with depth, and
    no more are made than are asked for. Raises ConceptNotFound.
    """
    return [hierarchy.ids_of(path) for path in islice(_paths(hierarchy, hierarchy.ordinal(id)), most)]


def _paths(hierarchy: Hierarchy, start: int) -> Iterator[tuple[int, ...]]:
    # Each path waits under the length of the shortest way on from it, so that the first ones are found without
    # looking at all the others.
    waiting: list[tuple[int, tuple[int, ...]]] = [(_steps_up(hierarchy, start), (start,))]
    while waiting:
        _, path = heappop(waiting)
        parents = hierarchy.parents_of_ordinal(path[-1]).tolist()
        if not parents:
            yield path
        for parent in parents:
            heappush(waiting, (len(path) + _steps_up(hierarchy, parent), (*path, parent)))


def _steps_up(hierarchy: Hierarchy, ordinal: int) -> int:
    return int(hierarchy.depths_of_ordinals(np.array([ordinal]))[0])


@dataclass(frozen=True, slots=True)
class PathBetween:
    """A way from one concept to another by is-a: `ids` from the one to the other, of which `up` steps go up."""

    ids: tuple[CURIE, ...]
    up: int


def path_between(hierarchy: Hierarchy, start: CURIE, end: CURIE) -> PathBetween | None:
    """The shortest is-a path over a concept that subsumes both: up from `start` to it, and down to `end`.

    Of equally short ones that over the concept farthest from the root, then the first by its ids. None
    where nothing subsumes both. Raises ConceptNotFound.
    """
    from_start = _ways_up(hierarchy, hierarchy.ordinal(start))
    from_end = _ways_up(hierarchy, hierarchy.ordinal(end))
    common = sorted(from_start.keys() & from_end.keys())
    if not common:
        return None
    depths = hierarchy.depths_of_ordinals(np.array(common)).tolist()

    def length(at: int) -> int:
        return from_start[common[at]][0] + from_end[common[at]][0]

    best = common[min(range(len(common)), key=lambda at: (length(at), -depths[at], common[at]))]
    up, down = _trace(from_start, best), _trace(from_end, best)
    return PathBetween(hierarchy.ids_of([*reversed(up), *down[1:]]), len(up) - 1)


def _ways_up(hierarchy: Hierarchy, start: int) -> dict[int, tuple[int, int]]:
    """Of all that is above an ordinal, and itself: the fewest steps up to it, and the ordinal before it."""
    found = {start: (0, -1)}
    level = [start]
    while level:
        above: list[int] = []
        for ordinal in level:
            for parent in hierarchy.parents_of_ordinal(ordinal).tolist():
                if parent not in found:
                    found[parent] = (found[ordinal][0] + 1, ordinal)
                    above.append(parent)
        level = sorted(above)
    return found


def _trace(ways: Mapping[int, tuple[int, int]], top: int) -> list[int]:
    """From `top` down to where the ways began."""
    traced = [top]
    while (below := ways[traced[-1]][1]) >= 0:
        traced.append(below)
    return traced
