"""The rule for spans of several recognisers: given ones stay, and of the rest each place and type has one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.annotation.model import Source, Span
from linker.annotation.overlaps import resolve

D, R, G = Source.DICTIONARY, Source.RECOGNIZER, Source.GIVEN


@pytest.mark.parametrize(
    ("spans", "stay"),
    [
        pytest.param(
            [Span(0, 30, "disorder", D), Span(0, 20, "disorder", R)],
            [Span(0, 20, "disorder", R)],
            id="the recogniser knows where a mention of its type ends",
        ),
        pytest.param(
            [Span(0, 17, "disorder", R), Span(10, 17, "body", D)],
            [Span(0, 17, "disorder", R), Span(10, 17, "body", D)],
            id="types nest",
        ),
        pytest.param(
            [Span(0, 17, "disorder", R), Span(10, 25, "body", D)],
            [Span(0, 17, "disorder", R)],
            id="what crosses gives way",
        ),
        pytest.param(
            [Span(0, 17, "disorder", R), Span(0, 17, "symptom", D)],
            [Span(0, 17, "disorder", R)],
            id="the dictionary gives way at one place",
        ),
        pytest.param(
            [Span(0, 17, "disorder", R), Span(3, 9, "", D), Span(20, 25, "", D)],
            [Span(0, 17, "disorder", R), Span(20, 25, "", D)],
            id="a span without a type gives way to any",
        ),
        pytest.param(
            [
                Span(0, 17, "disorder", R, 0.5),
                Span(0, 17, "morphology", R, 0.9),
                Span(2, 9, "disorder", R, 1.0),
            ],
            [Span(0, 17, "disorder", R, 0.5), Span(0, 17, "morphology", R, 0.9)],
            id="recognisers of several types, the longest of one type",
        ),
        pytest.param(
            [Span(0, 9, "x", G), Span(0, 9, "x", G, fragments=((0, 2), (5, 9))), Span(4, 12, "x", G)],
            [Span(0, 9, "x", G), Span(0, 9, "x", G, fragments=((0, 2), (5, 9))), Span(4, 12, "x", G)],
            id="what was given stays",
        ),
        pytest.param([Span(4, 4, "x", R)], [], id="an empty span is none"),
    ],
)
def test_what_stays(spans: list[Span], stay: list[Span]) -> None:
    assert sorted(resolve(spans), key=repr) == sorted(stay, key=repr)
    assert sorted(resolve(reversed(spans)), key=repr) == sorted(stay, key=repr)


SPANS = st.builds(
    lambda start, length, type, source, score: Span(start, start + length, type, source, score),
    st.integers(0, 30),
    st.integers(1, 12),
    st.sampled_from(["", "disorder", "symptom"]),
    st.sampled_from([D, R, G]),
    st.sampled_from([0.5, 1.0]),
)


@given(st.lists(SPANS, max_size=25))
def test_the_rule_holds_for_any_spans(spans: list[Span]) -> None:
    kept = resolve(spans)
    assert resolve(kept) == kept
    assert set(kept) <= set(spans)
    assert kept == sorted(kept, key=lambda one: (one.start, -one.end, one.type))
    places = {(one.start, one.end, one.type) for one in kept}
    assert {(one.start, one.end, one.type) for one in spans if one.source is G} <= places
    for place, one in enumerate(kept):
        for other in kept[place + 1 :]:
            if one.start < other.end and other.start < one.end and G not in (one.source, other.source):
                assert one.type != other.type
    # Every span that went overlaps one that stayed.
    for gone in set(spans) - set(kept):
        assert any(gone.start < one.end and one.start < gone.end for one in kept)
