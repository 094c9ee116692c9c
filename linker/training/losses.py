"""The losses of bi-encoders, on unit vectors of shape (n, dimensions), and of cross-encoders, on logits.

A bi-encoder's batch is n / 2 pairs: rows i and i + n / 2 are partners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

ALPHA, BETA, BASE = 1.0, 60.0, 0.5
"""Of the multi-similarity loss: SapBERT's (Liu et al. 2021)."""
MARGIN = 0.2
"""Euclidean distance by which a negative must be farther than a positive not to be mined: SapBERT's."""


def contrastive(vectors: torch.Tensor, ignored: torch.Tensor, temperature: float) -> torch.Tensor:
    """InfoNCE (van den Oord et al. 2018) in both directions and within each side.

    `ignored` (n / 2, n / 2) bool: pairs that are no negatives of one another; its diagonal has no say.
    """
    import torch
    from torch.nn.functional import cross_entropy

    left, right = vectors.chunk(2)
    own = torch.eye(len(left), dtype=torch.bool, device=vectors.device)
    forbidden = torch.finfo(torch.float32).min

    def logits(a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (a @ b.T / temperature).masked_fill(mask, forbidden)

    across, within = ignored & ~own, ignored | own
    forward = torch.cat([logits(left, right, across), logits(left, left, within)], dim=1)
    backward = torch.cat([logits(right, left, across), logits(right, right, within)], dim=1)
    target = torch.arange(len(left), device=vectors.device)
    return (cross_entropy(forward, target) + cross_entropy(backward, target)) / 2


def multi_similarity(
    vectors: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, margin: float = MARGIN
) -> torch.Tensor:
    """The multi-similarity loss (Wang et al. 2019, equation 7) on what SapBERT's online miner leaves.

    `positive` and `negative` are (n, n) bool; a pair may be neither. A triplet of an anchor, a positive and a
    negative is mined if the negative is not farther from the anchor than the positive by more than `margin`;
    a pair counts once, however many mined triplets it is in. The mean is over all n anchors.
    """
    import torch

    similarity = vectors @ vectors.T
    with torch.no_grad():
        distance = (2 - 2 * similarity).clamp(min=0).sqrt()
        infinity = float("inf")
        farthest = distance.masked_fill(~positive, -infinity).amax(1, keepdim=True)
        nearest = distance.masked_fill(~negative, infinity).amin(1, keepdim=True)
        positive = positive & (nearest - distance <= margin)
        negative = negative & (distance - farthest <= margin)
    pull = _soft_sum(-ALPHA * (similarity - BASE), positive) / ALPHA
    push = _soft_sum(BETA * (similarity - BASE), negative) / BETA
    return (pull + push).mean()


def _soft_sum(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """log(1 + the sum of exp(values) under the mask), by row."""
    import torch

    lowest = torch.finfo(values.dtype).min
    return torch.nn.functional.pad(values.masked_fill(~mask, lowest), (1, 0)).logsumexp(1)


def list_wise(logits: torch.Tensor) -> torch.Tensor:
    """The softmax over each list's candidates, shape (lists, 1 + negatives), the right one first."""
    import torch
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def binary(logits: torch.Tensor) -> torch.Tensor:
    """Each candidate on its own, right or wrong; shape as for `list_wise`.

    The right ones together weigh as much as the wrong ones, however many there are of these.
    """
    from torch.nn.functional import softplus

    return (softplus(-logits[:, 0]).mean() + softplus(logits[:, 1:]).mean()) / 2
