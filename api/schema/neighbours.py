"""The neighbours of a concept in the hierarchy; a retired or undeclared id has none."""

from __future__ import annotations

import numpy as np

from graph import paths
from graph.hierarchy import Hierarchy
from graph.model import CURIE


def parents(hierarchy: Hierarchy, id: CURIE) -> tuple[CURIE, ...]:
    """What `id` is directly a kind of, by id."""
    return hierarchy.parents(id) if id in hierarchy else ()


def children(hierarchy: Hierarchy, id: CURIE) -> tuple[CURIE, ...]:
    """What is directly a kind of `id`, by id."""
    return hierarchy.children(id) if id in hierarchy else ()


def siblings(hierarchy: Hierarchy, id: CURIE) -> tuple[CURIE, ...]:
    """The other children of the parents of `id`, by id."""
    return hierarchy.siblings(id) if id in hierarchy else ()


def ancestors(hierarchy: Hierarchy, id: CURIE) -> tuple[CURIE, ...]:
    """All that `id` is a kind of, the farthest from the root first, then by id."""
    if id not in hierarchy:
        return ()
    ordinals = hierarchy.ancestors_of_ordinal(hierarchy.ordinal(id))
    depths = hierarchy.depths_of_ordinals(ordinals).astype(np.int64)
    return hierarchy.ids_of(ordinals[np.argsort(-depths, kind="stable")])


def paths_to_root(hierarchy: Hierarchy, id: CURIE, most: int) -> list[tuple[CURIE, ...]]:
    """At most `most` is-a paths from `id` to a root, the shortest first."""
    return paths.paths_to_root(hierarchy, id, most=most) if id in hierarchy else []


def ancestor_count(hierarchy: Hierarchy, id: CURIE) -> int:
    """How many ancestors `id` has."""
    return len(hierarchy.ancestors_of_ordinal(hierarchy.ordinal(id))) if id in hierarchy else 0


def descendant_count(hierarchy: Hierarchy, id: CURIE) -> int:
    """How many descendants `id` has."""
    return len(hierarchy.descendants_of_ordinal(hierarchy.ordinal(id))) if id in hierarchy else 0
