"""`enlace variables` over the demonstration release and a later one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from graph.ecl.content import Content
from graph.importing import import_release
from graph.model import IS_A, Concept, Record, Relation, Succession, SuccessionKind, Term, TermKind
from graph.release import ReleaseHome

pytestmark = pytest.mark.usefixtures("in_home_of_two")


def called(id: str, name: str) -> list[Record]:
    return [Concept(id), Term(id, name, "es", TermKind.PREFERRED)]


BEFORE: list[Record] = [
    *called("X:01", "enfermedad"),
    *called("X:02", "diabetes"),
    *called("X:03", "diabetes tipo 1"),
    *called("X:04", "diabetes tipo 2"),
    Relation("X:02", IS_A, "X:01"),
    Relation("X:03", IS_A, "X:02"),
    Relation("X:04", IS_A, "X:02"),
    Concept("X:90", active=False),
    Succession("X:90", "X:03", SuccessionKind.SAME_AS),
    Concept("X:91", active=False),
]
AFTER: list[Record] = [*BEFORE, *called("X:05", "diabetes gestacional"), Relation("X:05", IS_A, "X:02")]

TEXT = """\
terminology: X
release: one
variables:
  - {id: diabetes, label: Diabetes, concepts: [02]}
  - {id: tipo1, label: Tipo 1, concepts: [03], parent: diabetes}
