"""Fitting how what words say of the axes of codes weighs beside the score (`linker.axis_ranking`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linker.axis_ranking import axis_columns
from linker.errors import TrainingError
from linker.fusion import AxisWeights
from linker.pipeline import Linker
from linker.retrieved import decided_by_match
from linker.training.fusion_fit import FittingSet, List, fit_logistic


def fit_axis_weights(asked: Sequence[tuple[Linker, FittingSet]]) -> AxisWeights:
    """For the order in which these linkers have candidates; a slope and a bias then make a probability of the sum.

    Raises TrainingError if an index knows no axes, or no mention has its code among the candidates.
    """
    return AxisWeights(*fit_logistic([each for linker, one in asked for each in _lists(linker, one)]))


def _lists(linker: Linker, one: FittingSet) -> list[List]:
    """What is known of the candidates of each mention that no term decides."""
    index, axes = one.index, one.index.axes
    if axes is None:
        raise TrainingError(
            f"The index of release {index.manifest.release!r} knows no axes of codes; make it with "
            "`enlace index --code-axes`."
        )
    everything = np.ones(index.concept_count, dtype=bool)
    ranked = linker.ranked([mention.span for mention in one.mentions], contexts=one.contexts or None)
    lists = []
    for mention, own in zip(one.mentions, ranked, strict=True):
        if not len(own.retrieved) or decided_by_match(own.retrieved):
            continue
        whole, places, known = axis_columns(
            own.retrieved, own.order, own.scores, axes, index.lexical, everything
        )
        ids = index.concept_ids_of(whole.concepts[places])
        right = np.array([id in mention.codes for id in ids])
        lists.append((known.astype(np.float64), right))
    return lists
