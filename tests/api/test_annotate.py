"""`enlace annotate`: a folder or a file of notes becomes annotations, through kills and broken documents."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from recognizer_folders import make_recognizer

from api import annotation_file
from graph.release import ReleaseHome

if TYPE_CHECKING:
    from conftest import Enlace

#: The tests do not change with what ships.
DICTIONARY = ("--recognizer", "dictionary")
NOTES = ["Infarto de miocardio.", "Sin asma.", "Diabetes mellitus y asma.\r\n", "Nada que decir."]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.jsonl"
    lines = [{"doc": f"n{place}", "text": NOTES[place % len(NOTES)]} for place in range(40)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_notes_become_annotations(in_home: ReleaseHome, enlace: Enlace, notes: Path, tmp_path: Path) -> None:
    output = tmp_path / "annotations.jsonl"
    ran = enlace("annotate", *DICTIONARY, "--release", "demo", "--input", notes, "--output", output)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"{output} holds the annotations of 40 documents.\n"
    told = objects(output)
    assert [one["doc"] for one in told] == [f"n{place}" for place in range(40)]
    for place, one in enumerate(told):
        text = NOTES[place % len(NOTES)]
        for annotation in one["annotations"]:
            assert text[annotation["start"] : annotation["end"]] == annotation["text"]
            assert len(annotation["candidates"]) == 5
    assert [one["text"] for one in told[2]["annotations"]] == ["Diabetes mellitus", "asma"]
    assert told[2]["annotations"][0]["type"] == "disorder"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annotations.jsonl", "notes.jsonl"]


def test_an_output_is_not_replaced_unasked(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, tmp_path: Path
) -> None:
    output = tmp_path / "annotations.jsonl"
    output.write_text("mine")
    again = ("annotate", *DICTIONARY, "--release", "demo", "--input", notes, "--output", output)
    assert enlace(*again).err == f"enlace: {output} is there already; name another, or give --overwrite.\n"
    assert output.read_text() == "mine"
    assert enlace(*again, "--overwrite").code == 0
    assert len(objects(output)) == 40


@pytest.mark.parametrize("torn", [b"", b'{"doc": "n32", "annot'])
def test_a_killed_run_goes_on(
    in_home: ReleaseHome,
    enlace: Enlace,
    notes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    torn: bytes,
) -> None:
    whole, output = tmp_path / "whole.jsonl", tmp_path / "annotations.jsonl"
    command = ("annotate", *DICTIONARY, "--release", "demo", "--input", notes, "--output")
    enlace(*command, whole)
    written: list[str] = []

    def killed(one: Any, line: Any = annotation_file.json_line) -> str:
        written.append(one.document.id)
        if len(written) > 35:
            raise KeyboardInterrupt
        return str(line(one))

    with monkeypatch.context() as patched:
        patched.setattr(annotation_file, "json_line", killed)
        assert enlace(*command, output).code == 130
    part = annotation_file.part_file(output)
    assert [one["doc"] for one in objects(part)] == [f"n{place}" for place in range(32)]
    assert not output.exists()
    with part.open("ab") as file:
        file.write(torn)
    ran = enlace(*command, output)
    assert f"Continuing {output} after 32 documents." in ran.err
    assert output.read_bytes() == whole.read_bytes()
    assert not part.exists()


def test_a_part_of_another_run_is_not_continued(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, tmp_path: Path
) -> None:
    output = tmp_path / "annotations.jsonl"
    part = annotation_file.part_file(output)
    command = ("annotate", *DICTIONARY, "--release", "demo", "--input", notes, "--output", output)
    part.write_text('{"doc": "x", "annotations": []}\n')
    assert f"{part} is there; name another output" in enlace(*command).err
    annotation_file.provenance_file(output).write_text(json.dumps({"release": "other"}))
    told = enlace(*command).err
    assert re.search(r"was begun with another (.*, )?release,", told)
    assert part.read_text() == '{"doc": "x", "annotations": []}\n'
    assert enlace(*command, "--overwrite").code == 0
    assert len(objects(output)) == 40


def test_lines_of_other_documents_are_told(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, tmp_path: Path
) -> None:
    done, output = tmp_path / "done.jsonl", tmp_path / "annotations.jsonl"
    command = ("annotate", *DICTIONARY, "--release", "demo", "--input", notes, "--output")
    enlace(*command, done)
    lines = done.read_bytes().splitlines(keepends=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(annotation_file, "put_in_place", lambda made, output: None)
        enlace(*command, output)
    annotation_file.part_file(output).write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    assert "Line 1 of" in enlace(*command, output).err


def test_broken_documents_are_told_and_left_out(in_home: ReleaseHome, enlace: Enlace, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("Asma.")
    (folder / "b.txt").write_bytes(b"Fi\xe9vre")
    (folder / "c.txt").write_text("")
    (folder / "d.txt").write_text("Asma.")
    (folder / "e.txt").write_text("Asma. " * 850_000)
    output = tmp_path / "annotations.jsonl"
    ran = enlace(
        "annotate", *DICTIONARY, "--release", "demo", "--input", folder, "--output", output, "--top", 1
    )
    assert ran.code == 0
    assert ran.err.splitlines() == [
        f"enlace: {folder}/b.txt is not UTF-8 (byte 2).",
        f"enlace: {folder}/c.txt is empty.",
        f"enlace: {folder}/e.txt is longer than 5 MB; divide it.",
        f"{output} holds the annotations of 2 documents; 3 documents left out.",
    ]
    assert [(one["doc"], len(one["annotations"][0]["candidates"])) for one in objects(output)] == [
        ("a", 1),
        ("d", 1),
    ]


def test_streams(in_home: ReleaseHome, enlace: Enlace, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(notes.read_bytes())))
    ran = enlace("annotate", *DICTIONARY, "--release", "demo", "--input", "-", "--output", "-")
    assert [json.loads(line)["doc"] for line in ran.out.splitlines()] == [f"n{place}" for place in range(40)]
    assert ran.err == "40 documents annotated.\n"


def test_a_models_folder_finds_mentions_beside_the_dictionary(
    in_home: ReleaseHome, enlace: Enlace, tmp_path: Path
) -> None:
    model = make_recognizer(tmp_path / "model", "roberta", ("O-symptom", "B-symptom", "I-symptom"))
    note = tmp_path / "note.txt"
    note.write_text("Varón con dolor torácico y fiebre.", "utf-8")
    found = {}
    for name in ("dictionary", str(model), f"{model}+dictionary"):
        output = tmp_path / "annotations.jsonl"
        ran = enlace(
            "annotate", *DICTIONARY, "--release", "demo", "--input", note, "--output", output, "--overwrite",
            "--recognizer", name,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        (record,) = map(json.loads, output.read_text("utf-8").splitlines())
        found[name] = {(one["start"], one["end"], one["type"]) for one in record["annotations"]}
    dictionary, alone, both = found.values()
    assert {type for *_, type in alone} == {"symptom"}
    assert alone <= both
    assert both - alone <= dictionary


def test_what_is_not_there_is_told(in_home: ReleaseHome, enlace: Enlace, notes: Path, tmp_path: Path) -> None:
    output = tmp_path / "annotations.jsonl"
    missing = enlace(
        "annotate", *DICTIONARY, "--release", "demo", "--input", tmp_path / "none", "--output", output
    )
    assert (missing.code, "cannot be read" in missing.err) == (1, True)
    other = enlace(
        "annotate",
        *DICTIONARY,
        "--release",
        "demo",
        "--input",
        notes,
        "--output",
        output,
        "--recognizer",
        "nobody",
    )
    assert (other.code, "There is no recogniser 'nobody'" in other.err) == (1, True)
    nowhere = enlace(
        "annotate",
        *DICTIONARY,
        "--release",
        "demo",
        "--input",
        notes,
        "--output",
        tmp_path / "no" / "a.jsonl",
    )
    assert (nowhere.code, "cannot be written" in nowhere.err) == (1, True)


def test_another_format_is_written_when_all_is_annotated(
    in_home: ReleaseHome, enlace: Enlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, output = tmp_path / "notes", tmp_path / "annotated"
    folder.mkdir()
    (folder / "a.txt").write_bytes("Asma 😀\r\ny tos.".encode())
    (folder / "a.ann").write_text("T1\tsymptom 10 13\ttos\n", "utf-8")
    (folder / "b.txt").write_text("Nada.")
    command = (
        "annotate",
        *DICTIONARY,
        "--release",
        "demo",
        "--input",
        folder,
        "--output",
        output,
        "--format",
        "brat",
    )
    with monkeypatch.context() as patched:

        def killed(*given: object) -> None:
            raise KeyboardInterrupt

        patched.setattr("linker.annotation.writing.render", killed)
        assert enlace(*command).code == 130
    assert not output.exists()
    assert enlace(*command).code == 0
    assert (output / "a.txt").read_bytes() == (folder / "a.txt").read_bytes()
    marked = (output / "a.ann").read_text("utf-8")
    assert "T1\tdisorder 0 4\tAsma" in marked
    assert "symptom 10 13\ttos" in marked
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annotated", "notes"]
    assert "is there already" in enlace(*command).err
    again = enlace(*command[:-1], "parquet", "--overwrite")
    assert again.code == 0, again.err
    assert output.is_file()


def test_broken_marks_are_told(in_home: ReleaseHome, enlace: Enlace, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Asma.")
    (tmp_path / "a.ann").write_text("T1\tsymptom 0 3\ttos\n", "utf-8")
    (tmp_path / "b.txt").write_text("Asma.")
    ran = enlace("annotate", *DICTIONARY, "--release", "demo", "--input", tmp_path, "--output", "-")
    assert [json.loads(line)["doc"] for line in ran.out.splitlines()] == ["b"]
    assert "has marks that cannot be read" in ran.err


def test_formats_that_cannot_be_are_refused(
    in_home: ReleaseHome, enlace: Enlace, notes: Path, tmp_path: Path
) -> None:
    command = ("annotate", *DICTIONARY, "--release", "demo", "--input", notes, "--output")
    assert "there is no format 'pdf'" in enlace(*command, tmp_path / "o", "--format", "pdf").err
    assert "a stream is annotated as jsonl" in enlace(*command, "-", "--format", "brat").err


def test_a_folder_of_somebody_else_is_never_replaced(
    in_home: ReleaseHome, enlace: Enlace, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.txt").write_text("Varón con fiebre.", "utf-8")
    command = ("annotate", "--release", "demo", "--recognizer", "dictionary", "--input", notes, "--overwrite")
    refused = enlace(*command, "--output", notes, "--format", "brat")
    assert (refused.code, "is a folder that no run made" in refused.err) == (1, True)
    assert (notes / "a.txt").read_text("utf-8") == "Varón con fiebre."
    for _ in range(2):
        ran = enlace(*command, "--output", tmp_path / "annotated", "--format", "brat")
        assert ran.code == 0, ran.err
    assert (tmp_path / "annotated" / "a.txt").is_file()
