"""`enlace harmonize`: one table of several files, whenever the run is killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from graph.ecl.content import Content
from graph.importing import import_release
from graph.model import IS_A, Concept, Mapping, Record, Relation, Succession, SuccessionKind, Term, TermKind
from graph.release import ReleaseHome

RECORDS: list[Record] = [
    *(Concept(f"X:0{n}") for n in range(1, 7)),
    *(
        Term(f"X:0{n}", name, "es", TermKind.PREFERRED)
        for n, name in enumerate(
            ("enfermedad", "diabetes", "diabetes tipo 1", "catarata", "ojo <rojo>", "tos"), 1
        )
    ),
    *(Relation(f"X:0{n}", IS_A, f"X:0{above}") for n, above in ((2, 1), (3, 2), (4, 5), (5, 1), (6, 1))),
    Concept("X:90", active=False),
    Succession("X:90", "X:03", SuccessionKind.SAME_AS),
    Mapping("X:03", "ICD10:E10.9"),
]
VARIABLES = """\
title: Diabetes y ojo
terminology: X
release: one
variables:
  - {id: diabetes, label: Diabetes, concepts: [02]}
  - {id: tipo1, label: Tipo 1, concepts: [03], parent: diabetes}
  - {id: ojo, label: "Ojo <rojo>", concepts: [05]}
"""
NORTH = "patient,system,code\n" + "".join(
    f"{n},{system},{code}\n"
    for n, (system, code) in enumerate(
        [("X", "03"), ("X", "90"), ("ICD10", "E109"), ("X", "06"), ("X", "77"), ("", ""), ("X", "05")] * 2
    )
)
SOUTH = "patient,system,code\n1,X,02\n2,X,04\n3,X,77\n"


@pytest.fixture(scope="module")
def home_of_one(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    import_release(home, "one", RECORDS, sources=())
    with home.open("one") as opened:
        Content.open(opened)
    return home


@pytest.fixture
def folder(home_of_one: ReleaseHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with rows and variables, and small parts, so that few rows are many."""
    monkeypatch.setenv("ENLACE_HOME", str(home_of_one.path))
    monkeypatch.setattr("linker.harmonization.run.ROWS_A_PART", 2)
    write(tmp_path)
    return tmp_path


def write(folder: Path) -> None:
    (folder / "v.yaml").write_text(VARIABLES, "utf-8")
    (folder / "north.csv").write_text(NORTH, "utf-8")
    (folder / "south.csv").write_text(SOUTH, "utf-8")


def arguments(folder: Path, output: str = "out.csv", *more: str) -> list[str]:
    return [
        "harmonize", "--variables", str(folder / "v.yaml"), "--input", str(folder / "north.csv"), "--input",
        str(folder / "south.csv"), "--output", str(folder / output), "--code-column", "code", "--system-column",
        "system", "--keep", "patient", *more,
    ]  # fmt: skip


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name.startswith("out.") and path.is_file()
    }


def test_one_table_of_two_files(enlace, folder: Path) -> None:
    told = enlace(*arguments(folder))
    assert (told.code, told.err) == (0, "")
    rows = table(folder / "out.csv")
    assert [(row["source"], row["row"], row["patient"]) for row in rows] == [
        *(("north.csv", str(n + 1), str(n)) for n in range(14)),
        *(("south.csv", str(n), str(n)) for n in range(1, 4)),
    ]
    assert [(row["status"], row["variables"], row["route"]) for row in rows[:7]] == [
        ("assigned", "tipo1", "active"),
        ("assigned", "tipo1", "replaced"),
        ("assigned", "tipo1", "mapped"),
        ("unmatched", "", "active"),
        ("unmatched", "", ""),
        ("unmatched", "", ""),
        ("assigned", "ojo", "active"),
    ]
    assert rows[-2]["path"] == "X:04 > X:05"
    assert all(row["reason"] and row["detail"] for row in rows if row["status"] != "assigned")
    assert sorted(files(folder)) == ["out.csv", "out.map.csv", "out.summary.html", "out.summary.json"]
    assert not (folder / "out.csv.parts").exists()


def test_parquet_has_the_same_rows(enlace, folder: Path) -> None:
    enlace(*arguments(folder))
    assert enlace(*arguments(folder, "out.parquet", "--overwrite")).code == 0
    found = parquet.read_table(folder / "out.parquet").to_pylist()
    expected = table(folder / "out.csv")
    assert [
        {name: str("" if cell is None else cell) for name, cell in row.items()} for row in found
    ] == expected


