"""Weights that put right candidates first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import TrainingError
from linker.training.ranking_fit import fit_ranking


def lists_by(weights: np.ndarray, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lists of five whose right one is drawn by the softmax of weighted values."""
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        values = chance.normal(size=(5, len(weights)))
        share = np.exp(values @ weights)
        right = np.zeros(5, dtype=bool)
        right[chance.choice(5, p=share / share.sum())] = True
        made.append((values, right))
    return made


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=3), st.integers(0, 100))
def test_the_weights_that_made_the_lists_are_found(weights: list[float], seed: int) -> None:
    truth = np.array(weights)
    assert fit_ranking(lists_by(truth, 3000, seed), ridge=0) == pytest.approx(truth, abs=0.25)


def test_what_is_alike_within_each_list_has_no_say() -> None:
    lists = [
        (np.column_stack([values, np.full(5, float(place))]), right)
        for place, (values, right) in enumerate(lists_by(np.array([1.0]), 500, 0))
    ]
    assert fit_ranking(lists)[1] == pytest.approx(0, abs=1e-6)


def test_several_may_be_right_and_lists_may_differ_in_length() -> None:
    first = (np.array([[1.0], [0.9], [-1.0]]), np.array([True, True, False]))
    second = (np.array([[0.5], [-0.5]]), np.array([True, False]))
    nothing = (np.array([[9.0]]), np.array([False]))
    assert fit_ranking([first, second, nothing])[0] > 1


def test_nothing_right_anywhere_is_an_error() -> None:
    with pytest.raises(TrainingError, match="No held-out mention has its code"):
        fit_ranking([(np.ones((3, 2)), np.zeros(3, dtype=bool))])
