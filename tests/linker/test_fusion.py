"""How scores become one: weights are read or refused, and what was not read stays behind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.decisions import DecisionWeights
from linker.errors import ModelNotFound
from linker.fusion import AxisWeights, OrderWeights, RerankWeights, RetrievalWeights, logit, scores_behind


def test_weights_are_read_and_missing_ones_have_defaults() -> None:
    assert RetrievalWeights.of({}) == RetrievalWeights()
    assert RerankWeights.of({"rerank_weights": {"dense": 2, "bias": -1.5}}) == RerankWeights(
        dense=2, rerank=1, bias=-1.5
    )
    assert OrderWeights.of({}) is None
    assert OrderWeights.of({"order_weights": {"term_translated": 0.5}}) == OrderWeights(term_translated=0.5)


@pytest.mark.parametrize(
    ("kind", "name", "weights", "command"),
    [
        (RerankWeights, "rerank_weights", {"support": 1.0}, "fusion"),
        (RetrievalWeights, "retrieval_weights", {"dense": "much"}, "fusion"),
        (OrderWeights, "order_weights", [1, 2], "fusion"),
        (AxisWeights, "axis_weights", {"stems": 1}, "axes"),
        (DecisionWeights, "decision_weights", {"scores": 0.5}, "fusion"),
    ],
)
def test_weights_that_this_version_does_not_know_are_refused(
    kind: type[RerankWeights], name: str, weights: object, command: str
) -> None:
    with pytest.raises(ModelNotFound) as caught:
        kind.of({name: weights})
    told = str(caught.value)
    assert told.startswith(f"The {name} in a model's enlace.json are not numbers named ")
    assert told.endswith(f"fit them again with `enlace train {command}`.")


@given(
    scores=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=20).map(
        lambda own: sorted(own, reverse=True)
    ),
    least=st.floats(0.001, 0.999),
)
def test_what_was_not_read_stays_behind_and_as_far_apart(scores: list[float], least: float) -> None:
    before = np.array(scores, dtype=np.float32)
    after = scores_behind(before, least)
    assert after[0] == pytest.approx(least, rel=1e-3)
    assert np.all(np.diff(after) <= 0)
    inner = (after > 1e-5) & (after < 1 - 1e-5)
    apart = logit(before) - logit(before)[0]
    assert np.allclose((logit(after) - logit(after)[0])[inner], apart[inner], atol=0.02)


def test_behind_nothing_there_is_nothing() -> None:
    assert scores_behind(np.empty(0, dtype=np.float32), 0.5).shape == (0,)
