"""Decisions: what is as good as what, how likely the first is, and why none is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.decisions import DecisionWeights, Standing, may_be_abbreviation, reason
from linker.model import Reason


def standing(
    score: list[float],
    exact: list[int] | None = None,
    weight: list[float] | None = None,
    mention: str = "asma grave",
    readings: tuple[str, ...] | None = None,
    terms: tuple[str, ...] = ("uno", "dos"),
) -> Standing:
    return Standing(
        mention,
        np.array(score, dtype=np.float32),
        np.array(exact or [0] * len(score), dtype=np.int8),
        np.array(weight or [3.0] * len(score), dtype=np.float32),
        (readings or (mention, mention))[: len(score)],
        terms[: len(score)],
    )


EQUAL_READINGS = ("diabetes mellitus", "dermatomiositis")


@pytest.mark.parametrize(
    ("one", "tied"),
    [
        (standing([1.0, 1.0], [2, 2]), True),
        (standing([1.0, 1.0], [2, 2], [3.0, 2.0]), False),
        (standing([1.0, 0.999], [2, 1]), False),
        (standing([0.8, 0.799]), True),
        (standing([0.8, 0.7]), False),
        (standing([0.02, 0.005]), False),
        (standing([0.97, 0.9], mention="DM", readings=EQUAL_READINGS, terms=EQUAL_READINGS), True),
        (standing([0.97, 0.9], mention="DM", readings=EQUAL_READINGS, terms=("Diabetes", "mano")), False),
        (standing([0.8]), False),
        (standing([]), False),
    ],
)
def test_ties(one: Standing, tied: bool) -> None:
    assert one.tied is tied


def test_models_without_weights_go_by_the_score_and_choose() -> None:
    weights = DecisionWeights.of({})
    assert weights.probability(standing([0.3, 0.1])) == pytest.approx(0.3, abs=1e-4)
    assert weights.probability(standing([1.0, 0.2], [2, 0])) > 0.95
    assert weights.probability(standing([])) == 0.0
    assert reason(standing([0.01, 0.001]), 0.01, weights.minimum) is Reason.CHOSEN


def test_a_match_shared_by_several_concepts_is_less_likely_the_less_its_sense_weighs() -> None:
    weights = DecisionWeights()
    alone = weights.probability(standing([1.0, 0.4], [2, 0]))
    heavier = weights.probability(standing([1.0, 1.0], [2, 2], [6.0, 3.0]))
    even = weights.probability(standing([1.0, 1.0], [2, 2]))
    of_three = weights.probability(standing([1.0, 1.0, 1.0], [2, 2, 2]))
    assert alone > heavier > even > of_three


@pytest.mark.parametrize(
    ("one", "probability", "minimum", "why"),
    [
        (standing([]), 0.0, 0.0, Reason.NOTHING_CLOSE),
        (standing([0.6, 0.1]), 0.6, 0.5, Reason.CHOSEN),
        (standing([0.4, 0.1]), 0.4, 0.5, Reason.NOTHING_CLOSE),
        (standing([0.4, 0.4]), 0.4, 0.5, Reason.TIE),
        (standing([0.1, 0.1]), 0.1, 0.5, Reason.NOTHING_CLOSE),
        (standing([0.9, 0.9]), 0.9, 0.5, Reason.TIE),
    ],
)
def test_reasons(one: Standing, probability: float, minimum: float, why: Reason) -> None:
    assert reason(one, probability, minimum) is why


@pytest.mark.parametrize(
    ("mention", "short"),
    [
        ("DM", True),
        ("hta", True),
        ("EPOC", True),
        ("HELLP-X", True),
        ("asma grave", False),
        ("fiebre", False),
    ],
)
def test_what_looks_like_an_abbreviation(mention: str, short: bool) -> None:
    assert may_be_abbreviation(mention) is short


scores = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=10).map(lambda s: sorted(s, reverse=True))


@given(scores, st.integers(0, 2), st.floats(-9, 9), st.floats(-9, 9))
def test_probabilities_are_probabilities(score: list[float], exact: int, lead: float, bias: float) -> None:
    one = standing(score, [exact] * len(score))
    assert 0 <= DecisionWeights(lead=lead, bias=bias).probability(one) <= 1
    assert np.isfinite(one.features()).all()
