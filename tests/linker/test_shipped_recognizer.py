"""The recogniser that ships: on sentences written for it, and on the documents that it was not trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.recognition import RECOGNITION_SETS
from linker.annotation.recognizer import TokenRecognizer
from linker.document_texts import read_texts
from linker.marked_spans import document_name
from linker.shipped import SHIPPED, recognizer_source

#: Strict F1 that the recogniser alone must not fall under, on a tenth of each set's documents.
FLOORS = {"disorders": 0.55, "symptoms": 0.48, "procedures": 0.55, "morphology-to-ecieo": 0.70}


@pytest.fixture(scope="module")
def recognizer() -> TokenRecognizer:
    return TokenRecognizer.open(recognizer_source(SHIPPED))


def test_it_finds_each_type_in_a_note(recognizer: TokenRecognizer) -> None:
    assert recognizer.types == ("disorder", "morphology", "procedure", "symptom")
    text = (
        "Mujer de 54 años con hipertensión arterial que acude por cefalea intensa y fiebre.\r\n"
        "Se realizó resonancia magnética cerebral. La biopsia mostró un adenocarcinoma."
    )
    (spans,) = recognizer.spans([text])
    found = {(text[span.start : span.end], span.type) for span in spans}
    assert {
        ("hipertensión arterial", "disorder"),
        ("fiebre", "symptom"),
        ("resonancia magnética cerebral", "procedure"),
        ("adenocarcinoma", "morphology"),
    } <= found


def test_its_files_are_small() -> None:
    folder = Path(recognizer_source(SHIPPED))
    assert (folder / "model.safetensors").stat().st_size < 15_000_000
    card = (folder / "README.md").read_text("utf-8")
    assert "enlace train recognizer" in card
    assert "CC BY 4.0" in card


@pytest.mark.parametrize("name", FLOORS)
def test_it_finds_what_annotators_marked(name: str, recognizer: TokenRecognizer, data_folder: Path) -> None:
    (one,) = (one for one in RECOGNITION_SETS if one.name == name)
    gold: dict[str, set[tuple[int, int]]] = {}
    for span in one.gold(data_folder):
        gold.setdefault(span.document, set()).add((span.start, span.end))
        type = span.type
    some = sorted(gold)[::10]
    texts = {
        document_name(key): text
        for key, text in read_texts([data_folder / one.texts]).items()
        if document_name(key) in some
    }
    right = found = 0
    for document, spans in zip(texts, recognizer.spans(list(texts.values())), strict=True):
        own = {(span.start, span.end) for span in spans if span.type == type}
        right, found = right + len(own & gold[document]), found + len(own)
    assert 2 * right / (found + sum(len(gold[document]) for document in texts)) > FLOORS[name]
