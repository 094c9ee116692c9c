"""Where sentences of clinical notes end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linker.annotation.context import ContextRules
from linker.annotation.folding import fold_in_place
from linker.annotation.model import Source, Span
from linker.annotation.sentences import MAXIMUM_CHARACTERS, sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tos. Fiebre.", ["Tos.", "Fiebre."]),
        ("La Dra. Gómez valora al Sr. Ruiz. Alta.", ["La Dra. Gómez valora al Sr. Ruiz.", "Alta."]),
        ("Lesiones, p. ej. Kaposi. Biopsia.", ["Lesiones, p. ej. Kaposi.", "Biopsia."]),
        ("Hb 13.5 g/dl. T.ª 38.2 ºC", ["Hb 13.5 g/dl.", "T.ª 38.2 ºC"]),
        ("Se aísla E. coli y S. Aureus.", ["Se aísla E. coli y S. Aureus."]),
        ("Portador de hepatitis C. Cirrosis.", ["Portador de hepatitis C.", "Cirrosis."]),
        ("Carcinoma de 2 cm. Márgenes libres.", ["Carcinoma de 2 cm.", "Márgenes libres."]),
        ("Masa renal.Hígado normal.", ["Masa renal.", "Hígado normal."]),
        ("Mutación p.Val600Glu presente.", ["Mutación p.Val600Glu presente."]),
        ("¿Neumonía? No.", ["¿Neumonía?", "No."]),
        ("Mejora... Alta.", ["Mejora...", "Alta."]),
        ("- HTA\n- DM tipo 2\r\n1. Asma", ["- HTA", "- DM tipo 2", "1. Asma"]),
        ("EXPLORACIÓN\nAbdomen blando", ["EXPLORACIÓN", "Abdomen blando"]),
        ("Estudio de\nvitaminas normal", ["Estudio de\nvitaminas normal"]),
        ("Alérgico a:\npenicilina", ["Alérgico a:", "penicilina"]),
        ("Tos\n\nfiebre", ["Tos", "fiebre"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_of_notes(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.text("aB. \n-?1é😀\u0301", max_size=60))
def test_every_character_but_blanks_is_in_one_sentence(text: str) -> None:
    inside = [False] * len(text)
    last = 0
    for start, end in sentences(text):
        assert last <= start < end
        assert text[start:end] == text[start:end].strip()
        inside[start:end] = [True] * (end - start)
        last = end
    assert all(there or character.isspace() for there, character in zip(inside, text, strict=True))


@given(st.text())
def test_folding_in_place_keeps_offsets(text: str) -> None:
    assert len(fold_in_place(text)) == len(text)


def test_folding_in_place_keeps_the_letter_ñ() -> None:
    assert fold_in_place("AÑO Ümlaut Ángel ½ İ") == "año umlaut angel ½ i"


def test_a_sentence_that_does_not_end_is_divided_at_a_blank() -> None:
    found = split("tos " * 2_000 + "x" * 5_000)
    assert max(map(len, found)) <= MAXIMUM_CHARACTERS
    assert sum(one.split().count("tos") for one in found) == 2_000
    assert sum(one.count("x") for one in found) == 5_000


@pytest.mark.parametrize(
    "unit", ["1. A ", ". ", " ", "(", "¿", "\n", "no hay tos y ", "Antecedentes: a\n", "A"]
)
def test_a_text_that_is_no_text_takes_no_longer_than_its_length(unit: str) -> None:
    text = unit * (100_000 // len(unit)) + "\n" + " " * 100_000 + "x"
    spans = [Span(at, at + 3, "", Source.GIVEN) for at in range(0, 100_000, 1_000)]
    assert len(ContextRules.open().contexts(text, spans)) == 100
