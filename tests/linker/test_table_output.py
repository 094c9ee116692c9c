"""The flat tables: a row for each annotation, and none of the documents lost."""

from __future__ import annotations

import csv
import json
import re
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from annotated_documents import NOTE, ORIGIN, documents, note
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.annotation.formats.table import SCHEMA
from linker.annotation.model import AnnotatedDocument, Document
from linker.annotation.writing import render

EMPTY = AnnotatedDocument(Document("vacía", "Sin hallazgos."), ())
DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "annotation-formats.md"


def test_the_rows_of_a_note(tmp_path: Path) -> None:
    render("parquet", [note(), EMPTY], tmp_path / "a.parquet", ORIGIN)
    table = pq.read_table(tmp_path / "a.parquet")
    rows = table.to_pylist()
    assert [row["document"] for row in rows] == ["nota-1"] * 9 + ["vacía"]
    assert rows[4] == {
        "document": "nota-1",
        "annotation": 5,
        "start": 84,
        "end": 108,
        "fragments": "84 89;101 108",
        "text": "Dolor intenso",
        "type": "symptom",
        "source": "recognizer",
        "span_score": 0.9,
        "section": "Exploración:",
        "negated": False,
        "uncertain": False,
        "historical": False,
        "family": False,
        "hypothetical": False,
        "triggers": "",
        "concept": "HP:0012531",
        "preferred_term": "Dolor",
        "probability": 0.9,
        "path": "folded",
        "reason": "",
        "candidates": "HP:0012531",
    }
    assert (rows[5]["negated"], rows[5]["triggers"]) == (True, "negated: No ")
    assert (rows[7]["concept"], rows[7]["reason"], rows[7]["hypothetical"]) == (None, "nothing close", True)
    assert {name for name, value in rows[9].items() if value is not None} == {"document"}
    assert table.schema.metadata[b"enlace.release"] == b"hpo-2026"


@settings(max_examples=30, deadline=None)
@given(st.lists(documents(), max_size=3))
def test_offsets_and_texts_come_back(some: list[AnnotatedDocument]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        render("parquet", some, Path(folder, "a.parquet"), ORIGIN)
        rows = pq.read_table(Path(folder, "a.parquet")).to_pylist()
        render("csv", some, Path(folder, "a.csv"), ORIGIN)
        with Path(folder, "a.csv").open(encoding="utf-8", newline="") as file:
            cells = list(csv.DictReader(file))
    expected = [
        (one.document.id, annotation.span.start, annotation.span.end, annotation.text)
        for one in some
        for annotation in one.annotations
    ]
    found = [row for row in rows if row["start"] is not None]
    assert [(row["document"], row["start"], row["end"], row["text"]) for row in found] == expected
    bare = [row["document"] for row in rows if row["start"] is None]
    assert bare == [one.document.id for one in some if not one.annotations]
    assert [{name: _cell(value) for name, value in row.items()} for row in rows] == cells


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    return "" if value is None else str(value)


def test_no_document_at_all_is_a_table_without_rows(tmp_path: Path) -> None:
    render("parquet", [], tmp_path / "a.parquet", ORIGIN)
    assert pq.read_table(tmp_path / "a.parquet").schema.equals(SCHEMA)
    render("csv", [], tmp_path / "a.csv", ORIGIN)
    assert (tmp_path / "a.csv").read_bytes().decode() == ",".join(SCHEMA.names) + "\r\n"


def test_offsets_are_those_of_the_note(tmp_path: Path) -> None:
    render("parquet", [note()], tmp_path / "a.parquet", ORIGIN)
    for row in pq.read_table(tmp_path / "a.parquet").to_pylist():
        if not row["fragments"]:
            assert NOTE[row["start"] : row["end"]] == row["text"]


def test_every_column_is_documented_in_its_order() -> None:
    told = re.findall(
        r"^\| `(\w+)` \|", DOCUMENTED.read_text("utf-8").partition("## Tables")[2], re.MULTILINE
    )
    assert told[: len(SCHEMA.names)] == SCHEMA.names
