"""What decides between the candidates that the cross-encoder has read.

Besides the two retrieval scores and the cross-encoder's logit: how far mention and term say the same words
(specificity, `linker.overlap`), and how likely the words of mention and terms translate into one another
(`linker.translation`). The weights are fitted on held-out documents (`linker.training.fusion_fit`). What else the graph
says `benchmarks/evidence.py` measures: parents, children and siblings, lineage and depth were worth nothing beyond
these, and are not here. What a document's other mentions say comes after (`linker.coherence`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linker.candidates import Retrieved
from linker.overlap import word_overlaps

TRANSLATED = "translation of its words"
"""The evidence of a candidate: how likely its terms' words explain each of the mention's, 1 for the mention itself."""
COLUMNS = (
    "dense",
    "lexical",
    "rerank",
    "term_said",
    "mention_said",
    "mention_translated",
    "term_translated",
)
"""In the order of the weights' fields (`linker.fusion.RerankWeights`)."""


def columns(
    one: Retrieved, logits: npt.NDArray[np.float32], pairs: Sequence[tuple[str, str]]
) -> npt.NDArray[np.float32]:
    """COLUMNS of the first candidates, as many as there are `logits` and `pairs` (reading, term): shape (k, 7)."""
    k = len(logits)
    return np.column_stack([one.dense[:k], one.lexical[:k], logits, word_overlaps(pairs), one.translated[:k]])
