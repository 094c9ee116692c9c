"""Commands and GraphQL over a release whose graph is in Neo4j: the same as over the embedded store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_schema import RELEASE, Api
from neo4j_server import Server

from graph.release import ReleaseHome
from graph.server_graphs import clean
from loaders import demo

QUERY = """query($ids: [ID!]!) { concepts(ids: $ids) {
    id active semanticTag preferredTerm fsn
    terms(first: 25) { nodes { text language kind scope id acceptability { refsetId preferred } } }
    parents(first: 25) { nodes { id preferredTerm } } ancestors(first: 25) { nodes { id } }
    children(first: 25) { nodes { id preferredTerm } }
    mappings(first: 25) { nodes { target kind group priority rule advice } }
    relations(first: 25) { nodes { typeId type { preferredTerm } target { id preferredTerm } group } }
    replacedBy(first: 25) { nodes { kind concept { id preferredTerm } } }
    replaces(first: 25) { nodes { kind concept { id } } }
} }"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo.render(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def server(neo4j_server: Server) -> Iterator[Server]:
    """The server, with what the commands read of it in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEO4J_URI", raising=False)
        for name, value in neo4j_server.environment.items():
            patch.setenv(name, value)
        yield neo4j_server


@pytest.fixture
def served_home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseHome]:
    """A home, named by ENLACE_HOME, whose graphs are removed from the server at the end."""
    monkeypatch.setenv("ENLACE_HOME", str(tmp_path / "home"))
    home = ReleaseHome(tmp_path / "home")
    yield home
    for name in home.names():
        home.remove(name)
    assert [leftover for leftover in clean(home) if leftover.problem] == []


def test_load_list_ask_and_clean(
    enlace, home: ReleaseHome, served_home: ReleaseHome, server: Server, package: Path
) -> None:
    loaded = enlace("load", package, "--release", RELEASE, "--store", server.uri)
    assert loaded.code == 0, loaded.err
    assert served_home.release(RELEASE).counts == home.release(RELEASE).counts
    (row,) = json.loads(enlace("releases", "--json").out)
    assert row["store"].startswith(f"{server.uri}#{RELEASE}@")
    assert server.uri in enlace("releases").out

    with home.open(RELEASE) as opened:
        ids = [concept.id for concept in opened.store.scan_concepts()][::3]
    embedded, served = Api(home), Api(served_home)
    try:
        for page in (ids[at : at + 250] for at in range(0, len(ids), 250)):
            assert served.ask(QUERY, ids=page) == embedded.ask(QUERY, ids=page)

        again = enlace("load", package, "--release", RELEASE, "--store", server.uri)
        assert again.code == 0, again.err
        # Who has the former graph open reads on until it is cleaned away, and is told then.
        assert served.ask(QUERY, ids=ids[:1]) == embedded.ask(QUERY, ids=ids[:1])
        cleaned = enlace("releases", "--clean")
        assert (
            cleaned.err == f"Removed the graph {row['store'].partition('#')[2]} from Neo4j at {server.uri}.\n"
        )
        assert enlace("releases", "--clean").err == ""
        _, errors = served.execute(QUERY, ids=ids[:1])
        assert {error["extensions"]["code"] for error in errors} == {"RELEASE_DAMAGED"}
    finally:
        embedded.close()
        served.close()


def test_a_server_that_is_away_is_one_sentence(enlace, served_home: ReleaseHome, package: Path) -> None:
    told = enlace("load", package, "--release", RELEASE, "--store", "neo4j://ana:s3cret@127.0.0.1:1")
    assert told.code == 1
    assert told.err == (
        "enlace: Neo4j at neo4j://127.0.0.1:1 does not answer; start it, or correct its host and port, and try "
        "again.\n"
    )
    assert served_home.names() == []


def test_a_dry_run_sends_nothing(enlace, served_home: ReleaseHome, server: Server, package: Path) -> None:
    told = enlace("load", package, "--release", RELEASE, "--store", server.uri, "--dry-run")
    assert told.code == 0
    assert "nothing was left" in told.out
    assert served_home.names() == []
    assert clean(served_home) == []


def test_what_a_killed_import_left_is_told_when_it_cannot_be_removed(
    enlace, served_home: ReleaseHome, server: Server, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert enlace("load", package, "--release", RELEASE, "--store", server.uri).code == 0
    with monkeypatch.context() as patch:
        patch.setenv("NEO4J_URI", "neo4j://127.0.0.1:1")
        told = enlace("releases", "--clean")
    assert told.code == 1
    assert "does not answer" in told.err
    assert enlace("releases", "--clean").code == 0
