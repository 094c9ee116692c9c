"""The losses against their definitions, written as loops."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linker.training.losses import ALPHA, BASE, BETA, MARGIN, binary, contrastive, list_wise, multi_similarity

Seeds = st.integers(0, 2**32 - 1)


def unit_vectors(generator: np.random.Generator, count: int) -> torch.Tensor:
    # Few dimensions: near and far neighbours both occur.
    vectors = torch.from_numpy(generator.normal(size=(count, 3)))
    return vectors / vectors.norm(dim=1, keepdim=True)


def multi_similarity_by_hand(vectors: torch.Tensor, positive: np.ndarray, negative: np.ndarray) -> float:
    n = len(vectors)
    v = vectors.tolist()
    similarity = [[sum(x * y for x, y in zip(a, b, strict=True)) for b in v] for a in v]
    distance = [[max(0.0, 2 - 2 * s) ** 0.5 for s in row] for row in similarity]
    pulled, pushed = set(), set()
    for a in range(n):
        for p in range(n):
            for k in range(n):
                if positive[a, p] and negative[a, k] and distance[a][k] - distance[a][p] <= MARGIN:
                    pulled.add((a, p))
                    pushed.add((a, k))
    total = 0.0
    for a in range(n):
        near = sum(exp(-ALPHA * (similarity[a][p] - BASE)) for p in range(n) if (a, p) in pulled)
        far = sum(exp(BETA * (similarity[a][k] - BASE)) for k in range(n) if (a, k) in pushed)
        total += log(1 + near) / ALPHA + log(1 + far) / BETA
    return total / n


@given(Seeds, st.integers(2, 7), st.floats(0.1, 0.9))
def test_multi_similarity_is_what_a_loop_over_all_triplets_gives(seed: int, count: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    vectors = unit_vectors(generator, count)
    drawn = generator.random((count, count))
    drawn = np.minimum(drawn, drawn.T)
    positive = (drawn < share / 2) & ~np.eye(count, dtype=bool)
    # Some pairs are neither: those that share a string and no meaning.
    negative = (drawn > share) & ~np.eye(count, dtype=bool)
    found = multi_similarity(vectors, torch.from_numpy(positive), torch.from_numpy(negative))
    assert found.item() == pytest.approx(multi_similarity_by_hand(vectors, positive, negative), abs=1e-9)


@given(Seeds, st.integers(2, 6))
def test_multi_similarity_does_not_depend_on_the_order_of_a_batch(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    vectors = unit_vectors(generator, count)
    kinds = generator.integers(0, 3, count)
    same = torch.from_numpy(kinds[:, None] == kinds[None]) & ~torch.eye(count, dtype=torch.bool)
    other = torch.from_numpy(kinds[:, None] != kinds[None])
    order = torch.from_numpy(generator.permutation(count))
    assert torch.allclose(
        multi_similarity(vectors, same, other),
        multi_similarity(vectors[order], same[order][:, order], other[order][:, order]),
    )


def test_what_is_apart_already_is_not_mined() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    same = torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=torch.bool)
    other = ~same & ~torch.eye(4, dtype=torch.bool)
    loss = multi_similarity(vectors, same, other)
    assert loss.item() == 0
    loss.backward()
    assert vectors.grad is not None
    assert torch.equal(vectors.grad, torch.zeros_like(vectors))
    # With every triplet mined, the positives are drawn together still.
    assert multi_similarity(vectors, same, other, margin=4.0).item() > 0


@given(Seeds, st.integers(1, 5))
def test_in_batch_contrast_is_what_a_loop_gives(seed: int, pairs: int) -> None:
    generator = np.random.default_rng(seed)
    vectors = unit_vectors(generator, 2 * pairs)
    drawn = generator.random((pairs, pairs))
    ignored = np.minimum(drawn, drawn.T) < 0.3
    similarity = (vectors @ vectors.T / 0.1).tolist()
    total = 0.0
    for anchor in range(2 * pairs):
        partner = (anchor + pairs) % (2 * pairs)
        rivals = [
            other
            for other in range(2 * pairs)
            if other % pairs != anchor % pairs and not ignored[anchor % pairs, other % pairs]
        ]
        weights = [exp(similarity[anchor][other]) for other in [partner, *rivals]]
        total -= log(weights[0] / sum(weights))
    found = contrastive(vectors, torch.from_numpy(ignored), 0.1)
    assert found.item() == pytest.approx(total / (2 * pairs), abs=1e-9)


@given(Seeds, st.integers(1, 4), st.integers(1, 5))
def test_list_losses_are_what_loops_give(seed: int, lists: int, negatives: int) -> None:
    logits = torch.from_numpy(np.random.default_rng(seed).normal(0, 4, (lists, 1 + negatives)))
    rows = logits.tolist()
    softmax = [-log(exp(row[0]) / sum(map(exp, row))) for row in rows]
    assert list_wise(logits).item() == pytest.approx(sum(softmax) / lists)
    right = sum(-log(1 / (1 + exp(-row[0]))) for row in rows) / lists
    wrong = sum(-log(1 / (1 + exp(x))) for row in rows for x in row[1:]) / (lists * negatives)
    assert binary(logits).item() == pytest.approx((right + wrong) / 2)
