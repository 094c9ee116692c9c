"""`enlace harmonize --notes`: what each note says of each variable, with its sentence, through kills."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as parquet
import pytest

from api import harmonizing_notes
from api.annotation_file import part_file
from graph.release import ReleaseHome
from linker.harmonization.notes import NoteVariables

if TYPE_CHECKING:
    from conftest import Enlace

DIABETES, TYPE_2, ASTHMA, FEVER = "32019999999106", "32039999999102", "23099999999106", "40029999999104"
VARIABLES = f"""\
title: De notas
variables:
  - {{id: diabetes, label: Diabetes, concepts: [{DIABETES}]}}
  - {{id: tipo2, label: Tipo 2, concepts: [{TYPE_2}], parent: diabetes}}
  - {{id: asma, label: Asma, concepts: [{ASTHMA}]}}
  - {{id: fiebre, label: Fiebre, concepts: [{FEVER}]}}
"""
NOTES = {
    "ana": "Antecedentes personales: diabetes mellitus tipo 2.\r\n\r\nNiega fiebre.",
    "eva": "😀 Padre con asma. Fiebre de 39 grados.\nCedió la fiebre.",
    "leo": "Nada que decir.",
}


@pytest.fixture
def folder(in_home: ReleaseHome, tmp_path: Path) -> Path:
    """A folder with variables and notes, in the home of the demonstration release."""
    (tmp_path / "v.yaml").write_text(VARIABLES, "utf-8")
    (tmp_path / "notes").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "notes" / f"{name}.txt").write_text(text, "utf-8", newline="")
    return tmp_path


def arguments(folder: Path, output: str = "out.csv", *more: object) -> tuple[object, ...]:
    return (
        "harmonize", "--release", "demo", "--variables", folder / "v.yaml", "--notes", folder / "notes",
        "--output", folder / output, *more,
    )  # fmt: skip


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_note_says_something_of_every_variable(enlace: Enlace, folder: Path) -> None:
    ran = enlace(*arguments(folder))
    assert (ran.code, ran.err) == (0, "")
    rows = table(folder / "out.csv")
    assert {(row["doc"], row["variable"]): (row["status"], row["detail"]) for row in rows} == {
        ("ana", "diabetes"): ("present", "historical"),
        ("ana", "tipo2"): ("present", "historical"),
        ("ana", "asma"): ("not mentioned", ""),
        ("ana", "fiebre"): ("absent", "negated"),
        ("eva", "diabetes"): ("not mentioned", ""),
        ("eva", "tipo2"): ("not mentioned", ""),
        ("eva", "asma"): ("unclear", "family"),
        ("eva", "fiebre"): ("present", ""),
        **{("leo", id): ("not mentioned", "") for id in ("diabetes", "tipo2", "asma", "fiebre")},
    }
    assert len(rows) == 12


def test_the_evidence_is_where_it_says(enlace: Enlace, folder: Path) -> None:
    enlace(*arguments(folder, "out.csv", "--mentioned"))
    rows = table(folder / "out.csv")
    assert len(rows) == 5
    for row in rows:
        text = NOTES[row["doc"]]
        assert text[int(row["start"]) : int(row["end"])] == row["text"]
        assert text[int(row["sentence_start"]) : int(row["sentence_end"])] == row["sentence"]
        assert row["text"] in row["sentence"]
    by_variable = {(row["doc"], row["variable"]): row for row in rows}
    assert by_variable["ana", "fiebre"]["trigger"] == "Niega"
    assert by_variable["ana", "fiebre"]["sentence"] == "Niega fiebre."
    assert by_variable["ana", "diabetes"]["path"] == f"SNOMEDCT:{TYPE_2} > SNOMEDCT:{DIABETES}"
    assert by_variable["eva", "asma"]["trigger"] == "Padre"
    assert by_variable["eva", "fiebre"]["mentions"] == "2"


def test_parquet_and_json_lines_have_the_same_rows(enlace: Enlace, folder: Path) -> None:
    for output in ("out.csv", "out.parquet", "out.jsonl"):
        assert enlace(*arguments(folder, output)).code == 0
    expected = table(folder / "out.csv")
    found = parquet.read_table(folder / "out.parquet").to_pylist()
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]
    for rows in (found, lines):
        assert [
            {name: str("" if row.get(name) is None else row[name]) for name in expected[0]} for row in rows
        ] == expected


def test_the_summary_counts_documents(enlace: Enlace, folder: Path) -> None:
    (folder / "notes" / "zoe.txt").write_bytes(b"\xff")
    (folder / "notes" / "bea.txt").write_text(" ")
    (folder / "notes" / "eli.txt").write_text("Fiebre. " * 650_000)
    ran = enlace(*arguments(folder, "out.csv", "--json"))
    assert ran.err.splitlines() == [
        f"enlace: {folder}/notes/bea.txt is empty.",
        f"enlace: {folder}/notes/eli.txt is longer than 5 MB; divide it.",
        f"enlace: {folder}/notes/zoe.txt is not UTF-8 (byte 0).",
        "3 documents were left out.",
    ]
    said: dict[str, Any] = json.loads(ran.out)
    assert said == json.loads((folder / "out.summary.json").read_text("utf-8"))
    assert (said["documents"], said["left out"]) == (3, 3)
    assert said["variables"]["fiebre"] == {"present": 1, "absent": 1, "unclear": 0, "not mentioned": 1}
    assert all(sum(counts.values()) == 3 for counts in said["variables"].values())


def test_a_killed_run_goes_on(enlace: Enlace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "notes.jsonl").open("w", encoding="utf-8") as file:
        for number in range(40):
            text = list(NOTES.values())[number % 3]
            file.write(json.dumps({"doc": f"n{number}", "text": text}) + "\n")
    command = [one if one != folder / "notes" else folder / "notes.jsonl" for one in arguments(folder)]
    whole = [one if one != folder / "out.csv" else folder / "whole.csv" for one in command]
    assert enlace(*whole).code == 0
    read: list[str] = []

    def killed(self: NoteVariables, one: Any, of: Any = NoteVariables.of) -> Any:
        read.append(one.document.id)
        if len(read) > 20:
            raise KeyboardInterrupt
        return of(self, one)

    with monkeypatch.context() as patched:
        patched.setattr(harmonizing_notes.NoteVariables, "of", killed)
        assert enlace(*command).code == 130
    assert part_file(folder / "out.csv").exists()
    assert not (folder / "out.csv").exists()
    ran = enlace(*command)
    assert "was continued after 16 documents." in ran.err
    assert (folder / "out.csv").read_bytes() == (folder / "whole.csv").read_bytes()
    assert not part_file(folder / "out.csv").exists()


def test_an_output_is_not_replaced_unasked(enlace: Enlace, folder: Path) -> None:
    (folder / "out.csv").write_text("mine")
    assert "is there already" in enlace(*arguments(folder)).err
    assert (folder / "out.csv").read_text() == "mine"
    assert enlace(*arguments(folder, "out.csv", "--overwrite")).code == 0


def test_a_variable_that_the_release_cannot_answer_leaves_nothing(enlace: Enlace, folder: Path) -> None:
    (folder / "v.yaml").write_text("variables:\n  - {id: x, label: X, concepts: [44054006]}\n", "utf-8")
    assert enlace(*arguments(folder)).code == 1
    assert sorted(path.name for path in folder.iterdir()) == ["notes", "v.yaml"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--input", "rows.csv"), "give rows with --input, or notes with --notes"),
        (("--code-column", "code"), "is of rows, and not of notes"),
    ],
)
def test_rows_and_notes_do_not_go_together(
    enlace: Enlace, folder: Path, more: tuple[str, ...], why: str
) -> None:
    ran = enlace(*arguments(folder, "out.csv", *more))
    assert ran.code == 2
    assert why in " ".join(ran.err.replace("│", " ").split())


def test_the_output_is_named_by_what_it_is_to_be(enlace: Enlace, folder: Path) -> None:
    assert "is none of .parquet, .csv, .jsonl" in enlace(*arguments(folder, "out.txt")).err
    assert "there is no folder" in enlace(*arguments(folder, "no/out.csv")).err
