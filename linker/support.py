"""How much of what lies near a mention is a candidate's own: the terms of a concept speak for it together.

A concept of which many terms are close to the mention is likelier than one with a single term that is a little
closer. Each term near the mention weighs by its fused score, a concept's share is what its terms weigh of
all: a kernel estimate over neighbours, as in kNN classification with weighted votes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NEAREST = 64
"""Terms that have a say, the best by their fused score: so many, however many candidates are to be shown."""


def support(
    logits: npt.NDArray[np.float32], places: npt.NDArray[np.int64], concepts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The logarithm of each concept's share, at most 0; the concepts are distinct and sorted, shape (c,) both.

    `logits` has shape (rows,), of the terms; `places` and `concepts` shape (senses,): a term's place and a concept
    that it names. Concepts none of whose terms has a say get the share of one term at the least weight that has.
    """
    floor = np.partition(logits, -NEAREST)[-NEAREST] if len(logits) > NEAREST else -np.inf
    weights = np.exp(logits - logits.max(), dtype=np.float64)
    weights[logits < floor] = 0
    own = weights[places]
    distinct, at = np.unique(concepts, return_inverse=True)
    shares = np.bincount(at, own, len(distinct))
    least = weights[weights > 0].min()
    return distinct, np.log(np.maximum(shares, least) / own.sum()).astype(np.float32)
