"""Whether the first candidate is chosen: how likely it is to be right, and why none is chosen where none is.

The probability is a logistic sum of a few features of how the candidates stand, fitted with the fusion weights on
mentions of documents that no model was trained on (`linker.training.decision_fit`). The weights travel with
the models, in `enlace.json`, and with them the least probability that a choice is made at. Models
without them go by the first score alone, and always choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from linker.fusion import known_weights, logit
from linker.model import Candidate, Decision, Path, Reason
from linker.normalization import fold_words

DEPTH = 10
"""First candidates that a decision is made from, however many are asked for."""
NEAR = 0.1
"""Scores whose logits differ by less are as good as each other."""
SHORT = 5
"""Letters. A mention of one word that is no longer, or is all capitals, may be an abbreviation."""

_MOST_LOGIT = 6.0

Features = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mention's first candidates stand, in their order; arrays of shape (at most DEPTH,).

    `score` is what they are ordered by; `exact` and `weight` are as in `linker.candidates.Retrieved`. `readings` were
    compared with `terms`, of the first two.
    """

    mention: str
    score: npt.NDArray[np.float32]
    exact: npt.NDArray[np.int8]
    weight: npt.NDArray[np.float32]
    readings: tuple[str, ...]
    terms: tuple[str, ...]

    @property
    def tied(self) -> bool:
        """Whether the first two are as good as each other.

        Either both equal the mention in the same way and their senses weigh the same, or neither does, and both
        equal a reading of what may be an abbreviation, or score nearly the same.
        """
        if len(self.score) < 2 or self.exact[0] != self.exact[1]:
            return False
        first, second = logit(self.score[:2])
        near = bool(first - second < NEAR)
        if self.exact[0]:
            return near and bool(self.weight[0] == self.weight[1])
        return near or (self._equals_reading(0) and self._equals_reading(1))

    def _equals_reading(self, place: int) -> bool:
        return fold_words(self.readings[place]) == fold_words(self.terms[place])

    def features(self) -> Features:
        """What `DecisionWeights` weigh, in their order, shape (7,)."""
        if not len(self.score):
            return np.zeros(len(FEATURES))
        first, *others = np.clip(logit(self.score), -_MOST_LOGIT, _MOST_LOGIT)
        matched = int(self.exact[0])
        # Weights are logarithms of use: of the senses of one string, this is the share of the first.
        senses = np.exp(self.weight[self.exact == matched].astype(np.float64))
        return np.array(
            [
                0.0 if matched else first,
                0.0 if matched else first - (others[0] if others else -_MOST_LOGIT),
                matched == 2,
                matched == 1,
                np.log(senses[0] / senses.sum()) if matched else 0.0,
                self.readings[0] != self.mention,
                may_be_abbreviation(self.mention),
            ],
            dtype=np.float64,
        )


@dataclass(frozen=True, slots=True)
class DecisionWeights:
    """A logistic sum over a `Standing`: how likely its first candidate is to be right.

    `score` weighs the logit of the first score and `lead` how far it is from the second's, both where no match
    decided; `exact` and `folded` stand for such a match, and `share` weighs the logarithm of its first sense's share.
    `written_out` and `abbreviation` are for mentions with an abbreviation written out, and for what looks like one.
    """

    score: float = 1.0
    lead: float = 0.0
    exact: float = 4.0
    folded: float = 4.0
    share: float = 4.0
    written_out: float = 0.0
    abbreviation: float = 0.0
    bias: float = 0.0
    minimum: float = 0.0
    """The least probability that a choice is made at."""
    coherence: float = 0.0
    """What a candidate gains in logits that another mention of the document was linked to (`linker.coherence`)."""

    def probability(self, standing: Standing) -> float:
        """Of the first candidate's being right; 0 where there is none."""
        if not len(standing.score):
            return 0.0
        weights = np.array([getattr(self, name) for name in FEATURES])
        logit = np.clip(self.bias + standing.features() @ weights, -30, 30)
        return round(float(1 / (1 + np.exp(-logit))), 6)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> DecisionWeights:
        """From a model's settings (`{"decision_weights": {...}}`), else the defaults."""
        return cls(**known_weights(cls, settings, "decision_weights"))


@dataclass(frozen=True, slots=True)
class Decisions:
    """The weights for candidates in the order of retrieval, and for re-ranked ones: their scores are not alike."""

    retrieved: DecisionWeights = DecisionWeights()
    reranked: DecisionWeights = DecisionWeights()


FEATURES = tuple(f.name for f in fields(DecisionWeights) if f.name not in ("bias", "minimum", "coherence"))


def reason(standing: Standing, probability: float, minimum: float, *, apart: bool = False) -> Reason:
    """Why none is chosen; Reason.CHOSEN where the first is.

    Between two that tie none is chosen, unless something else sets them `apart`; but where both together are less
    likely than `minimum`, nothing is close.
    """
    if not len(standing.score):
        return Reason.NOTHING_CLOSE
    if standing.tied and not apart and 2 * probability >= minimum:
        return Reason.TIE
    return Reason.CHOSEN if probability >= minimum else Reason.NOTHING_CLOSE


def decided(candidates: Sequence[Candidate], why: Reason, probability: float) -> Decision:
    """The first of `candidates`, or none where there is a reason."""
    if why:
        return Decision(None, Path.NONE, why, probability)
    return Decision(candidates[0].id, candidates[0].path, why, probability)


def may_be_abbreviation(mention: str) -> bool:
    """Whether a mention looks like an abbreviation: one short word, or one of capitals."""
    return " " not in mention and (len(mention) <= SHORT or mention.isupper())
