"""The terms of a concept speak for it together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.support import NEAREST, support


def shares(logits: list[float], senses: list[tuple[int, int]]) -> dict[int, float]:
    places, concepts = (np.array(side, dtype=np.int64) for side in zip(*senses, strict=True))
    found, logarithms = support(np.array(logits, dtype=np.float32), places, concepts)
    return dict(zip(found.tolist(), np.exp(logarithms).tolist(), strict=True))


def test_many_close_terms_outweigh_one_that_is_a_little_closer() -> None:
    found = shares([2.0, 1.8, 1.8, 1.8], [(0, 7), (1, 8), (2, 8), (3, 8)])
    assert found[8] > found[7]
    assert found[7] + found[8] == pytest.approx(1)


def test_a_term_of_two_concepts_speaks_for_both() -> None:
    found = shares([1.0, 0.0], [(0, 1), (0, 2), (1, 2)])
    assert found[2] > found[1] > 0


def test_terms_beyond_the_nearest_have_no_say() -> None:
    near = [(place, 1) for place in range(NEAREST)]
    alone = shares([1.0] * NEAREST + [0.0], [*near, (NEAREST, 2)])
    many = shares([1.0] * NEAREST + [0.0] * 50, [*near, *((NEAREST + i, 2) for i in range(50))])
    assert alone[2] == many[2] == pytest.approx(1 / NEAREST)


@given(st.lists(st.tuples(st.floats(-20, 20), st.integers(0, 5)), min_size=1, max_size=NEAREST))
def test_shares_are_shares(terms: list[tuple[float, int]]) -> None:
    found = shares([logit for logit, _ in terms], [(i, concept) for i, (_, concept) in enumerate(terms)])
    assert set(found) == {concept for _, concept in terms}
    assert all(0 < share <= 1 + 1e-5 for share in found.values())
