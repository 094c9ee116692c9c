"""Whether probabilities are to be believed, and what was decided.

Reliability: decisions in ten bins of equal width by their probability, each with the mean probability and the share
that was right. The expected calibration error is the mean distance of the two over mentions (Naeini et al. 2015); on
few mentions it is above 0 even for true probabilities, so it comes with its interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linker.evaluation.answers import REASONS, Decided
from linker.evaluation.metrics import DocumentBootstrap, Estimate, Values, interval
from linker.model import Reason

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The mentions whose probability is from `low` to below `high`: the mean of it, and the share that was right."""

    low: float
    high: float
    mentions: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """Mentions with a reason, the empty one where a concept was chosen; `right` is the share whose first is right."""

    reason: str
    mentions: int
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """`error` is the expected calibration error, `chosen` the share with a choice, `right` that of these right."""

    error: Estimate
    chosen: Estimate
    right: Estimate
    bins: tuple[Bin, ...]
    reasons: tuple[ReasonFigures, ...]


def calibration(decided: Decided, right: Values, bootstrap: DocumentBootstrap) -> Calibration:
    """How decisions turned out; `right` is 1 where the first candidate is right, shape (mentions,)."""
    probability, place = decided.probability, np.minimum((decided.probability * BINS).astype(int), BINS - 1)
    member = (place[:, None] == np.arange(BINS)).astype(np.float64)
    chosen = (decided.reason == REASONS.index(Reason.CHOSEN)).astype(np.float64)

    def figures(weights: Values) -> Values:
        """One row a resample: the calibration error, the share chosen, and the share of these that is right."""
        apart = np.abs(weights * (probability - right) @ member).sum(axis=1)
        size, picked = weights.sum(axis=1), weights @ chosen
        return np.stack(
            [apart / size, picked / size, weights @ (chosen * right) / np.maximum(picked, 1)], axis=1
        )

    value = figures(np.ones((1, len(right))))[0]
    resampled = np.concatenate([figures(weights) for weights in bootstrap.weights()])
    error, share, correct = (interval(float(v), r) for v, r in zip(value, resampled.T, strict=True))
    return Calibration(error, share, correct, _bins(probability, right, place), _reasons(decided, right))


def _bins(probability: Values, right: Values, place: npt.NDArray[np.int64]) -> tuple[Bin, ...]:
    found = []
    for bin in range(BINS):
        own = place == bin
        if own.any():
            mean, share = float(probability[own].mean()), float(right[own].mean())
            found.append(Bin(bin / BINS, (bin + 1) / BINS, int(own.sum()), mean, share))
    return tuple(found)


def _reasons(decided: Decided, right: Values) -> tuple[ReasonFigures, ...]:
    found = []
    for place, reason in enumerate(REASONS):
        own = decided.reason == place
        if own.any():
            found.append(ReasonFigures(reason.value, int(own.sum()), float(right[own].mean())))
    return tuple(found)
