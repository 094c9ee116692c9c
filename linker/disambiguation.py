"""What decides between the candidates that the cross-encoder has read, and how it is shown.

Besides the two retrieval scores and the cross-encoder's logit: how far mention and term say the same words
(specificity, `linker.overlap`), and what all terms of the concept say together (`linker.support`). The weights are
fitted on held-out documents (`linker.training.fusion_fit`). What the hierarchy says beyond that, by parents,
children, siblings, lineage, depth and the document's other mentions, `benchmarks/evidence.py` measures; it was worth
nothing, and is not here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linker.candidates import Retrieved
from linker.model import Evidence
from linker.overlap import word_overlaps

COLUMNS = ("dense", "lexical", "rerank", "term_said", "mention_said", "support")
"""In the order of the weights' fields (`linker.fusion.RerankWeights`)."""


def columns(
    one: Retrieved, logits: npt.NDArray[np.float32], pairs: Sequence[tuple[str, str]]
) -> npt.NDArray[np.float32]:
    """COLUMNS of the first candidates, as many as there are `logits` and `pairs` (reading, term): shape (k, 6)."""
    k = len(logits)
    return np.column_stack([one.dense[:k], one.lexical[:k], logits, word_overlaps(pairs), one.support[:k]])


def evidence(row: npt.NDArray[np.float32]) -> tuple[Evidence, ...]:
    """What one candidate's columns, shape (6,), say besides the stages' scores, each as a share in [0, 1]."""
    term_said, mention_said, support = row[3:].tolist()
    return (
        Evidence("support of its terms", round(float(np.exp(support)), 6)),
        Evidence("words of the term in the mention", round(term_said, 6)),
        Evidence("words of the mention in the term", round(mention_said, 6)),
    )
