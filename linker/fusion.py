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
    """`score = sigmoid(bias + dense·cosine + lexical·tfidf + rerank·logit)`; `logit` is the cross-encoder's."""

    dense: float = 0.0
    lexical: float = 0.0
    rerank: float = 1.0
    bias: float = 0.0

    def score(self, dense: Scores, lexical: Scores, logit: Scores) -> Scores:
        """Scores in [0, 1], of the arrays' shape."""
        return sigmoid(self.bias + self.dense * dense + self.lexical * lexical + self.rerank * logit)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> RerankWeights:
        """From a model's settings (`{"rerank_weights": {...}}`), else the defaults."""
        return cls(**settings.get("rerank_weights", {}))
