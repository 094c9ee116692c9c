"""Fitting what a candidate gains that another mention of its document was linked to (`linker.coherence`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linker.coherence import CANDIDATES, meant_by_others
from linker.fusion import logit
from linker.mentions import GoldMention
from linker.model import DocumentContext, Linking
from linker.pipeline import Linker
from linker.training.fusion_fit import FittingSet, List

SPREAD = 0.35
"""Standard deviation of the prior around no gain: mentions whose document tells the candidates apart are few."""


def fit_coherence(asked: Sequence[tuple[Linker, FittingSet]]) -> float:
    """The gain in logits of the score, at least 0.

    The likeliest one with a normal prior, where the right one of a mention's first CANDIDATES, if no term decides, is
    drawn by their scores' odds. What other mentions are linked to is what `asked` answer to each by itself.
    """
    from scipy.optimize import minimize_scalar

    lists: list[List] = []
    for linker, one in asked:
        spans = [mention.span for mention in one.mentions]
        answers = linker.link(spans, top_k=CANDIDATES, contexts=one.contexts or None)
        lists += _lists(one.mentions, answers)

    def loss(gain: float) -> float:
        told = 0.5 * (gain / SPREAD) ** 2
        for values, right in lists:
            logits = values @ np.array([1.0, gain])
            told += np.logaddexp.reduce(logits) - np.logaddexp.reduce(logits[right])
        return float(told)

    return round(float(minimize_scalar(loss, bounds=(0.0, 10 * SPREAD), method="bounded").x), 4)


def _lists(mentions: Sequence[GoldMention], answers: Sequence[Linking]) -> list[List]:
    """Of mentions that tell something the candidates' logits and whether they are meant elsewhere, shape (k, 2)."""
    documents = [DocumentContext(mention.document) for mention in mentions]
    lists = []
    for mention, answer, meant in zip(mentions, answers, meant_by_others(answers, documents), strict=True):
        first = answer.candidates[:CANDIDATES]
        if not first or first[0].path.matched:
            continue
        values = np.column_stack(
            [logit(np.array([one.score for one in first])), [one.id in meant for one in first]]
        )
        right = np.array([one.id in mention.codes for one in first])
        if right.any() and values[:, 1].any():
            lists.append((values, right))
    return lists
