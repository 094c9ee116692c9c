"""Fitting decisions: the threshold keeps to its risk, and the weights follow what is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.decisions import DecisionWeights, Standing
from linker.training.decision_fit import MOST, fit_decisions, least_probability

mentions = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.45, 0.6, 0.9]), st.booleans(), st.sampled_from([1.0, 0.25])),
    min_size=1,
    max_size=30,
)


@given(mentions, st.sampled_from([0.05, 0.15, 0.5]))
def test_the_threshold_covers_most_at_its_risk(rows: list[tuple[float, bool, float]], risk: float) -> None:
    probability, right, counts = (np.array(column) for column in zip(*rows, strict=True))
    found = least_probability(probability, right, counts, risk)

    def risk_at(threshold: float) -> float:
        chosen = probability >= threshold
        return float((counts * ~right)[chosen].sum() / counts[chosen].sum())

    within = [threshold for threshold in np.unique(probability) if risk_at(threshold) <= risk]
    best = min(within, default=MOST)
    everything = bool(within) and best == probability.min()
    assert found == (0.0 if everything else min(best, MOST))


def standings(scores: np.ndarray) -> list[Standing]:
    return [
        Standing(
            "dolor de mano",
            np.array([score, score / 4], dtype=np.float32),
            np.zeros(2, dtype=np.int8),
            np.full(2, 3.0, dtype=np.float32),
            ("dolor de mano",) * 2,
            ("dolor", "mano"),
        )
        for score in scores
    ]


@pytest.fixture(scope="module")
def fitted() -> tuple[DecisionWeights, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    scores = random.uniform(0.02, 0.98, 600)
    # Twice as sure as it should be, by logits.
    logits = np.log(scores / (1 - scores)) / 2
    right = random.uniform(size=600) < 1 / (1 + np.exp(-logits))
    return fit_decisions(standings(scores), right, [f"d{i % 40}" for i in range(600)]), scores, right


def test_overconfident_scores_become_probabilities(
    fitted: tuple[DecisionWeights, np.ndarray, np.ndarray],
) -> None:
    weights, scores, right = fitted
    probability = np.array([weights.probability(one) for one in standings(scores)])
    for low, high in ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.0)):
        bin = (probability >= low) & (probability < high)
        assert probability[bin].mean() == pytest.approx(right[bin].mean(), abs=0.08)
    assert 0 < weights.minimum <= MOST


def test_the_same_mentions_give_the_same_weights(
    fitted: tuple[DecisionWeights, np.ndarray, np.ndarray],
) -> None:
    weights, scores, right = fitted
    assert fit_decisions(standings(scores), right, [f"d{i % 40}" for i in range(600)]) == weights


def test_mentions_without_a_concept_make_it_more_careful(
    fitted: tuple[DecisionWeights, np.ndarray, np.ndarray],
) -> None:
    weights, scores, right = fitted
    lower = standings(scores / 2)
    careful = fit_decisions(standings(scores), right, [f"d{i % 40}" for i in range(600)], lower)
    assert all(careful.probability(one) < weights.probability(one) for one in lower[:50])


def test_few_mentions_hardly_move_the_weights() -> None:
    weights = fit_decisions(standings(np.array([0.9, 0.3])), np.array([True, False]), ["a", "b"])
    assert weights.score == pytest.approx(1.0, abs=0.5)
    assert weights.exact == 4.0