"""


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    import_release(home, "one", BEFORE, sources=())
    import_release(home, "two", AFTER, sources=())
    for name in ("one", "two"):
        with home.open(name) as opened:
            Content.open(opened)
    return home


@pytest.fixture
def in_home_of_two(two_releases: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENLACE_HOME", str(two_releases.path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "v.yaml"
    path.write_text(TEXT, "utf-8")
    return path


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_check(enlace, file: Path) -> None:
    told = enlace("variables", "check", file)
    assert (told.code, told.err) == (0, "")
    assert told.out == "2 variables held against one: 0 errors, 0 warnings.\n"
    file.write_text(TEXT.replace("concepts: [03]", "concepts: [90, 77]"), "utf-8")
    told = enlace("variables", "check", file)
    assert told.code == 1
    assert told.out.splitlines()[:2] == [
        f"{file}:5: error: tipo1: Release 'one' has no X:77; correct the id.",
        f"{file}:5: error: tipo1: X:90 is retired and stands for itself alone; "
        "replace it by X:03 |diabetes tipo 1| (same-as).",
    ]
    said = json.loads(enlace("variables", "check", file, "--json").out)
    assert (said["errors"], said["warnings"]) == (2, 0)
    assert [one["problem"] for one in said["findings"]] == ["unknown", "retired"]
    assert said["findings"][1]["replacements"] == ["X:03"]
    assert rows(enlace("variables", "check", file, "--csv").out)[2][-1] == "X:03"


def test_warnings_fail_only_if_asked(enlace, file: Path) -> None:
    file.write_text(TEXT.replace(", parent: diabetes", ""), "utf-8")
    told = enlace("variables", "check", file)
    assert told.code == 0
    assert "declare `parent: diabetes`" in told.out
    assert enlace("variables", "check", file, "--strict").code == 1


def test_list_and_expand(enlace, file: Path) -> None:
    said = json.loads(enlace("variables", "list", file, "--json").out)
    assert said["release"] == "one"
    assert [(one["variable"], one["parent"], one["concepts"], one["ecl"]) for one in said["variables"]] == [
        ("diabetes", "", 3, "<< X:02"),
        ("tipo1", "diabetes", 1, "<< X:03"),
    ]
    assert "Diabetes" in enlace("variables", "list", file).out
    found = rows(enlace("variables", "expand", file, "--csv", "--release", "two").out)
    assert found == [
        ["variable", "concept", "preferred_term", "active"],
        ["diabetes", "X:02", "diabetes", "true"],
        ["diabetes", "X:03", "diabetes tipo 1", "true"],
        ["diabetes", "X:04", "diabetes tipo 2", "true"],
        ["diabetes", "X:05", "diabetes gestacional", "true"],
        ["tipo1", "X:03", "diabetes tipo 1", "true"],
    ]
    found = rows(enlace("variables", "expand", file, "--csv", "--assigned", "--variable", "diabetes").out)
    assert [row[1] for row in found[1:]] == ["X:02", "X:04"]
    told = enlace("variables", "expand", file, "--variable", "diabets")
    assert (told.code, told.err) == (
        1,
        f"enlace: {file} has no variable 'diabets'; did you mean 'diabetes'?\n",
    )


def test_diff(enlace, file: Path) -> None:
    said = json.loads(enlace("variables", "diff", file, "--from", "one", "--to", "two", "--json").out)
    assert said["changes"] == [
        {
            "variable": "diabetes",
            "change": "added",
            "concept": "X:05",
            "preferred_term": "diabetes gestacional",
            "reason": "new",
            "successors": [],
            "kept": False,
        }
    ]
    told = enlace("variables", "diff", file, "--from", "one", "--to", "two")
    assert (told.code, told.err) == (0, "")
    assert "From one to two" in told.out
    file.write_text(TEXT.replace("[03]", "[05]"), "utf-8")
    told = enlace("variables", "diff", file, "--from", "one", "--to", "two", "--csv")
    assert told.code == 1
    assert told.err.startswith("tipo1: In one: the release has no concept 'X:05'")


def test_convert(enlace, file: Path, tmp_path: Path) -> None:
    table = tmp_path / "v.csv"
    assert enlace("variables", "convert", file, table).code == 0
    assert rows(table.read_text("utf-8"))[1][:4] == ["diabetes", "Diabetes", "", "X:02"]
    told = enlace("variables", "convert", table, file)
    assert (told.code, "give --overwrite" in told.err) == (1, True)
    assert file.read_text("utf-8") == TEXT
    assert enlace("variables", "convert", table, file, "--overwrite").code == 0
    assert enlace("variables", "check", file).code == 0


def test_propose(enlace) -> None:
    said = json.loads(
        enlace("variables", "propose", "X:90", "X:04", "--not", "X:02", "--release", "one", "--json").out
    )
    assert said["proposals"][0]["ecl"] == "<< X:03 OR << X:04"
    told = enlace("variables", "propose", "X:90", "--release", "one")
    assert (told.code, told.out.splitlines()[0]) == (0, "<< X:03")
    assert told.err == "X:90 is retired; taken for X:03.\n"
    for example, sentence in (("X:91", "nothing stands for it"), ("X:77", "has no concept 'X:77'")):
        told = enlace("variables", "propose", example, "--release", "one")
        assert (told.code, sentence in told.err) == (1, True)


def test_what_is_wrong_is_one_sentence(enlace, file: Path) -> None:
    assert enlace("variables", "check", file, "--json", "--csv").code == 2
    file.write_text("variables:\n  - id: a\n    ecl: << X:02 AND\n    labl: x\n", "utf-8")
    told = enlace("variables", "check", file)
    assert (told.code, told.out) == (1, "")
    assert told.err == f"enlace: {file}:4: there is no field 'labl'; did you mean 'label'?\n"
    file.write_text("release: one\nvariables:\n  - id: a\n    ecl: << X:02 AND\n", "utf-8")
    told = enlace("variables", "list", file)
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert f"{file}:4, variable 'a', field 'ecl'" in told.err


def test_phrases_are_linked(enlace, home: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENLACE_HOME", str(home.path))
    told = enlace("variables", "propose", "diabetes mellitus tipo 2", "--release", "demo")
    assert told.code == 0
    assert told.out.startswith("<< ")
    assert "'diabetes mellitus tipo 2' is taken for SNOMEDCT:" in told.err
    # Models with random weights find anything like anything.
    monkeypatch.setattr("api.example_concepts.LEAST_SCORE", 1.01)
    told = enlace("variables", "propose", "zzqx wkvj", "--release", "demo")
    assert told.code == 1
    assert "give the concept's code" in told.err
