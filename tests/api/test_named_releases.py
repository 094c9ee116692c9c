"""Requests that name releases: each field its own, all of one request the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from demo_schema import RELEASE, Api

from graph.importing import import_release
from graph.model import IS_A, Concept, Relation, Term
from graph.release import ReleaseHome

TREE = [Concept("X:0"), Concept("X:1"), Relation("X:1", IS_A, "X:0")]


@pytest.fixture
def two(tmp_path: Path):
    """Two releases, of which the tests' own is current, with the same concepts and other words."""
    home = ReleaseHome(tmp_path)
    for name, word in ((RELEASE, "uno"), ("former", "antes")):
        terms = [Term("X:0", f"{word} raíz", "es"), Term("X:1", word, "es")]
        import_release(home, name, [*TREE, *terms], sources=())
    api = Api(home)
    yield api
    api.close()


def test_each_field_answers_from_the_release_that_it_names(two: Api) -> None:
    query = """query($r: String) {
        concept(id: "X:1", release: $r) { preferredTerm release { name index { terms } }
            parents(first: 5) { nodes { preferredTerm release { name } } } }
        current: concept(id: "X:1") { preferredTerm }
        release(release: $r) { name current }
    }"""
    found = two.ask(query, r="former")
    assert found["concept"]["preferredTerm"] == "antes"
    assert found["concept"]["release"] == {"name": "former", "index": None}
    assert found["concept"]["parents"]["nodes"] == [
        {"preferredTerm": "antes raíz", "release": {"name": "former"}}
    ]
    assert found["current"]["preferredTerm"] == "uno"
    assert found["release"] == {"name": "former", "current": False}
    assert two.ask(query, r=None)["concept"]["preferredTerm"] == "uno"


def test_a_release_has_one_set_of_loaders_however_it_is_named(two: Api) -> None:
    two.ask(
        """{ a: concept(id: "X:1") { preferredTerm } b: concept(id: "X:1", release: "demo") { preferredTerm } }"""
    )
    assert two.store.calls == {"concepts": 1, "terms": 1}
    assert two.store.ids == {"concepts": 1, "terms": 1}


def test_releases_are_listed_by_page(two: Api) -> None:
    query = """query($after: String) { releases(first: 1, after: $after) {
        totalCount nodes { name current counts { kind number } sources(first: 5) { totalCount } }
        pageInfo { hasNextPage endCursor } } }"""
    one = two.ask(query)["releases"]
    assert one["totalCount"] == 2
    assert [(release["name"], release["current"]) for release in one["nodes"]] == [("demo", True)]
    other = two.ask(query, after=one["pageInfo"]["endCursor"])["releases"]
    assert [(release["name"], release["current"]) for release in other["nodes"]] == [("former", False)]
    assert other["pageInfo"]["hasNextPage"] is False


def test_a_cursor_belongs_to_its_release(two: Api) -> None:
    query = """query($r: String, $after: String) { expand(ecl: "*", first: 1, after: $after, release: $r) {
        nodes { id } pageInfo { endCursor } } }"""
    cursor = two.ask(query, r="former")["expand"]["pageInfo"]["endCursor"]
    assert two.ask(query, r="former", after=cursor)["expand"]["nodes"] == [{"id": "X:1"}]
    _, (error,) = two.execute(query, after=cursor)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "after"}
    assert "another release than 'demo'" in error["message"]


@pytest.mark.parametrize(
    ("name", "extensions"),
    [
        ("nowhere", {"code": "RELEASE_NOT_FOUND", "argument": "release"}),
        ("../demo", {"code": "ARGUMENT_REJECTED", "argument": "release"}),
    ],
)
def test_a_release_that_is_not_there_is_told(two: Api, name: str, extensions: dict[str, str]) -> None:
    for query in (
        """query($r: String) { concept(id: "X:1", release: $r) { id } }""",
        """query($r: String) { expand(ecl: "*", first: 1, release: $r) { totalCount } }""",
        """query($r: String) { subsumes(pairs: [], release: $r) }""",
    ):
        _, (error,) = two.execute(query, r=name)
        assert error["extensions"] == extensions