def test_the_summary_counts_the_table(enlace, folder: Path) -> None:
    said: dict[str, Any] = json.loads(enlace(*arguments(folder), "--json").out)
    rows = table(folder / "out.csv")
    assert said == json.loads((folder / "out.summary.json").read_text("utf-8"))
    assert said["rows"] == len(rows) == 17
    assert said["by_source"] == [14, 3]
    by_status = Counter((row["status"], row["source"]) for row in rows)
    for status, counts in said["by_status"].items():
        assert counts == [by_status[status, source] for source in said["sources"]]
    by_variable = Counter(variable for row in rows for variable in row["variables"].split())
    assert {one["id"]: one["rows"] for one in said["variables"]} == dict(by_variable)
    diabetes = said["variables"][0]
    assert (diabetes["rows"], diabetes["rows_with_parts"]) == (1, 7)
    assert (said["variables"][1]["codes"], said["variables"][1]["concepts"]) == (3, 1)
    assert {(one["status"], one["reason"]): one["rows"] for one in said["lost"]} == dict(
        Counter((row["status"], row["reason"]) for row in rows if row["status"] != "assigned")
    )
    page = (folder / "out.summary.html").read_text("utf-8")
    assert "Ojo &lt;rojo&gt;" in page
    assert "<rojo>" not in page
    assert "<script" not in page


def test_no_rows_at_all(enlace, folder: Path) -> None:
    for name in ("north.csv", "south.csv"):
        (folder / name).write_text("patient,system,code\n", "utf-8")
    assert enlace(*arguments(folder)).code == 0
    assert table(folder / "out.csv") == []
    assert json.loads((folder / "out.summary.json").read_text("utf-8"))["rows"] == 0


def test_a_reviewed_map_is_applied_again(enlace, folder: Path) -> None:
    enlace(*arguments(folder))
    path = folder / "out.map.csv"
    entries = table(path)
    assert sum(int(entry["rows"]) for entry in entries) == 17
    for entry in entries:
        if entry["value"] == "77":
            entry["concepts"] = "X:02"
        if entry["value"] == "05":
            entry["concepts"] = ""
    reviewed = folder / "reviewed.csv"
    with reviewed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(entries[0]))
        writer.writeheader()
        writer.writerows(entries)
    before = {(row["source"], row["row"]): row for row in table(folder / "out.csv")}
    told = enlace(*arguments(folder, "out.csv", "--map", str(reviewed)))
    assert (told.code, "out.csv is there, and not of this run" in told.err) == (1, True)
    assert enlace(*arguments(folder, "out.csv", "--map", str(reviewed), "--overwrite")).code == 0
    for row in table(folder / "out.csv"):
        if row["code"] == "77":
            assert (row["variables"], row["route"]) == ("diabetes", "reviewed")
        elif row["code"] == "05":
            assert (row["status"], row["reason"]) == ("declined", "reviewed")
        else:
            assert row == before[row["source"], row["row"]]
    reviewed.write_text(reviewed.read_text("utf-8").replace("X:02,,,", "X:55,,,"), "utf-8")
    told = enlace(*arguments(folder, "out.csv", "--map", str(reviewed), "--overwrite"))
    assert told.code == 1
    assert "column 'concepts': the release has no concept 'X:55'" in told.err


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


