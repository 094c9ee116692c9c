"""Accuracy at k, mean reciprocal rank and lineage accuracy, with bootstrap intervals over documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.model import CURIE
from linker.evaluation.answers import Outcomes

CUTOFFS = (1, 5, 10, 25, 50, 100, 200)
LINEAGE_CUTOFFS = (1, 25)
RESAMPLES = 2000
_BLOCK = 200

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in [0, 1], or a difference of two in [-1, 1], with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Accuracies:
    """What one system scored on one set of mentions: `accuracy` at each cutoff, and `mrr`.

    `lineage_step` and `lineage_path` count as right a parent or child of the gold concept too, or any ancestor or
    descendant of it; they are empty where there was no hierarchy.
    """

    accuracy: dict[int, Estimate]
    mrr: Estimate
    lineage_step: dict[int, Estimate]
    lineage_path: dict[int, Estimate]


class DocumentBootstrap:
    """2,000 resamples of the documents of some mentions, drawn with replacement.

    Mentions of one document are not independent, so documents are drawn, each with all its mentions. The draws
    depend on `seed` and the documents alone: figures on the same mentions are resampled alike.
    """

    def __init__(self, documents: Sequence[Any] | npt.NDArray[Any], seed: int = 0) -> None:
        names, group = np.unique(np.asarray(documents), return_inverse=True)
        self.documents = len(names)
        self._group = group
        self._size = np.bincount(group, minlength=len(names)).astype(np.float64)
        random = np.random.default_rng(seed)
        shares = np.full(len(names), 1 / len(names))
        counts = np.uint16 if len(names) < 2**16 else np.uint32
        # Drawn in blocks and kept small: every mention may be a document of its own.
        self._draws = [
            random.multinomial(len(names), shares, _BLOCK).astype(counts) for _ in range(RESAMPLES // _BLOCK)
        ]

    def estimate(self, values: Values) -> Estimate:
        """The mean of `values`, shape (mentions,), with its percentile interval."""
        sums = np.bincount(self._group, values, minlength=self.documents)
        means = [(draws @ sums) / (draws @ self._size) for draws in self._blocks()]
        return interval(float(values.mean()), np.concatenate(means))

    def weights(self) -> Iterator[Values]:
        """How often each mention is drawn, some resamples at a time: shape (resamples, mentions)."""
        for draws in self._blocks():
            yield draws[:, self._group]

    def _blocks(self) -> Iterator[Values]:
        for draws in self._draws:
            yield draws.astype(np.float64)


def interval(value: float, resampled: Values) -> Estimate:
    """A value with the 2.5th and the 97.5th percentile of its resamples."""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def gold_rank(candidates: Sequence[CURIE], gold: Collection[CURIE]) -> int:
    """The place, from 1, of the first candidate that is gold; 0 where there is none. Candidates are distinct."""
    return next((place for place, id in enumerate(candidates, 1) if id in gold), 0)


def hits(ranks: npt.NDArray[np.int64], k: int) -> Values:
    """1 where the rank is among the first `k`, else 0; a rank of 0 is not found."""
    return ((ranks > 0) & (ranks <= k)).astype(np.float64)


def reciprocal(ranks: npt.NDArray[np.int64]) -> Values:
    """1 / rank, and 0 where the rank is 0."""
    return np.where(ranks > 0, 1.0 / np.maximum(ranks, 1), 0.0)


def accuracies(outcomes: Outcomes, top: int, bootstrap: DocumentBootstrap) -> Accuracies:
    """Score a system's outcomes, up to the cutoff `top`."""

    def at(ranks: npt.NDArray[np.int64] | None, cutoffs: Sequence[int]) -> dict[int, Estimate]:
        if ranks is None:
            return {}
        return {k: bootstrap.estimate(hits(ranks, k)) for k in cutoffs if k <= top}

    return Accuracies(
        accuracy=at(outcomes.rank, CUTOFFS),
        mrr=bootstrap.estimate(reciprocal(outcomes.rank)),
        lineage_step=at(outcomes.step_rank, LINEAGE_CUTOFFS),
        lineage_path=at(outcomes.path_rank, LINEAGE_CUTOFFS),
    )
