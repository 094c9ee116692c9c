"""Lists by page: whole whatever the size of the page, and no cursor but their own."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from demo_schema import Api
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, build_schema
from hypothesis import given
from hypothesis import strategies as st

from api.errors import ArgumentRejected
from api.schema.build import build_schema as enlace_schema
from api.schema.cursors import ListMark
from api.settings import Settings
from graph.model import Release

BELOW = "SNOMEDCT:29029999999105"
LISTS = {
    "terms": "text",
    "definitions": "text",
    "parents": "id",
    "children": "id",
    "ancestors": "id",
    "descendants": "id",
    "siblings": "id",
    "relations": "typeId targetId group",
    "mappings": "target rule",
    "replacedBy": "conceptId",
    "replaces": "conceptId",
    "refsets": "refsetId",
    "members": "id",
}


def pages(api: Api, query: str, path: tuple[str, ...], first: int, **variables: object) -> list[Any]:
    """The pages of a connection, one after the other."""
    found, after = [], None
    while True:
        page = api.ask(query, first=first, after=after, **variables)
        for name in path:
            page = page[name]
        found.append(page)
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_any_size_make_the_whole_list(api: Api, name: str) -> None:
    query = f"""query($first: Int!, $after: String) {{ concept(id: "{BELOW}") {{
        {name}(first: $first, after: $after) {{
            totalCount nodes {{ {LISTS[name]} }} edges {{ cursor node {{ {LISTS[name]} }} }}
            pageInfo {{ hasNextPage endCursor }}
        }} }} }}"""
    (whole,) = pages(api, query, ("concept", name), 1000)
    assert whole["totalCount"] == len(whole["nodes"])
    assert [edge["node"] for edge in whole["edges"]] == whole["nodes"]
    for first in (1, 2, 7):
        parts = pages(api, query, ("concept", name), first)
        assert [node for part in parts for node in part["nodes"]] == whole["nodes"]
        assert [edge for part in parts for edge in part["edges"]] == whole["edges"]
        assert {part["totalCount"] for part in parts} == {whole["totalCount"]}
        assert all(
            part["pageInfo"]["endCursor"] == (part["edges"][-1]["cursor"] if part["edges"] else None)
            for part in parts
        )
        if whole["nodes"]:
            assert len(parts) == -(-len(whole["nodes"]) // first)


def test_pages_of_root_fields(api: Api) -> None:
    query = """query($first: Int!, $after: String) { search(text: "insuf", first: $first, after: $after) {
        nodes { id } edges { node { id } cursor } pageInfo { hasNextPage endCursor } } }"""
    (whole,) = pages(api, query, ("search",), 500)
    parts = pages(api, query, ("search",), 3)
    assert len(parts) > 3
    assert [edge for part in parts for edge in part["edges"]] == whole["edges"]
    assert len({node["id"] for node in whole["nodes"]}) == len(whole["nodes"])
    query = """query($first: Int!, $after: String) { release { sources(first: $first, after: $after) {
        totalCount nodes { name sha256 } pageInfo { hasNextPage endCursor } } } }"""
    (whole,) = pages(api, query, ("release", "sources"), 100)
    parts = pages(api, query, ("release", "sources"), 1)
    assert len(parts) == whole["totalCount"] > 1
    assert [node for part in parts for node in part["nodes"]] == whole["nodes"]


def test_a_page_that_is_not_looked_at_is_not_looked_up(api: Api) -> None:
    api.ask(
        f'{{ concept(id: "{BELOW}") {{ descendants(first: 900) {{ totalCount pageInfo {{ endCursor }} }} }} }}'
    )
    assert api.store.calls == {"concepts": 1}


@pytest.mark.parametrize("first", [0, -1, 1001])
def test_the_size_of_a_page_is_bounded(api: Api, first: int) -> None:
    query = "query($n: Int!, $id: ID!) { concept(id: $id) { children(first: $n) { totalCount } } }"
    _, (error,) = api.execute(query, id=BELOW, n=first)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "first"}


CHILDREN = """query($id: ID!, $after: String) { concept(id: $id) {
    children(first: 1, after: $after) { pageInfo { endCursor } } } }"""
DESCENDANTS = CHILDREN.replace("children", "descendants")


@pytest.mark.parametrize("broken", ["", "x", "ñ", "A" * 23, "=" * 4, "\ud800", "A" * 100_000, "\x00"])
def test_a_broken_cursor_is_refused(api: Api, broken: str) -> None:
    _, (error,) = api.execute(CHILDREN, id=BELOW, after=broken)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "after"}
    assert "no cursor of this server" in error["message"]


def test_a_foreign_cursor_is_refused(api: Api) -> None:
    cursor = api.ask(CHILDREN, id=BELOW)["concept"]["children"]["pageInfo"]["endCursor"]
    for query, id in ((DESCENDANTS, BELOW), (CHILDREN, "SNOMEDCT:29039999999107")):
        _, (error,) = api.execute(query, id=id, after=cursor)
        assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "after"}
        assert "another list" in error["message"]
    query = """query($ecl: String!, $after: String) {
        expand(ecl: $ecl, first: 1, after: $after) { pageInfo { endCursor } } }"""
    cursor = api.ask(query, ecl="*")["expand"]["pageInfo"]["endCursor"]
    _, (error,) = api.execute(query, ecl="* ", after=cursor)
    assert "other arguments" in error["message"]


def test_a_cursor_of_another_release_is_refused() -> None:
    def mark(name: str, created: str) -> ListMark:
        return ListMark.of(Release(name, created, "enlace"), "children", "X:1")

    cursor = mark("one", "2026-01-01").cursor(4)
    assert mark("one", "2026-01-01").place_after(cursor) == 5
    for other in (mark("other", "2026-01-01"), mark("one", "2026-01-02")):
        with pytest.raises(ArgumentRejected, match="another release"):
            other.place_after(cursor)


@given(place=st.integers(0, 2**32 - 1), at=st.integers(0, 16), bit=st.integers(0, 7))
def test_no_single_change_of_a_cursor_goes_unnoticed(place: int, at: int, bit: int) -> None:
    mark = ListMark(b"abcd", b"efgh", "demo")
    cursor = mark.cursor(place)
    assert mark.place_after(cursor) == place + 1
    said = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    said[at] ^= 1 << bit
    with pytest.raises(ArgumentRejected):
        mark.place_after(base64.urlsafe_b64encode(said).rstrip(b"=").decode())


def test_every_list_of_the_release_is_a_connection() -> None:
    """Lists of objects are plain only where the request decides their length, or the terminology's design."""
    schema = build_schema(enlace_schema(Settings.of("demo", environment={})).as_str())
    plain = set()
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__"):
            continue
        for field, told in kind.fields.items():
            inner = told.type
            listed = False
            while isinstance(inner, (GraphQLNonNull, GraphQLList)):
                listed |= isinstance(inner, GraphQLList)
                inner = inner.of_type
            of_connection = name.endswith(("Connection", "Edge"))
            if listed and isinstance(inner, GraphQLObjectType) and not of_connection:
                plain.add(f"{name}.{field}")
            if str(inner).endswith("Connection"):
                assert str(told.args["first"].type) == "Int!"
                assert told.args["first"].default_value is not None
                assert str(told.args["after"].type) == "String"
    assert plain == {
        "Query.concepts",
        "Query.link",
        "Query.similarity",
        "Query.harmonize",
        "Query.variables",
        "Variable.overlaps",
        "Linking.candidates",
        "Annotation.candidates",
        "Annotation.fragments",
        "MentionContext.triggers",
        "Candidate.evidence",
        "ConceptPath.concepts",
        "Concept.pathsToRoot",
        "Term.acceptability",
        "Release.counts",
        "Index.termsOf",
    }
