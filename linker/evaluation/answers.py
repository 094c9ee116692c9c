"""What a system answers to mentions, and how its answers turned out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graph.model import CURIE
from linker.model import Decision, Reason

Ranks = npt.NDArray[np.int64]
REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Answers:
    """A system's candidates for each mention, distinct and best first, and the score of the first.

    A mention without candidates has the score -inf. Systems score on scales of their own: only the order within
    one system counts.
    """

    candidates: Sequence[Sequence[CURIE]]
    scores: Sequence[float]
    decisions: Sequence[Decision] | None = None
    """What was decided; None for a system that decides nothing."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions on some mentions, arrays of shape (mentions,): `reason` is a place in REASONS."""

    probability: npt.NDArray[np.float64]
    reason: npt.NDArray[np.int64]

    def of(self, rows: npt.NDArray[np.bool_]) -> Decided:
        """Those of some of the mentions."""
        return Decided(self.probability[rows], self.reason[rows])


def decided_of(probabilities: Sequence[float], reasons: Sequence[Reason]) -> Decided:
    """From the decisions of linkings."""
    places = [REASONS.index(reason) for reason in reasons]
    return Decided(np.array(probabilities, dtype=np.float64), np.array(places, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the answers turned out; every array has shape (mentions,).

    `rank` is the place of the first right candidate, from 1, and 0 where there is none. `step_rank` and `path_rank` are
    that of the first one that is right or within one is-a step, or any path, of right; None without a hierarchy.
    `score` is the first candidate's, -inf where there is none. `decided` is None for a system that decides nothing.
    """

    rank: Ranks
    step_rank: Ranks | None
    path_rank: Ranks | None
    score: npt.NDArray[np.float64]
    decided: Decided | None = None

    def of(self, rows: npt.NDArray[np.bool_]) -> Outcomes:
        """The outcomes of some of the mentions; `rows` has shape (mentions,)."""
        step = None if self.step_rank is None else self.step_rank[rows]
        path = None if self.path_rank is None else self.path_rank[rows]
        decided = None if self.decided is None else self.decided.of(rows)
        return Outcomes(self.rank[rows], step, path, self.score[rows], decided)

    def as_json(self) -> dict[str, list[Any]]:
        """Plain lists by name; a score of -inf is None."""
        columns: dict[str, list[Any]] = {
            "rank": self.rank.tolist(),
            "score": [None if s == -np.inf else s for s in self.score.tolist()],
        }
        if self.step_rank is not None and self.path_rank is not None:
            columns |= {"step_rank": self.step_rank.tolist(), "path_rank": self.path_rank.tolist()}
        if self.decided is not None:
            columns |= {
                "probability": self.decided.probability.tolist(),
                "reason": [REASONS[place].value for place in self.decided.reason.tolist()],
            }
        return columns

    @classmethod
    def of_json(cls, columns: dict[str, list[Any]]) -> Outcomes:
        """What `as_json` gave. Raises KeyError, TypeError, ValueError if it is not that."""

        def ranks(name: str) -> Ranks | None:
            return np.asarray(columns[name], dtype=np.int64) if name in columns else None

        return cls(
            np.asarray(columns["rank"], dtype=np.int64),
            ranks("step_rank"),
            ranks("path_rank"),
            np.array([-np.inf if s is None else s for s in columns["score"]], dtype=np.float64),
            decided_of(columns["probability"], list(map(Reason, columns["reason"])))
            if "probability" in columns
            else None,
        )
