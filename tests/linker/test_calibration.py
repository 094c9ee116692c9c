"""Calibration: reliability by bins, the error of known cases, and what was decided."""

from __future__ import annotations

import numpy as np
import pytest

from linker.evaluation.answers import Outcomes, decided_of
from linker.evaluation.calibration import calibration
from linker.evaluation.metrics import DocumentBootstrap
from linker.model import Reason

PROBABILITIES = [1.0, 0.95, 0.95, 0.95, 0.25, 0.25, 0.25, 0.25]
REASONS = [Reason.CHOSEN] * 3 + [Reason.TIE] + [Reason.NOTHING_CLOSE] * 4
RIGHT = np.array([1, 1, 1, 0, 1, 0, 0, 0], dtype=float)
DECIDED = decided_of(PROBABILITIES, REASONS)


def test_bins_error_and_reasons() -> None:
    found = calibration(DECIDED, RIGHT, DocumentBootstrap(list("abcdefgh")))
    low, high = found.bins
    assert (low.low, low.high, low.mentions, low.probability, low.right) == (0.2, 0.3, 4, 0.25, 0.25)
    assert (high.mentions, high.right) == (4, 0.75)
    assert high.probability == pytest.approx(0.9625)
    assert found.error.value == pytest.approx((0.9625 - 0.75) / 2)
    assert found.error.low <= found.error.value <= found.error.high
    assert (found.chosen.value, found.right.value) == (3 / 8, 1.0)
    assert [(r.reason, r.mentions, r.right) for r in found.reasons] == [
        ("", 3, 1.0),
        ("nothing close", 4, 0.25),
        ("two concepts tie", 1, 0.0),
    ]


def test_nothing_chosen_is_no_error() -> None:
    none = decided_of([0.1, 0.2], [Reason.NOTHING_CLOSE] * 2)
    found = calibration(none, np.zeros(2), DocumentBootstrap(["a", "b"]))
    assert (found.chosen.value, found.right.value) == (0.0, 0.0)


def test_decisions_go_through_a_file_of_figures() -> None:
    outcomes = Outcomes(np.arange(8), None, None, np.ones(8), DECIDED)
    back = Outcomes.of_json(outcomes.as_json())
    assert back.decided is not None
    assert back.decided.probability.tolist() == PROBABILITIES
    assert back.decided.reason.tolist() == DECIDED.reason.tolist()
    without = Outcomes(np.arange(8), None, None, np.ones(8))
    assert Outcomes.of_json(without.as_json()).decided is None
