"""Annotating over GraphQL: what comes back is what the annotator says, and what may be asked has limits."""

from __future__ import annotations

import pytest

from api.annotating import AnnotateOptions, opened_annotator
from graph.release import ReleaseHome
from linker.annotation.model import Assertion, Document

NOTE = "😀 Niega asma.\r\nInsuficiencia renal aguda (IRA). La IRA mejora."
QUERY = """query($text: String!, $top: Int = 3, $first: Int = 100, $after: String) {
  annotate(text: $text, top: $top, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes {
      start end text type source score fragments { start end }
      context { negated uncertain historical family hypothetical section triggers { assertion start end text } }
      candidates { id score path concept { id preferredTerm } }
      decision { id path reason probability concept { id } } } } }"""


def test_annotations_are_those_of_the_annotator(api, home: ReleaseHome) -> None:
    index = home.folder("demo") / "index"
    with opened_annotator(index, AnnotateOptions(top=10)) as annotator:
        expected = annotator.annotate_batch([Document("", NOTE)])[0].annotations
    found = api.ask(QUERY, text=NOTE)["annotate"]
    assert found["totalCount"] == len(expected) > 2
    for node, one in zip(found["nodes"], expected, strict=True):
        assert (node["start"], node["end"]) == (one.span.start, one.span.end)
        assert node["text"] == NOTE[node["start"] : node["end"]] == one.text
        assert (node["type"], node["source"]) == (one.span.type, one.span.source.name)
        assert [c["id"] for c in node["candidates"]] == [c.id for c in one.candidates[:3]]
        assert all(c["concept"]["id"] == c["id"] for c in node["candidates"])
        assert node["decision"]["id"] == one.decision.id
        assert {name for name in Assertion if node["context"][name.value]} == {
            trigger.assertion for trigger in one.context.triggers
        }


def test_the_words_that_decide_are_told(api) -> None:
    asthma = next(one for one in api.ask(QUERY, text=NOTE)["annotate"]["nodes"] if one["text"] == "asma")
    assert asthma["context"]["negated"] is True
    [trigger] = asthma["context"]["triggers"]
    assert trigger == {"assertion": "NEGATED", "start": 2, "end": 7, "text": "Niega"}


def test_pages_join_to_the_whole(api) -> None:
    whole = api.ask(QUERY, text=NOTE)["annotate"]["nodes"]
    nodes, after = [], None
    while True:
        page = api.ask(QUERY, text=NOTE, first=1, after=after)["annotate"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert nodes == whole


def test_a_text_without_mentions_has_none(api) -> None:
    for text in ("", "Hoy es martes."):
        assert api.ask(QUERY, text=text)["annotate"]["nodes"] == []


@pytest.mark.parametrize(
    ("given", "argument"),
    [
        ({"text": "a" * 20_001}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": "a", "top": 11}, "top"),
        ({"text": "a", "top": 0}, "top"),
        ({"text": "a", "first": 0}, "first"),
    ],
)
def test_what_cannot_be_asked_is_told(api, given: dict[str, object], argument: str) -> None:
    _, (error,) = api.execute(QUERY, **given)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": argument}


def test_a_long_text_costs_more(limited_api) -> None:
    api = limited_api(max_cost=2000)
    query = "query($text: String!) { annotate(text: $text, first: 10) { nodes { start } } }"
    assert api.ask(query, text="a " * 500)
    _, (error,) = api.execute(query, text="a " * 3000)
    assert error["extensions"]["code"] == "QUERY_TOO_COSTLY"
