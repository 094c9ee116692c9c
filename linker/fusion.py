"""How the stages' scores become one: logistic weights, learned on mentions that no model was trained on.

The weights travel with the models they were fitted for, in the `enlace.json` of their folders. A model
without them gets the defaults: the dense score alone for retrieval, the cross-encoder alone after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from linker.errors import ModelNotFound

Scores = npt.NDArray[np.float32]


def sigmoid(logits: Scores) -> Scores:
    """The logistic function, element by element."""
    return (1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)


def logit(scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """What the logistic function makes the scores of, within ±14, of their shape."""
    safe = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
    logits: npt.NDArray[np.float64] = np.log(safe / (1 - safe))
    return logits


def scores_behind(scores: Scores, least: float) -> Scores:
    """Falling scores, of their shape, moved so that none exceeds `least`: as far apart in logits as they were."""
    if not len(scores):
        return scores
    logits = logit(scores)
    return sigmoid((logits - logits[0] + logit(np.array([least]))).astype(np.float32))


def known_weights(kind: type[Any], settings: Mapping[str, Any], name: str) -> dict[str, float]:
    """The weights of that `name` among a model's settings, none where there are none.

    Raises ModelNotFound where they are no numbers, or one is none that this version knows.
    """
    weights = settings.get(name, {})
    known = [field.name for field in fields(kind)]
    if not isinstance(weights, Mapping) or not all(
        key in known and isinstance(value, int | float) for key, value in weights.items()
    ):
        raise ModelNotFound(
            f"The {name} in a model's enlace.json are not numbers named {', '.join(known)}; fit them again with "
            f"`enlace train {'axes' if name == 'axis_weights' else 'fusion'}`."
        )
    return dict(weights)


@dataclass(frozen=True, slots=True)
class RetrievalWeights:
    """`score = sigmoid(bias + dense·cosine + lexical·tfidf)`."""

    dense: float = 10.0
    lexical: float = 0.0
    bias: float = -7.0

    def score(self, dense: Scores, lexical: Scores) -> Scores:
        """Scores in [0, 1], of the arrays' shape."""
        return sigmoid((self.bias + self.dense * dense + self.lexical * lexical).astype(np.float32))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> RetrievalWeights:
        """From a model's settings (`{"retrieval_weights": {...}}`), else the defaults."""
        return cls(**known_weights(cls, settings, "retrieval_weights"))


def _logistic_sum(weights: OrderWeights | RerankWeights | AxisWeights, columns: Scores) -> Scores:
    """Scores in [0, 1], shape (k,), of columns in the order of the weights' fields, of which the bias is the last."""
    *each, bias = (getattr(weights, field.name) for field in fields(weights))
    return sigmoid(columns @ np.array(each, dtype=np.float32) + np.float32(bias))


@dataclass(frozen=True, slots=True)
class OrderWeights:
    """A logistic sum that orders what was retrieved, where the bi-encoder's folder knows how words translate.

    `mention_translated` and `term_translated` weigh what `linker.translation` says of a candidate.
    """

    dense: float = 10.0
    lexical: float = 0.0
    mention_translated: float = 0.0
    term_translated: float = 0.0
    bias: float = -7.0

    def score(self, columns: Scores) -> Scores:
        """Scores in [0, 1], shape (k,), of columns in the order of the weights, shape (k, 4)."""
        return _logistic_sum(self, columns)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> OrderWeights | None:
        """From a model's settings (`{"order_weights": {...}}`), None where they have none."""
        return cls(**known_weights(cls, settings, "order_weights")) if "order_weights" in settings else None


@dataclass(frozen=True, slots=True)
class RerankWeights:
    """A logistic sum of what is known of a candidate that the cross-encoder has read (see `linker.disambiguation`).

    `rerank` weighs the cross-encoder's logit, `mention_translated` and `term_translated` how likely the words of the
    one are translations of the other's (`linker.translation`).
    """

    dense: float = 0.0
    lexical: float = 0.0
    rerank: float = 1.0
    mention_translated: float = 0.0
    term_translated: float = 0.0
    bias: float = 0.0

    def score(self, columns: Scores) -> Scores:
        """Scores in [0, 1], shape (k,), of `linker.disambiguation.columns`, shape (k, 5)."""
        return _logistic_sum(self, columns)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> RerankWeights:
        """From a model's settings (`{"rerank_weights": {...}}`), else the defaults."""
        return cls(**known_weights(cls, settings, "rerank_weights"))


@dataclass(frozen=True, slots=True)
class AxisWeights:
    """A logistic sum of what is known of a candidate where codes have axes (see `linker.axis_ranking`).

    `own` weighs the logit of the score that it had, or that the best of its stem had; `retrieved` says that it
    was itself a candidate. `qualifiers` weighs the sum of the log-probabilities of what qualifies its stem, and `stem`
    that of the stem.
    """

    own: float = 0.4
    retrieved: float = 1.0
    qualifiers: float = 0.8
    stem: float = 0.5
    bias: float = 0.0

    def score(self, columns: Scores) -> Scores:
        """Scores in [0, 1], shape (k,), of `linker.axis_ranking.axis_columns`, shape (k, 4)."""
        return _logistic_sum(self, columns)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> AxisWeights:
        """From a model's settings (`{"axis_weights": {...}}`), else the defaults."""
        return cls(**known_weights(cls, settings, "axis_weights"))
