"""What decides between the candidates that the cross-encoder has read.

The two retrieval scores, the cross-encoder's logit, and how likely the words of mention and terms translate into one
another (`linker.translation`), which tells a broader and a narrower term from the right one too. The weights are fitted
on held-out documents (`linker.training.fusion_fit`). What else could decide `benchmarks/evidence.py` measures: how far
mention and term say the same words, parents, children and siblings, lineage and depth were worth nothing beyond these,
and are not here. What a document's other mentions say comes after (`linker.coherence`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from linker.retrieved import Retrieved

TRANSLATED = "translation of its words"
"""The evidence of a candidate: how likely its terms' words explain each of the mention's, 1 for the mention itself."""


def columns(one: Retrieved, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What `linker.fusion.RerankWeights` weigh of the first candidates, as many as there are `logits`: shape (k, 5)."""
    k = len(logits)
    return np.column_stack([one.dense[:k], one.lexical[:k], logits, one.translated[:k]])
