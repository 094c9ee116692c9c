"""`enlace evaluate-documents`: figures of a recogniser on documents, as tables and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph.release import ReleaseHome

if TYPE_CHECKING:
    from conftest import Enlace


#: The tests do not change with what ships.
DICTIONARY = ("--recognizer", "dictionary")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "docs.jsonl"
    texts = ["Sin asma.", "Infarto de miocardio y asma.", ""]
    path.write_text(
        "".join(json.dumps({"doc": str(n), "text": text}) + "\n" for n, text in enumerate(texts)), "utf-8"
    )
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.tsv"
    path.write_text(
        "filename\tmark\tlabel\toff0\toff1\tspan\tcode\tsemantic_rel\n"
        "0\tT1\tENFERMEDAD\t4\t8\tasma\t23099999999106\tEXACT\n"
        "1\tT1\tENFERMEDAD\t0\t20\tInfarto de miocardio\t21109999999103\tEXACT\n"
        "9\tT1\tENFERMEDAD\t0\t20\tInfarto de miocardio\t21109999999103\tEXACT\n"
    )
    return path


def test_figures_are_told_and_written(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, gold: Path, tmp_path: Path
) -> None:
    output = tmp_path / "figures.json"
    command = (
        "evaluate-documents",
        *DICTIONARY,
        "--release",
        "demo",
        "--input",
        notes,
        "--gold",
        gold,
        "--json",
    )
    ran = enlace(*command, output)
    assert ran.code == 0, ran.err
    assert "codes of documents" in ran.out
    assert f"enlace: {notes}:3 is empty." in ran.err
    assert f"Documents with gold mentions that {notes} does not have: 1." in ran.err
    told = json.loads(output.read_text())
    assert (told["documents"], told["mentions"], told["documents_without_text"]) == (2, 2, 1)
    measures = told["systems"]["dictionary"]["disorder"]
    strict = measures["spans, strict"]
    assert (strict["found"], strict["found_right"], strict["gold"]) == (3, 2, 2)
    assert strict["recall"]["value"] == 1.0
    assert measures["codes, strict"]["gold_right"] == 2
    assert json.loads(enlace(*command, "-", "--spans-only").out)["systems"]["dictionary"][
        "disorder"
    ].keys() == {
        "spans, strict",
        "spans, overlapping",
    }


def test_what_cannot_be_measured_is_told(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, gold: Path, tmp_path: Path
) -> None:
    command = ("evaluate-documents", *DICTIONARY, "--release", "demo", "--input", notes, "--gold", gold)
    (tmp_path / "list").write_text("9\n")
    assert "has none of the documents" in enlace(*command, "--only", tmp_path / "list").err
    (tmp_path / "list").write_text("8\n")
    assert "has no mention in a document" in enlace(*command, "--only", tmp_path / "list").err
    assert "There is no recogniser 'x'" in enlace(*command, "--recognizer", "dictionary+x").err
    assert "is in no folder" in enlace(*command, "--json", tmp_path / "no" / "f.json").err


def test_systems_that_nobody_named_are_the_dictionary_what_ships_and_both(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, gold: Path
) -> None:
    ran = enlace(
        "evaluate-documents",
        "--release",
        "demo",
        "--input",
        notes,
        "--gold",
        gold,
        "--spans-only",
        "--json",
        "-",
    )
    assert list(json.loads(ran.out)["systems"]) == ["dictionary", "shipped", "both"]


def test_a_run_knows_the_recogniser_that_it_began_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from api import annotating

    monkeypatch.setattr(annotating, "recognizer_source", lambda name: str(tmp_path / name))
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "model").write_text("1")
    before = annotating.told_recognizers(["both"])
    (tmp_path / "shipped" / "model").write_text("2")
    assert annotating.told_recognizers(["both"]) != before
    assert annotating.told_recognizers(["shipped+dictionary"]) == annotating.told_recognizers(["both"])
    assert annotating.told_recognizers(["dictionary"]) == "dictionary"
