"""Arrays that grow: what was put into them, in order, and of their own type."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loaders.rf2.growing import GrowingArray


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50)))
def test_it_holds_what_was_put_into_it(parts: list[list[int]]) -> None:
    grown = GrowingArray(np.int32)
    for part in parts:
        grown.extend(np.array(part, np.int32))
    assert grown.array().tolist() == [number for part in parts for number in part]
    assert grown.array().dtype == np.int32
    assert len(grown) == sum(map(len, parts))


def test_it_may_be_looked_at_while_it_grows() -> None:
    grown, sizes = GrowingArray(np.int64), [0]
    for number in range(64):
        grown.extend(np.full(100_000, number))
        sizes.append(len(grown.array()))
    assert sizes == list(range(0, 6_400_001, 100_000))
    assert (grown.array().reshape(64, -1) == np.arange(64)[:, None]).all()


def test_flags_stay_flags() -> None:
    grown = GrowingArray(np.bool_)
    grown.extend(np.array([True, False]))
    grown.extend(np.zeros(0, np.bool_))
    assert (~grown.array()).tolist() == [False, True]
