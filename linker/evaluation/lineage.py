"""Lineage: an answer that is an ancestor or a descendant of the right concept is nearly right."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from graph.hierarchy import Hierarchy
from graph.model import CURIE


def lineage_ranks(
    hierarchy: Hierarchy, candidates: Sequence[CURIE], gold: Collection[CURIE]
) -> tuple[int, int]:
    """The places, from 1, of the first candidates that are gold or in its lineage; 0 where there is none.

    First within one is-a step (gold, its parents and its children), then along any path (its ancestors and
    descendants). A code that the hierarchy lacks has no lineage but itself.
    """
    near = far = np.array([id in gold for id in candidates], dtype=bool)
    found = hierarchy.ordinals(list(candidates))
    for ordinal in hierarchy.ordinals(list(gold)):
        if ordinal < 0:
            continue
        step = np.concatenate([hierarchy.parents_of_ordinal(ordinal), hierarchy.children_of_ordinal(ordinal)])
        itself = np.full(len(found), ordinal)
        near = near | ((found >= 0) & np.isin(found, step))
        far = far | hierarchy.subsumes_pairs(itself, found) | hierarchy.subsumes_pairs(found, itself)
    return _first(near), _first(far)


def _first(right: np.ndarray) -> int:
    return int(np.argmax(right)) + 1 if right.any() else 0
