"""`enlace export` over the demonstration release: what it writes is read by what it is written for."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest

from graph.importing import import_release
from graph.model import TermKind
from graph.release import ReleaseHome
from loaders.formats import load

pytestmark = pytest.mark.usefixtures("in_home")


@pytest.fixture
def concepts(home: ReleaseHome) -> set[str]:
    """The concepts of the demonstration release, the retired ones too."""
    with home.open("demo") as opened:
        return {concept.id for concept in opened.store.scan_concepts()}


@pytest.fixture
def known(home: ReleaseHome) -> dict[str, list[str]]:
    """The parents of each active concept of the demonstration release."""
    with home.open("demo") as opened:
        ids = opened.hierarchy.ids_of(range(len(opened.hierarchy)))
        return {id: sorted(opened.hierarchy.parents(id)) for id in ids}


@pytest.mark.parametrize("name", ["demo.ttl", "demo.nt"])
def test_what_is_exported_as_skos_can_be_loaded(
    name: str, enlace, home: ReleaseHome, concepts: set[str], known: dict[str, list[str]], tmp_path: Path
) -> None:
    told = enlace("export", str(tmp_path / name))
    assert (told.code, told.out) == (0, "")
    assert told.err == f"{tmp_path / name} holds {len(concepts):,} concepts.\n"
    again = ReleaseHome(tmp_path / "again")
    source = load(tmp_path / name)
    import_release(again, "again", source.records, sources=source.sources)
    with again.open("again") as made, home.open("demo") as first:
        ids = list(known)
        assert {id: sorted(made.hierarchy.parents(id)) for id in ids} == known
        for mine, theirs in zip(made.store.terms(ids), first.store.terms(ids), strict=True):
            assert {(t.text, t.language, t.kind) for t in mine} == {
                (t.text, t.language, t.kind) for t in theirs if t.kind is not TermKind.FSN
            }


def test_tables_in_a_folder(enlace, concepts: set[str], tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    told = enlace("export", str(folder))
    assert told.code == 0
    assert f"holds {len(concepts):,} concepts, " in told.err
    assert set(pq.read_table(folder / "concepts.parquet")["id"].to_pylist()) == concepts
    again = enlace("export", str(folder))
    assert again.code == 2
    assert "is there already; name another folder" in " ".join(again.err.replace("│", " ").split())
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


def test_a_neighbourhood_as_graphml_and_json(enlace, known: dict[str, list[str]], tmp_path: Path) -> None:
    child, parents = next((id, parents) for id, parents in known.items() if parents)
    for name in ("near.graphml", "near.json"):
        told = enlace("export", str(tmp_path / name), "--around", child, "--up", "1", "--down", "0")
        assert (told.code, told.out) == (0, "")
        made = (
            nx.read_graphml(tmp_path / name)
            if name.endswith("graphml")
            else nx.node_link_graph(json.loads((tmp_path / name).read_text("utf-8")), edges="edges")
        )
        assert set(made) == {child, *parents}
        assert {(child, parent) for parent in parents} <= {tuple(edge[:2]) for edge in made.edges}
        assert made.nodes[child]["label"]


def test_what_an_expression_stands_for(enlace, known: dict[str, list[str]], tmp_path: Path) -> None:
    child, parents = next((id, parents) for id, parents in known.items() if parents)
    output = tmp_path / "few.json"
    output.write_text("former")
    told = enlace("export", str(output), "--ecl", f"{child} OR {parents[0]}")
    assert told.code == 0
    assert {node["id"] for node in json.loads(output.read_text("utf-8"))["nodes"]} == {child, parents[0]}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["out.xyz"], 2, "out.xyz does not tell; give --format or a name in .ttl, .nt, .graphml, .json"),
        (["nowhere/out.ttl"], 2, "there is no folder"),
        (["out.ttl", "--ecl", "*", "--around", "X:1"], 2, "give --ecl or --around, one of the two"),
        (["folder", "--ecl", "*"], 2, "tables are of whole releases"),
        (["out.ttl", "--around", "X:none"], 1, "has no active concept 'X:none'"),
        (["out.ttl", "--ecl", "<< "], 1, "Line 1, column"),
        (["out.ttl", "--release", "none"], 1, "There is no release 'none'"),
        (["../", "--format", "turtle"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    arguments: list[str], code: int, sentence: str, enlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = enlace("export", *arguments)
    assert told.code == code
    assert sentence in " ".join(told.err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []
