"""Fitting when a choice is made: the weights of the probability, and the least probability to choose at.

The weights are the most likely ones on mentions that no model was trained on, held near the defaults by a
normal prior, since such mentions are few. Annotated mentions have a concept, and a text's need not: each
mention counts once more, a little, with its own concept taken away from the candidates. The least
probability is read off risk and coverage of the same mentions, each with the probability that weights
fitted without its document give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from linker.decisions import FEATURES, DecisionWeights, Features, Standing
from linker.pipeline import Linker
from linker.training.fusion_fit import FittingSet

ABSENT = 0.25
"""What a mention whose concept was taken away counts: one in five is taken to have none in the release."""
RISK = 0.15
"""The share of wrong ones among what is chosen that the least probability is to keep to."""
MOST = 0.5
"""A choice that is more likely right than wrong is always made."""
SPREAD = 1.0
"""Standard deviation of the prior around each default weight."""
FOLDS = 5

Right = npt.NDArray[np.bool_]


def fit_decisions_of(asked: Sequence[tuple[Linker, FittingSet]]) -> DecisionWeights:
    """What decides, from how each linker ranks the candidates of annotated mentions that were not learned."""
    right: list[bool] = []
    standings: list[Standing] = []
    absent: list[Standing] = []
    documents: list[str] = []
    for linker, one in asked:
        around = one.contexts or None
        spans = [mention.span for mention in one.mentions]
        right += [
            bool(linking.candidates) and linking.candidates[0].id in mention.codes
            for linking, mention in zip(
                linker.link(spans, top_k=1, contexts=around), one.mentions, strict=True
            )
        ]
        standings += linker.standings(spans, contexts=around)
        absent += linker.standings(
            spans, contexts=around, without=[mention.codes for mention in one.mentions]
        )
        documents += [mention.document for mention in one.mentions]
    return fit_decisions(standings, np.array(right, dtype=bool), documents, absent)


def fit_decisions(
    standings: Sequence[Standing],
    right: Right,
    documents: Sequence[str],
    absent: Sequence[Standing] = (),
    *,
    risk: float = RISK,
) -> DecisionWeights:
    """The weights and the least probability.

    `right` tells whether the first candidate is, of each of `standings`; `absent` are none or as many, of the same
    mentions without their concepts.
    """
    all_of = [*standings, *absent]
    features = np.array([one.features() for one in all_of]).reshape(len(all_of), len(FEATURES))
    correct = np.concatenate([right, np.zeros(len(absent), dtype=bool)])
    counts = np.concatenate([np.ones(len(standings)), np.full(len(absent), ABSENT)])
    own = np.array([_fold(document) for document in documents], dtype=np.int64)
    fold = np.concatenate([own, own[: len(absent)]])
    probability = np.zeros(len(all_of))
    for one in np.unique(fold):
        out = fold == one
        without = _fit(features[~out], correct[~out], counts[~out])
        probability[out] = [without.probability(s) for s, held in zip(all_of, out, strict=True) if held]
    # Between two that tie none is chosen, whatever the probability.
    open_ = np.array([not one.tied for one in all_of], dtype=bool)
    minimum = least_probability(probability[open_], correct[open_], counts[open_], risk)
    return replace(_fit(features, correct, counts), minimum=round(minimum, 4))


def least_probability(probability: Features, right: Right, counts: Features, risk: float) -> float:
    """The threshold of the largest coverage at which at most `risk` of the chosen are wrong, MOST where it is higher.

    0 where all may be chosen. Shapes (mentions,); a mention counts `counts`.
    """
    order = np.argsort(-probability, kind="stable")
    ordered, weights = probability[order], counts[order]
    risks = np.cumsum(weights * ~right[order]) / np.cumsum(weights)
    # Equal probabilities are chosen together.
    last = np.append(ordered[1:] != ordered[:-1], True) if len(order) else np.zeros(0, dtype=bool)
    within = np.flatnonzero(last & (risks <= risk))
    if not len(within):
        return MOST
    if within[-1] == len(order) - 1:
        return 0.0
    return min(float(ordered[within[-1]]), MOST)


def _fit(features: Features, right: Right, counts: Features) -> DecisionWeights:
    """The most likely weights, with the prior."""
    from scipy.optimize import minimize
    from scipy.special import expit

    default = DecisionWeights()
    start = np.array([*(getattr(default, name) for name in FEATURES), default.bias])
    columns = np.column_stack([features, np.ones(len(features))])
    signs = np.where(right, 1.0, -1.0)

    def loss(weights: Features) -> tuple[float, Features]:
        margins = signs * (columns @ weights)
        apart = (weights - start) / SPREAD**2
        value = (counts * np.logaddexp(0.0, -margins)).sum() + 0.5 * apart @ (weights - start)
        return float(value), apart - columns.T @ (counts * signs * expit(-margins))

    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return DecisionWeights(*(round(float(weight), 4) for weight in found))


def _fold(document: str) -> int:
    return sum(document.encode()) % FOLDS
