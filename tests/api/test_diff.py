"""`enlace diff` over two real releases."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from graph.importing import import_release
from graph.model import IS_A, Concept, Record, Relation, Term, TermKind
from graph.release import ReleaseHome

BEFORE: list[Record] = [
    Concept("X:1"),
    Concept("X:2"),
    Concept("X:3"),
    Term("X:1", "uno", "es", TermKind.PREFERRED),
    Term("X:2", 'dos, "par"', "es", TermKind.PREFERRED),
    Relation("X:2", IS_A, "X:1"),
    Relation("X:3", IS_A, "X:1"),
]
AFTER: list[Record] = [
    Concept("X:1"),
    Concept("X:2"),
    Concept("X:4"),
    Term("X:1", "un", "es", TermKind.PREFERRED),
    Term("X:2", 'dos, "par"', "es", TermKind.PREFERRED),
    Relation("X:2", IS_A, "X:4"),
]
EXPECTED = [
    ["renamed", "X:1", "un", "es preferred", "uno", "un"],
    ["re-parented", "X:2", 'dos, "par"', "parents", "X:1", "X:4"],
    ["retired", "X:3", "X:3", "absent", "", ""],
    ["added", "X:4", "X:4", "new", "", ""],
]


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    import_release(home, "one", BEFORE, sources=())
    import_release(home, "two", AFTER, sources=())
    return home


@pytest.fixture
def in_home_of_two(two_releases: ReleaseHome, monkeypatch: pytest.MonkeyPatch) -> ReleaseHome:
    monkeypatch.setenv("ENLACE_HOME", str(two_releases.path))
    return two_releases


pytestmark = pytest.mark.usefixtures("in_home_of_two")


def test_a_summary_with_examples(enlace) -> None:
    told = enlace("diff", "one", "two")
    assert (told.code, told.err) == (0, "")
    assert "From one to two" in told.out
    for row in EXPECTED:
        assert f"{row[0]}, {row[3]}" in told.out
    assert "Examples" not in enlace("diff", "one", "two", "--examples", "0").out


def test_a_release_and_itself(enlace) -> None:
    assert enlace("diff", "one", "one").out == "From one to one nothing changed.\n"
    assert json.loads(enlace("diff", "one", "one", "--json").out)["changes"] == []


def test_json(enlace) -> None:
    told = enlace("diff", "one", "two", "--json")
    said = json.loads(told.out)
    assert (said["before"], said["after"]) == ("one", "two")
    assert said["counts"] == {"added": 1, "retired": 1, "renamed": 1, "moved": 0, "re-parented": 1}
    assert [
        [c["change"], c["concept"], c["name"], c["aspect"], *map(" ".join, (c["before"], c["after"]))]
        for c in said["changes"]
    ] == EXPECTED
    assert len(told.out.splitlines()) == len(EXPECTED) + 2


def test_csv(enlace, tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    told = enlace("diff", "one", "two", "--csv", path)
    assert "From one to two" in told.out
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["change", "concept", "name", "aspect", "before", "after"], *EXPECTED]
    assert enlace("diff", "one", "two", "--csv", "-").out == path.read_text("utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["changes.csv"]


def test_what_goes_wrong_is_one_sentence(enlace, tmp_path: Path) -> None:
    told = enlace("diff", "one", "three")
    assert (told.code, told.out, told.err.count("\n")) == (1, "", 1)
    assert "'three'" in told.err
    told = enlace("diff", "one", "two", "--csv", tmp_path / "no" / "changes.csv")
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert "changes.csv cannot be written" in told.err
    assert enlace("diff", "one", "two", "--json", "--csv", "-").code == 2
    assert enlace("diff", "one").code == 2
