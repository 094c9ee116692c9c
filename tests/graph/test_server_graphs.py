"""Releases whose graph is at a Neo4j server: whole or not there, side by side, cleaned up after."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j_graphs import Graphs
from neo4j_server import Server

from graph import neo4j_address
from graph.errors import HierarchyCycle, ReleaseDamaged, StoreUnauthorized, StoreUnavailable
from graph.importing import import_release, rehearse_import
from graph.model import IS_A, Concept, Record, Relation, Term
from graph.release import GRAPHS_FOLDER, ReleaseHome
from graph.server_graphs import clean

#: Not a name that somebody's release has at a server that `NEO4J_URI` names.
RELEASE = "enlace-test"
OLD: list[Record] = [Concept("X:1"), Term("X:1", "antiguo", "es")]
NEW: list[Record] = [
    Concept("X:1"),
    Concept("X:2"),
    Relation("X:2", IS_A, "X:1"),
    Term("X:1", "nuevo", "es"),
    Term("X:1", "new", "en"),
]
ROUND: list[Record] = [*NEW, Relation("X:1", IS_A, "X:2")]


@pytest.fixture
def graphs(neo4j_server: Server, tmp_path: Path) -> Iterator[Graphs]:
    """The server's graphs; those that a test leaves there are removed."""
    with Graphs(neo4j_server, tmp_path / "spools") as graphs:
        before = graphs.all_keys()
        yield graphs
        for key in graphs.all_keys() - before:
            graphs.remove(key)


