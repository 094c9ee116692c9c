"""Weights that put the right candidate of each list first: a conditional logit (McFadden 1974), ridge-penalised.

What decides an order is the difference between the candidates of one mention, and this fit looks at
nothing else; a regression over all candidates of all mentions alike would also have to explain which mentions
are hard.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linker.errors import TrainingError

RIDGE = 1e-3
"""Penalty on squared weights of standardised columns, beside the mean log-likelihood of a list."""

Values = npt.NDArray[np.float64]


def fit_ranking(lists: Sequence[tuple[Values, npt.NDArray[np.bool_]]], ridge: float = RIDGE) -> Values:
    """Weights, shape (columns,), of lists of (values (k, columns), right (k,) bool).

    A list may have several right ones; those without one say nothing. Raises TrainingError where there is none else.
    """
    from scipy.optimize import minimize

    told = [(values, right) for values, right in lists if right.any()]
    if not told:
        raise TrainingError(
            "No held-out mention has its code among the candidates; the mentions' codes must be ids of the releases."
        )
    stacked = np.vstack([values for values, _ in told]).astype(np.float64)
    spread = stacked.std(axis=0)
    spread[spread == 0] = 1.0
    values = (stacked - stacked.mean(axis=0)) / spread
    right = np.concatenate([right for _, right in told])
    starts = np.concatenate([[0], np.cumsum([len(own) for own, _ in told])[:-1]])
    lengths = np.diff([*starts, len(values)])

    def loss(weights: Values) -> tuple[float, Values]:
        every = _shares(values @ weights, starts, lengths)
        among_right = _shares(np.where(right, values @ weights, -np.inf), starts, lengths)
        covered = np.add.reduceat(np.where(right, every, 0.0), starts)
        gradient = values.T @ (every - among_right) / len(told)
        return (
            float(-np.log(np.maximum(covered, 1e-300)).mean() + ridge * weights @ weights),
            gradient + 2 * ridge * weights,
        )

    found = minimize(loss, np.zeros(values.shape[1]), jac=True, method="L-BFGS-B")
    weights: Values = found.x / spread
    return weights


def _shares(scores: Values, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Values:
    """The softmax within each list."""
    highest = np.repeat(np.maximum.reduceat(scores, starts), lengths)
    weights = np.exp(scores - highest)
    shares: Values = weights / np.repeat(np.add.reduceat(weights, starts), lengths)
    return shares