def test_a_run_killed_at_any_rename_ends_in_the_same_files(
    enlace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two renames nothing that was done can be seen, so a kill counts only by which have happened."""
    enlace(*arguments(folder))
    expected = files(folder)
    rename = Path.replace
    for last in range(1, 200):
        for path in files(folder):
            (folder / path).unlink()
        done = 0

        def counted(self: Path, target: Path, last: int = last) -> Path:
            nonlocal done
            done += 1
            if done > last:
                raise Killed
            return rename(self, target)

        monkeypatch.setattr(Path, "replace", counted)
        try:
            enlace(*arguments(folder))
        except Killed:
            killed = True
        else:
            killed = False
        monkeypatch.setattr(Path, "replace", rename)
        assert "out.csv" not in files(folder) or not killed
        told = enlace(*arguments(folder))
        assert told.code == 0
        assert {name: data for name, data in files(folder).items() if not name.endswith(".tmp")} == expected
        if not killed:
            break
    assert not killed
    assert last > 15
    assert not (folder / "out.csv.parts").exists()


_KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
import linker.harmonization.run as run
run.ROWS_A_PART = 2
rename, left = Path.replace, [int(sys.argv[1])]
def counted(self, target):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.replace = counted
sys.argv = ["enlace", *sys.argv[2:]]
from api.cli import main
main()
"""


def test_a_real_kill(enlace, folder: Path) -> None:
    enlace(*arguments(folder))
    expected = files(folder)
    for path in expected:
        (folder / path).unlink()
    command = [sys.executable, "-c", _KILLS_ITSELF, "9", *arguments(folder)]
    ran = subprocess.run(command, env=dict(os.environ), check=False, capture_output=True)
    assert ran.returncode == -signal.SIGKILL
    assert files(folder) == {}
    told = enlace(*arguments(folder))
    assert "was continued after" in told.err
    assert files(folder) == expected


def test_a_complete_output_is_left_alone(enlace, folder: Path) -> None:
    enlace(*arguments(folder))
    times = {path: (folder / path).stat().st_mtime_ns for path in files(folder)}
    told = enlace(*arguments(folder))
    assert (told.code, told.err) == (0, f"{folder / 'out.csv'} was complete.\n")
    assert {path: (folder / path).stat().st_mtime_ns for path in files(folder)} == times


def test_nothing_is_written_over_or_by_halves(enlace, folder: Path) -> None:
    enlace(*arguments(folder))
    before = files(folder)
    (folder / "south.csv").write_bytes(b"patient,system,code\n1,X,02\n2,X\n")
    told = enlace(*arguments(folder))
    assert (told.code, "give --overwrite" in told.err) == (1, True)
    told = enlace(*arguments(folder), "--overwrite")
    assert told.code == 1
    assert told.err == (
        f"enlace: {folder / 'south.csv'}:3 has 2 fields and the header 3; put quotes around fields with separators.\n"
    )
    assert files(folder) == before
    # The run that failed was begun from the rows as they were.
    (folder / "south.csv").write_text(SOUTH, "utf-8")
    (folder / "out.csv").unlink()
    told = enlace(*arguments(folder))
    assert (told.code, "begun with another inputs" in told.err) == (1, True)
    assert enlace(*arguments(folder), "--overwrite").code == 0
    assert files(folder) == before


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--code-column": "codigo"}, "has no column 'codigo'; its columns are patient, system, code."),
        ({"--output": "out.xlsx"}, "is neither .parquet nor .csv"),
        ({"--output": "no/out.csv"}, "cannot be written: there is no folder"),
        ({"--variables": "no.yaml"}, "no.yaml: it cannot be read"),
        ({"--input": "no.csv"}, "no.csv cannot be read"),
        ({"--release": "two"}, "There is no release 'two'"),
        ({"--keep": "code", "--map": "north.csv"}, "has a column 'code' of its own"),
        ({"--map": "north.csv"}, "north.csv has no column 'kind'"),
    ],
)
def test_what_goes_wrong_is_one_sentence(enlace, folder: Path, changed: dict[str, str], told: str) -> None:
    asked = arguments(folder)
    for option, value in changed.items():
        path = str(folder / value) if option in ("--output", "--variables", "--input", "--map") else value
        if option in asked:
            asked[asked.index(option) + 1] = path
        else:
            asked += [option, path]
    said = enlace(*asked)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert told in said.err
    assert files(folder) == {}


def test_wrong_usage(enlace, folder: Path) -> None:
    few = [one for one in arguments(folder) if one not in ("--system-column", "system")]
    assert enlace(*few).code == 2
    assert enlace(*few[: few.index("--code-column")]).code == 2
    assert enlace(*few, "--system", "no system").code == 2


def test_texts_are_linked_by_the_index(enlace, home: ReleaseHome, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ENLACE_HOME", str(home.path))
    (tmp_path / "v.csv").write_text('id,ecl\ntodo,"*"\n', "utf-8")
    (tmp_path / "rows.csv").write_text("dx\ndiabetes mellitus tipo 2\nDIABETES MELLITUS TIPO 2\n", "utf-8")
    told = enlace(
        "harmonize", "--variables", tmp_path / "v.csv", "--input", tmp_path / "rows.csv", "--text-column", "dx",
        "--output", tmp_path / "out.csv", "--release", "demo",
    )  # fmt: skip
    assert told.code == 0
    rows = table(tmp_path / "out.csv")
    assert [(row["status"], row["variables"], row["route"]) for row in rows] == [
        ("assigned", "todo", "linked")
    ] * 2
    assert rows[0]["concepts"] == rows[1]["concepts"]
    assert float(rows[0]["score"]) == 1.0
    assert float(rows[1]["score"]) == 0.999
