"""How the stages' scores become one: logistic weights, learned on mentions that no model was trained on.

The weights travel with the models they were fitted for, in the `enlace.json` of their folders. A model
without them gets the defaults: the dense score alone for retrieval, the cross-encoder alone after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


def sigmoid(logits: Scores) -> Scores:
    """The logistic function, element by element."""
    return (1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class RetrievalWeights:
    """`score = sigmoid(bias + dense·cosine + lexical·tfidf)`."""

    dense: float = 10.0
    lexical: float = 0.0
    bias: float = -7.0

    def score(self, dense: Scores, lexical: Scores) -> Scores:
        """Scores in [0, 1], of the arrays' shape."""
        return sigmoid(self.bias + self.dense * dense + self.lexical * lexical)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> RetrievalWeights:
        """From a model's settings (`{"retrieval_weights": {...}}`), else the defaults."""
        return cls(**settings.get("retrieval_weights", {}))


@dataclass(frozen=True, slots=True)
class RerankWeights:
    """A logistic sum of the dense and lexical scores, the cross-encoder's logit and the two word overlaps.

    `term_said` weighs the share of the term that the mention says, `mention_said` the share of the mention that
    the term says (see `linker.overlap`); the latter may be negative: a broader concept's term says little of it.
    """

    dense: float = 0.0
    lexical: float = 0.0
    rerank: float = 1.0
    term_said: float = 0.0
    mention_said: float = 0.0
    bias: float = 0.0

    def score(self, dense: Scores, lexical: Scores, logit: Scores, overlaps: Scores) -> Scores:
        """Scores in [0, 1], shape (k,); `overlaps` has shape (k, 2), the others (k,)."""
        return sigmoid(
            self.bias
            + self.dense * dense
            + self.lexical * lexical
            + self.rerank * logit
            + overlaps @ np.array([self.term_said, self.mention_said], dtype=np.float32)
        )

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> RerankWeights:
        """From a model's settings (`{"rerank_weights": {...}}`), else the defaults."""
        return cls(**settings.get("rerank_weights", {}))
