"""The ways up from a concept to the roots of the hierarchy."""

from __future__ import annotations

from collections.abc import Iterator
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
