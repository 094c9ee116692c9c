"""Risk–coverage: how wrong a system is on what it answers, when it declines the mentions it is least sure of.

Mentions are answered where the first candidate's score reaches a threshold. Coverage is the share answered, risk
the share of the answered whose first candidate is not right (El-Yaniv and Wiener 2010). Equal scores are answered
together, since no threshold parts them; a mention without candidates is never answered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linker.evaluation.answers import Outcomes
from linker.evaluation.metrics import DocumentBootstrap, Estimate, Values, interval

STATED_RISKS = (0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """`area` under the curve, the less the better, and the largest `coverage` at each of STATED_RISKS.

    The area is the risk averaged over coverage: of each mention, the risk at the threshold that first answers it;
    one without candidates counts with the risk of answering all.
    """

    area: Estimate
    coverage: dict[float, Estimate]


def curve(outcomes: Outcomes) -> tuple[Values, Values]:
    """Coverage and risk at every threshold, from the highest down; both of shape (thresholds,)."""
    order, starts, answered = _thresholds(outcomes.score)
    covered, risk = _cumulated(np.ones((1, len(order))), _wrong(outcomes)[order], starts)
    return covered[0, :answered], risk[0, :answered]


def risk_coverage(outcomes: Outcomes, bootstrap: DocumentBootstrap) -> RiskCoverage:
    """Area and coverages of a system's outcomes, with intervals."""
    order, starts, answered = _thresholds(outcomes.score)
    wrong = _wrong(outcomes)[order]

    def figures(weights: Values) -> Values:
        """One row a resample: the area, then the coverage at each stated risk."""
        covered, risk = _cumulated(weights[:, order], wrong, starts)
        area = (np.diff(covered, axis=1, prepend=0) * risk).sum(axis=1)
        covered, risk = covered[:, :answered], risk[:, :answered]
        at = [np.where(risk <= stated, covered, 0).max(axis=1, initial=0) for stated in STATED_RISKS]
        return np.stack([area, *at], axis=1)

    value = figures(np.ones((1, len(order))))[0]
    resampled = np.concatenate([figures(weights) for weights in bootstrap.weights()])
    area, *coverages = (interval(float(v), r) for v, r in zip(value, resampled.T, strict=True))
    return RiskCoverage(area, dict(zip(STATED_RISKS, coverages, strict=True)))


def _wrong(outcomes: Outcomes) -> Values:
    wrong: Values = (outcomes.rank != 1).astype(np.float64)
    return wrong


def _thresholds(score: Values) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """The mentions by falling score, where each distinct score starts among them, and how many of these are scores."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return order, starts, int((ordered[starts] > -np.inf).sum())


def _cumulated(weights: Values, wrong: Values, starts: npt.NDArray[np.int64]) -> tuple[Values, Values]:
    """Coverage and risk down to each threshold, shape (resamples, thresholds); a risk over nothing is 0."""
    size = np.add.reduceat(weights, starts, axis=1).cumsum(axis=1)
    errors = np.add.reduceat(weights * wrong, starts, axis=1).cumsum(axis=1)
    return size / size[:, -1:], errors / np.maximum(size, 1)
