"""Abbreviations that documents define: found where they are, with offsets that are true of any text."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linker.content_words import FUNCTION_WORDS
from linker.document_abbreviations import definitions, expansions, is_short_form
from linker.normalization import fold, fold_letter


def found(text: str) -> list[tuple[str, str]]:
    return [(one.short, one.long) for one in definitions(text)]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Ingresa por insuficiencia renal aguda (IRA) oligúrica.", "IRA", "insuficiencia renal aguda"),
        ("La IRA (insuficiencia renal aguda) mejoró.", "IRA", "insuficiencia renal aguda"),
        ("síndrome de distrés respiratorio agudo (SDRA)", "SDRA", "síndrome de distrés respiratorio agudo"),
        ("Se hizo un ECG (electrocardiograma).", "ECG", "electrocardiograma"),
        ("edema de miembros inferiores (MMII)", "MMII", "miembros inferiores"),
        ("dos accidentes cerebrovasculares (ACVs)", "ACVs", "accidentes cerebrovasculares"),
        ("hipertensión\narterial [HTA]", "HTA", "hipertensión\narterial"),
        ("un desprendimiento de retina (DR) temporal", "DR", "desprendimiento de retina"),
        ("volumen (VTD: 140 ml). Volumen telediastólico (VTD, 140 ml)", "VTD", "Volumen telediastólico"),
        ("niño con ÁCIDO ÚRICO (AU) alto", "AU", "ÁCIDO ÚRICO"),
        ("el VIH (el virus de la inmunodeficiencia humana)", "VIH", "virus de la inmunodeficiencia humana"),
    ],
)
def test_definitions_are_found(text: str, short: str, long: str) -> None:
    assert found(text) == [(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "Ingresa (Hospital) por dolor (izquierdo) y fiebre (39 ºC).",
        "Creatinina alta. (IRA)",
        "insuficiencia renal. Aguda (IRA)",
        "por emisión de fotones (TC)",
        "la IRA (IRA prerrenal)",
        "IRA (creatinina 3,4)",
        "(IRA)",
        "ADN (a",
        "año (AÑO)",
    ],
)
def test_what_is_beside_a_bracket_is_no_definition(text: str) -> None:
    assert found(text) == []


def test_long_forms_are_given_once_with_single_spaces() -> None:
    text = "Edema agudo  de\npulmón (EAP). Nuevo edema agudo de pulmón (EAP). Enfermedad arterial periférica (EAP)."
    assert expansions(text) == {"EAP": ("Edema agudo de pulmón", "Enfermedad arterial periférica")}


words = st.text("abcdeimnorstuáéíñ", min_size=3, max_size=9).filter(lambda word: word not in FUNCTION_WORDS)
texts = st.text("aAbBcC ñÑáé()[].,;:-0İﬁ\n", max_size=60) | st.text(max_size=40)


@settings(deadline=None)
@given(st.lists(words, min_size=2, max_size=5), st.booleans(), texts, texts)
def test_initials_beside_their_words_are_found_in_any_text(
    long_words: list[str], short_first: bool, before: str, after: str
) -> None:
    long, short = " ".join(long_words), "".join(word[0] for word in long_words).upper()
    assume(fold(short) not in map(fold, long_words))
    # The doubled letters of a plural may stand for single ones.
    assume(fold(short[::2]) != fold(short[1::2]))
    text = f"{before}.\n\n{f'{short} ({long})' if short_first else f'{long} ({short})'}.\n\n{after}"
    own = [one for one in definitions(text) if len(before) < one.long_start < len(text) - len(after)]
    assert [one.short for one in own] == [short]
    assert long.endswith(own[0].long)
    assert fold_letter(own[0].long[0]) == fold_letter(long[0])


@settings(deadline=None)
@given(st.lists(texts | st.sampled_from(["(IRA)", "insuficiencia renal aguda", "IRA (", ")"]), max_size=6))
def test_offsets_are_true_of_any_text(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for one in definitions(text):
        assert text[one.short_start : one.short_end] == one.short
        assert text[one.long_start : one.long_end] == one.long
        assert is_short_form(one.short)
        assert fold_letter(one.long[0]) == fold_letter(one.short[0])
        assert len(one.long) > len(one.short)
        assert one.long_end <= one.short_start or one.short_end <= one.long_start


def test_definitions_deep_in_a_long_text_have_their_place() -> None:
    for filler in ("palabra " * 2_000, "x" * 1_995 + " ", "y. " * 1_500):
        for written in ("la insuficiencia renal aguda (IRA)", "IRA (insuficiencia renal aguda)"):
            text = filler + written
            (found,) = definitions(text)
            assert (found.short, found.long) == ("IRA", "insuficiencia renal aguda")
            assert text[found.short_start : found.short_end] == "IRA"
            assert text[found.long_start : found.long_end] == found.long
