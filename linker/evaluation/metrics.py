"""Accuracy at k and mean reciprocal rank, with bootstrap intervals over documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graph.model import CURIE

CUTOFFS = (1, 5, 10, 25, 50, 100, 200)
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in [0, 1] with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """What one system scored: `accuracy` at each cutoff and `mrr`, over `mentions` of `documents`."""

    system: str
    mentions: int
    documents: int
    accuracy: dict[int, Estimate]
    mrr: Estimate


def gold_rank(candidates: Sequence[CURIE], gold: Collection[CURIE]) -> int:
    """The place, from 1, of the first candidate that is gold; 0 where there is none. Candidates are distinct."""
    return next((place for place, id in enumerate(candidates, 1) if id in gold), 0)


def scoreboard(
    system: str, ranks: Sequence[int], documents: Sequence[str], top: int, seed: int = 0
) -> Scoreboard:
    """Score gold ranks (0 = not found), one a mention, with percentile bootstrap intervals over documents.

    Documents are drawn with replacement (2,000 resamples), since mentions of one document are not independent.
    """
    rank = np.asarray(ranks, dtype=np.int64)
    names, group = np.unique(np.asarray(documents, dtype=object), return_inverse=True)
    found = rank > 0
    columns = {k: (found & (rank <= k)).astype(np.float64) for k in CUTOFFS if k <= top}
    reciprocal = np.where(found, 1.0 / np.maximum(rank, 1), 0.0)
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), RESAMPLES
    )
    size = np.bincount(group, minlength=len(names)).astype(np.float64)

    def estimate(values: npt.NDArray[np.float64]) -> Estimate:
        sums = np.bincount(group, values, minlength=len(names))
        resampled = (draws @ sums) / (draws @ size)
        low, high = np.percentile(resampled, [2.5, 97.5])
        return Estimate(float(values.mean()), float(low), float(high))

    return Scoreboard(
        system, len(rank), len(names), {k: estimate(v) for k, v in columns.items()}, estimate(reciprocal)
    )