@pytest.fixture
def url(neo4j_server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's address; who asks is in the environment."""
    monkeypatch.delenv("NEO4J_URI", raising=False)
    for name, value in neo4j_server.environment.items():
        monkeypatch.setenv(name, value)
    return neo4j_server.uri


@pytest.fixture
def home(tmp_path: Path) -> ReleaseHome:
    return ReleaseHome(tmp_path / "home")


def load(home: ReleaseHome, records: list[Record], url: str, name: str = RELEASE) -> str:
    """Import a release and answer the key of its graph."""
    import_release(home, name, records, sources=[], store=url)
    return key_of(home, name)


def key_of(home: ReleaseHome, name: str = RELEASE) -> str:
    address = neo4j_address.read(home.folder(name))
    assert address
    return address.key


def serves(home: ReleaseHome, name: str = RELEASE) -> list[str]:
    with home.open(name) as opened:
        return [term.text for term in opened.store.scan_terms()]


def test_a_release_at_a_server_is_a_folder_without_a_graph(
    home: ReleaseHome, url: str, graphs: Graphs
) -> None:
    release = import_release(home, RELEASE, NEW, sources=[], store=url)
    assert release == home.release(RELEASE)
    folder = home.folder(RELEASE)
    assert sorted(p.name for p in folder.iterdir()) == [
        "hierarchy", "manifest.json", "report.json", "store.json",
    ]  # fmt: skip
    home.verify(RELEASE)
    with home.open(RELEASE) as opened:
        assert opened.store.concepts(["X:1", "X:3"]) == [Concept("X:1"), None]
        assert opened.hierarchy.ancestors("X:2") == ("X:1",)
    assert graphs.states(RELEASE) == {key_of(home): "whole"}


def test_a_release_has_the_counts_that_it_has_in_the_embedded_store(
    home: ReleaseHome, url: str, graphs: Graphs
) -> None:
    served = import_release(home, "served", NEW, sources=[], store=url)
    embedded = import_release(home, "embedded", NEW, sources=[])
    assert (served.counts, served.languages) == (embedded.counts, embedded.languages)
    said = graphs.ask("MATCH (r:Release {key: $key}) RETURN r", key=key_of(home, "served"))[0]["r"]
    assert said["name"] == "served"
    assert said["concepts"] == 2
    assert said["terms"] == 2
    assert said["languages"] == ["en", "es"]
    assert said["started"] <= said["finished"]


def test_no_file_holds_the_password(home: ReleaseHome, neo4j_server: Server, graphs: Graphs) -> None:
    load(home, NEW, neo4j_server.uri_with_credentials)
    for path in home.path.rglob("*"):
        if path.is_file():
            assert neo4j_server.password.encode() not in path.read_bytes(), path


def test_releases_stand_side_by_side(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    old, new = load(home, OLD, url, "old"), load(home, NEW, url, "new")
    assert old != new
    assert (serves(home, "old"), serves(home, "new")) == (["antiguo"], ["new", "nuevo"])
    home.remove("old")
    assert home.names() == ["new"]
    assert old not in graphs.all_keys()
    assert serves(home, "new") == ["new", "nuevo"]


def test_importing_again_replaces_the_release(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    old = load(home, OLD, url)
    with home.open(RELEASE) as opened:
        new = load(home, NEW, url)
        assert graphs.states(RELEASE) == {old: "former", new: "whole"}
        assert serves(home) == ["new", "nuevo"]
        # Who has the former one open reads on, until the next import or cleaning.
        assert [term.text for term in opened.store.scan_terms()] == ["antiguo"]
        assert [(left.release, left.address.key, left.problem) for left in clean(home)] == [
            (RELEASE, old, None)
        ]
        with pytest.raises(ReleaseDamaged, match="was removed"):
            list(opened.store.scan_terms())
    assert graphs.states(RELEASE) == {new: "whole"}
    assert old not in graphs.all_keys()
    assert clean(home) == []


def test_the_next_import_removes_what_was_replaced(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    load(home, OLD, url)
    second = load(home, OLD, url)
    third = load(home, NEW, url)
    assert graphs.states(RELEASE) == {second: "former", third: "whole"}


def test_repeating_an_import_gives_no_duplicates(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    first = load(home, NEW, url)
    said = nodes_and_relationships(graphs, first)
    again = load(home, NEW, url)
    assert nodes_and_relationships(graphs, again) == said == (4, 3)


def nodes_and_relationships(graphs: Graphs, key: str) -> tuple[int, int]:
    found = graphs.ask(
        "MATCH (n) WHERE n.release = $key OPTIONAL MATCH (n)-[r]->() "
        "RETURN count(DISTINCT n) AS nodes, count(r) AS relationships",
        key=key,
    )
    return found[0]["nodes"], found[0]["relationships"]


def test_a_release_goes_from_the_embedded_store_to_a_server_and_back(
    home: ReleaseHome, url: str, graphs: Graphs
) -> None:
    before = graphs.all_keys()
    import_release(home, RELEASE, OLD, sources=[])
    load(home, NEW, url)
    assert serves(home) == ["new", "nuevo"]
    import_release(home, RELEASE, OLD, sources=[])
    assert serves(home) == ["antiguo"]
    assert not (home.folder(RELEASE) / neo4j_address.FILE).exists()
    assert len(clean(home)) == 1
    assert graphs.all_keys() == before


def test_a_rehearsal_sends_nothing(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    before = graphs.all_keys()
    made = rehearse_import(home, RELEASE, NEW, sources=[], store=url)
    assert made.release.counts["concepts"] == 2
    assert (home.names(), graphs.all_keys()) == ([], before)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        rehearse_import(home, RELEASE, NEW, sources=[], store="neo4j://127.0.0.1:1")


@pytest.mark.parametrize("failing", ["_Work._compile", "manifest.write", "ReleaseHome.put_in_place"])
def test_a_failure_at_any_stage_leaves_the_former_release(
    home: ReleaseHome, url: str, graphs: Graphs, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    old = load(home, OLD, url)

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(f"graph.importing.{failing}", fail)
        with pytest.raises(OSError, match="no space left"):
            load(home, NEW, url)
    assert graphs.states(RELEASE) == {old: "whole"}
    assert serves(home) == ["antiguo"]
    assert clean(home) == []


def test_a_cycle_leaves_the_former_release(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    old = load(home, OLD, url)
    with pytest.raises(HierarchyCycle):
        load(home, ROUND, url)
    assert graphs.states(RELEASE) == {old: "whole"}
    assert serves(home) == ["antiguo"]


def test_nothing_is_removed_with_the_wrong_password(
    home: ReleaseHome, url: str, graphs: Graphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = load(home, OLD, url)
    new = load(home, NEW, url)
    with monkeypatch.context() as patch:
        patch.setenv("NEO4J_PASSWORD", "not this one")
        assert {type(left.problem) for left in clean(home)} == {StoreUnauthorized}
        with pytest.raises(StoreUnauthorized):
            home.remove(RELEASE)
        assert home.names() == []
    assert graphs.states(RELEASE) == {old: "former", new: "whole"}
    assert {left.address.key for left in clean(home)} == {old, new}
    assert graphs.states(RELEASE) == {}


def test_a_server_under_another_name_is_named_by_the_environment(
    home: ReleaseHome, url: str, graphs: Graphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = load(home, OLD, url.replace("127.0.0.1", "localhost").replace("neo4j://", "bolt://"))
    monkeypatch.setenv("NEO4J_URI", url)
    path = home.releases_folder / GRAPHS_FOLDER / f"{old}.json"
    path.write_text(json.dumps({"release": RELEASE, "url": f"neo4j://nowhere.invalid#{old}"}))
    assert serves(home) == ["antiguo"]
    new = load(home, NEW, url)
    assert [left.address.key for left in clean(home)] == [old]
    assert graphs.states(RELEASE) == {new: "whole"}


def test_notes_that_are_not_understood_are_left_alone(home: ReleaseHome, url: str, graphs: Graphs) -> None:
    key = load(home, OLD, url)
    for name, text in (("a.json", "{"), ("b.json", "[]"), ("c.json", '{"release": "x", "url": "x"}')):
        (home.releases_folder / GRAPHS_FOLDER / name).write_text(text)
    assert clean(home) == []
    assert graphs.states(RELEASE) == {key: "whole"}


# Killed imports ------------------------------------------------------------------------------------------

IMPORT = """
import os, signal, sys
import graph.neo4j_builder
import graph.importing
from graph.release import ReleaseHome
sys.path.insert(0, sys.argv[3])
from test_server_graphs import NEW, RELEASE

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

graph.neo4j_builder._ROWS_A_BATCH = 1
moment = sys.argv[4]
if moment == "between publishing and renaming":
    graph.importing.ReleaseHome.put_in_place = die
graph.importing.import_release(
    ReleaseHome(sys.argv[1]), RELEASE, NEW, sources=[], store=sys.argv[2],
    progress=lambda stage, done: die() if moment == f"{stage} {done}" else None,
)
"""


@pytest.mark.parametrize(
    ("moment", "state"),
    [("graph 5", "importing"), ("manifest 0", "built"), ("between publishing and renaming", "whole")],
)
def test_a_killed_import_leaves_the_former_release_and_the_next_one_cleans_up(
    home: ReleaseHome, url: str, graphs: Graphs, moment: str, state: str
) -> None:
    old = load(home, OLD, url)
    killed = subprocess.run(
        [sys.executable, "-c", IMPORT, str(home.path), url, str(Path(__file__).parent), moment],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = graphs.states(RELEASE).keys() - {old}
    assert graphs.states(RELEASE)[left] == state
    assert serves(home) == ["antiguo"]

    another = shutil.copytree(home.path, home.path.with_name("another"))
    assert home.clean() == [RELEASE]
    assert [leftover.address.key for leftover in clean(home)] == [left]
    assert graphs.states(RELEASE) == {old: "whole"}
    assert left not in graphs.all_keys()

    # An import does the same by itself.
    new = load(ReleaseHome(another), NEW, url)
    assert graphs.states(RELEASE) == {old: "former", new: "whole"}
    assert serves(ReleaseHome(another)) == ["new", "nuevo"]
