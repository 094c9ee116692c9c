"""Looking ids up one by one, some at once and many at once says the same as a dictionary."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import graph.sorted_ids
from graph.sorted_ids import SortedIds

# NumPy drops the NULs at the end of bytes, so that ids with one are no ids here.
TEXTS = st.text(st.sampled_from("aB:1ñ\0"), max_size=5)
IDS = TEXTS.filter(lambda id: id and not id.endswith("\0"))


@given(st.sets(IDS), st.lists(TEXTS))
@example(set(), ["a"])
@example({"a"}, ["", "a\0", "aaaaaaaa"])
def test_every_way_of_looking_up_says_the_same(ids: set[str], asked: list[str]) -> None:
    sorted_ids = SortedIds.of(ids)
    places = {id: place for place, id in enumerate(sorted(ids))}
    wanted = [places.get(id, -1) for id in asked]
    assert [sorted_ids.find(id) for id in asked] == wanted
    assert sorted_ids.ordinals(asked).tolist() == wanted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph.sorted_ids, "_MANY", 0)
        assert sorted_ids.ordinals(asked).tolist() == wanted
    assert sorted_ids.ids_of(range(len(ids))) == tuple(sorted(ids))
