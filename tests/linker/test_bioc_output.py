"""BioC collections, read back by the library that the field reads them with."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bioc
import pytest
from annotated_documents import ORIGIN, documents, note
from bioc import biocjson, biocxml
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.annotation.model import AnnotatedDocument, Assertion, Document
from linker.annotation.writing import render


def _read(some: list[AnnotatedDocument], suffix: str) -> bioc.BioCCollection:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{suffix}")
        render("bioc-xml" if suffix == ".xml" else "bioc", some, path, ORIGIN)
        if suffix == ".xml":
            with path.open("rb") as file:
                collection = biocxml.load(file)
        else:
            with path.open(encoding="utf-8") as file:
                collection = biocjson.load(file)
    bioc.validate(collection)
    return collection


def _in_xml(text: str) -> str:
    return "".join(
        one if one in "\t\n\r" or (ord(one) >= 32 and one not in "\ufffe\uffff") else "\ufffd" for one in text
    )


@pytest.mark.parametrize("suffix", [".json", ".xml"])
def test_a_note_is_read_back(suffix: str) -> None:
    collection = _read([note(), AnnotatedDocument(Document("vacía", ""), ())], suffix)
    assert (collection.source, collection.date, collection.infons) == (
        "Enlace 0.1.0",
        "2026-03-01",
        {"release": "hpo-2026"},
    )
    first, second = collection.documents
    assert (first.id, second.id) == ("nota-1", "vacía")
    [passage] = first.passages
    assert (passage.offset, passage.text) == (0, note().document.text)
    fever = passage.annotations[5]
    assert fever.id == "T6"
    assert fever.text == "fiebre"
    assert [(one.offset, one.length) for one in fever.locations] == [(113, 6)]
    assert fever.infons == {
        "type": "symptom",
        "identifier": "HP:0001945",
        "preferred_term": "Fiebre",
        "probability": "0.9",
        "path": "folded",
        "source": "recognizer",
        "span_score": "0.9",
        "section": "Exploración:",
        "candidates": "HP:0001945",
        "negated": "No ",
    }
    assert [(one.offset, one.length) for one in passage.annotations[4].locations] == [(84, 5), (101, 7)]
    assert passage.annotations[7].infons["reason"] == "nothing close"
    assert "identifier" not in passage.annotations[7].infons
    assert second.passages[0].annotations == []


@pytest.mark.parametrize("suffix", [".json", ".xml"])
@settings(max_examples=30, deadline=None)
@given(some=st.lists(documents(), max_size=3))
def test_any_text_with_any_spans_is_read_back(suffix: str, some: list[AnnotatedDocument]) -> None:
    as_read = _in_xml if suffix == ".xml" else str
    collection = _read(some, suffix)
    assert [one.id or "" for one in collection.documents] == [as_read(one.document.id) for one in some]
    for expected, found in zip(some, collection.documents, strict=True):
        [passage] = found.passages
        assert passage.text == as_read(expected.document.text)
        for annotation, again in zip(expected.annotations, passage.annotations, strict=True):
            span = annotation.span
            assert again.text == as_read(expected.document.text[span.start : span.end])
            assert " ".join(
                passage.text[one.offset : one.offset + one.length] for one in again.locations
            ) == as_read(annotation.text)
            assert len(again.locations) == max(1, len(span.fragments))
            assert again.infons.get("identifier") == annotation.decision.id
            for assertion in Assertion:
                assert (assertion.value in again.infons) == annotation.context.has(assertion)
