"""The neighbours of a concept in the hierarchy, as ordinals; a retired or undeclared id has none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graph import paths
from graph.hierarchy import Hierarchy
from graph.model import CURIE

_NONE: NDArray[np.uint32] = np.empty(0, np.uint32)


def parents(hierarchy: Hierarchy, id: CURIE) -> NDArray[np.uint32]:
    """What `id` is directly a kind of, by id."""
    return hierarchy.parents_of_ordinal(hierarchy.ordinal(id)) if id in hierarchy else _NONE


def children(hierarchy: Hierarchy, id: CURIE) -> NDArray[np.uint32]:
    """What is directly a kind of `id`, by id."""
    return hierarchy.children_of_ordinal(hierarchy.ordinal(id)) if id in hierarchy else _NONE


def siblings(hierarchy: Hierarchy, id: CURIE) -> NDArray[np.uint32]:
    """The other children of the parents of `id`, by id."""
    if id not in hierarchy:
        return _NONE
    ordinal = hierarchy.ordinal(id)
    with_self: NDArray[np.uint32] = hierarchy.children_of_ordinals(hierarchy.parents_of_ordinal(ordinal))
    others: NDArray[np.uint32] = with_self[with_self != ordinal]
    return others


def ancestors(hierarchy: Hierarchy, id: CURIE) -> NDArray[np.uint32]:
    """All that `id` is a kind of, the farthest from the root first, then by id."""
    if id not in hierarchy:
        return _NONE
    ordinals = hierarchy.ancestors_of_ordinal(hierarchy.ordinal(id))
    depths = hierarchy.depths_of_ordinals(ordinals).astype(np.int64)
    farthest_first: NDArray[np.uint32] = ordinals[np.argsort(-depths, kind="stable")]
    return farthest_first


def descendants(hierarchy: Hierarchy, id: CURIE) -> NDArray[np.uint32]:
    """All that is a kind of `id`, by id."""
    return hierarchy.descendants_of_ordinal(hierarchy.ordinal(id)) if id in hierarchy else _NONE


def paths_to_root(hierarchy: Hierarchy, id: CURIE, most: int) -> list[tuple[CURIE, ...]]:
    """At most `most` is-a paths from `id` to a root, the shortest first."""
    return paths.paths_to_root(hierarchy, id, most=most) if id in hierarchy else []
