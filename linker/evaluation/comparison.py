"""Two systems on the same mentions: their difference, paired by document, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from linker.evaluation.answers import Outcomes
from linker.evaluation.metrics import CUTOFFS, DocumentBootstrap, Estimate, hits, reciprocal


@dataclass(frozen=True, slots=True)
class Difference:
    """The first system's accuracy at each cutoff, and MRR, less the second's."""

    accuracy: dict[int, Estimate]
    mrr: Estimate


def difference(first: Outcomes, second: Outcomes, top: int, bootstrap: DocumentBootstrap) -> Difference:
    """First less second, mention by mention, resampled by document; cutoffs up to `top`."""
    return Difference(
        {k: bootstrap.estimate(hits(first.rank, k) - hits(second.rank, k)) for k in CUTOFFS if k <= top},
        bootstrap.estimate(reciprocal(first.rank) - reciprocal(second.rank)),
    )
