"""`enlace train recognizer` as it is typed, from checkpoints in the formats of the Spanish clinical ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotated_cases import write_brat, write_cases
from recognizer_folders import CHECKPOINTS, make_recognizer

from graph.release import ReleaseHome
from linker.annotation.recognizer import TokenRecognizer


@pytest.mark.parametrize("family", CHECKPOINTS)
def test_a_published_checkpoint_is_fine_tuned_and_runs(enlace, family: str, tmp_path: Path) -> None:
    texts = write_cases(tmp_path / "cases", 10)
    (tmp_path / "held.tsv").write_text("S003-1\tz99\n", "utf-8")
    output = tmp_path / "model"
    told = enlace(
        "train", "recognizer", "--from", CHECKPOINTS[family](tmp_path / "start"), "--output", output,
        "--mentions", f"disorder={tmp_path}/cases/disorders.tsv",
        "--mentions", f"symptom={tmp_path}/cases/symptoms.tsv", "--texts", tmp_path / "cases" / "texts.jsonl",
        "--hold-out", tmp_path / "held.tsv", "--dev-share", "0.3", "--epochs", "2", "--batch-tokens", "400",
        "--window", "100", "--head-learning-rate", "1e-3", "--learning-rate", "1e-4", "--token-dropout", "0.1",
        "--patience", "3", "--measure-steps", "2",
        "--mlm-texts", tmp_path / "cases" / "texts.jsonl", "--mlm-steps", "2",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert told.err.startswith(f"The recogniser is in {output}. Strict F1 on held-out documents: disorder ")
    card = (output / "README.md").read_text("utf-8")
    assert "enlace train recognizer --from" in card
    assert "1 left out of both" in card
    assert " raw texts, before the annotated ones" in card
    assert "| head_learning_rate | 0.001 |" in card
    recognizer = TokenRecognizer.open(output)
    assert recognizer.types == ("disorder", "symptom")
    for text, spans in zip(texts.values(), recognizer.spans(list(texts.values())), strict=True):
        assert all(text[s.start : s.end].strip() for s in spans)


def test_documents_are_annotated_with_a_folder_and_the_dictionary(
    enlace, in_home: ReleaseHome, tmp_path: Path
) -> None:
    folder = make_recognizer(tmp_path / "model", "xlm-roberta")
    notes = tmp_path / "notes.jsonl"
    text = "Niño con\tfiebre 👍.\r\nInfarto de miocardio."
    notes.write_text(json.dumps({"doc": "a", "text": text}) + "\n", "utf-8")
    told = enlace(
        "annotate", "--release", "demo", "--input", notes, "--output", tmp_path / "out.jsonl",
        "--recognizer", folder, "--recognizer", "dictionary",
    )  # fmt: skip
    assert told.code == 0, told.err
    found = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["annotations"]
    assert all(text[one["start"] : one["end"]] == one["text"] for one in found)
    assert "recognizer" in {one["source"] for one in found}


def test_an_lstm_is_trained_on_the_shipped_vectors_and_brat_files(enlace, tmp_path: Path) -> None:
    write_brat(tmp_path / "brat", write_cases(tmp_path / "cases", 8))
    output = tmp_path / "model"
    told = enlace(
        "train", "recognizer", "--from", "shipped", "--network", "bilstm", "--hidden", "16", "--layers", "1",
        "--mentions", tmp_path / "brat", "--output", output, "--epochs", "1", "--plain", "--dropout", "0.3",
        "--dev-share", "0.3", "--mean-pieces",
    )  # fmt: skip
    assert told.code == 0, told.err
    assert "| labels | O, B-disorder, I-disorder, B-symptom, I-symptom |" in (output / "README.md").read_text(
        "utf-8"
    )
    assert TokenRecognizer.open(output).types == ("disorder", "symptom")
    assert (output / "model.safetensors").stat().st_size < 15_000_000

    lines = '{"doc": "a", "text": "Mujer con asma."}\n{"doc": "b", "text": "Sin tos."}\n'
    (tmp_path / "raw.jsonl").write_text(lines, "utf-8")
    again = enlace(
        "train", "recognizer", "--from", output, "--mentions", tmp_path / "brat", "--output", tmp_path / "student",
        "--unlabelled", tmp_path / "raw.jsonl", "--teacher", output, "--sure", "0.1", "--unlabelled-every", "1",
        "--epochs", "1", "--plain", "--dev-share", "0.3",
    )  # fmt: skip
    assert again.code == 0, again.err
    assert "- 2 texts that nobody annotated, " in (tmp_path / "student" / "README.md").read_text("utf-8")


def test_what_cannot_be_trained_is_one_sentence(enlace, tmp_path: Path) -> None:
    write_cases(tmp_path, 6)
    asked = (
        "train", "recognizer", "--texts", tmp_path / "texts.jsonl", "--output", tmp_path / "model",
        "--mentions", f"disorder={tmp_path}/disorders.tsv",
    )  # fmt: skip
    for more, sentence in (
        (
            ("--from", "shipped", "--window", "4096"),
            "The model reads at most 128 tokens and windows of 4096 were",
        ),
        (("--from", tmp_path / "nothing"), "cannot be loaded (there is no such folder)"),
        (("--searched", "disorder"), "--searched disorder: name the type before the file"),
        (("--mentions", tmp_path / "no.tsv"), "cannot be read: No such file"),
        (("--hold-out", tmp_path / "texts.jsonl"), "No training document has a span"),
        (("--teacher", tmp_path), "Unlabelled texts and teachers need one another"),
        (("--device", "tpu9000"), "This machine has no device 'tpu9000'"),
    ):
        told = enlace(*asked, *more)
        assert (told.code, told.out, len(told.err.splitlines())) == (1, "", 1), told.err
        assert sentence in told.err
    assert not (tmp_path / "model").exists()
