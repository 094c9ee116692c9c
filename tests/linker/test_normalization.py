"""Text normalisation: what is one string to the linker and what is two."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import LinkerError
from linker.normalization import NORMALISERS, compose, fold, fold_words, normaliser, unhyphenated

fixed = settings(derandomize=True, deadline=None)
spanish = st.text(alphabet="aeinuñÑáéíóúüÁÉÍÓÚÜ'-+²℃№ªº() \t")


def test_accents_and_case_are_folded() -> None:
    assert fold("NEUMONÍA") == fold("neumonia") == "neumonia"
    assert fold("pingüino") == "pinguino"


@pytest.mark.parametrize("year", ["año", "AÑO", "an\u0303o", "AN\u0303O"])
def test_enye_is_a_letter(year: str) -> None:
    assert fold(year) == "año"
    assert fold(year) != fold("ano")


def test_marks_stand_apart_from_words() -> None:
    assert fold("Año  post-Quirúrgico") == "año post - quirurgico"
    assert fold_words("COVID-19") == fold_words("covid 19") == "covid 19"
    assert fold_words("¿+/?") == ""
    assert unhyphenated("anti-coagulación, COVID-19, T-3, 2-3, úlcero‑necrótico - no") == (
        "anticoagulación, COVID-19, T-3, 2-3, úlceronecrótico - no"
    )


def test_compatibility_forms_are_unfolded_and_lower() -> None:
    assert fold("ﬁebre de 38 ℃") == fold("fiebre de 38 °C") == "fiebre de 38 ° c"
    assert fold("cm²") == "cm2"


def test_composing_keeps_case_and_accents_and_single_spaces() -> None:
    assert compose("  Año \t de\u00a0la  Peste ") == "Año de la Peste"


@fixed
@given(spanish | st.text())
def test_composed_and_decomposed_text_are_one(text: str) -> None:
    for name in NORMALISERS:
        normalise = normaliser(name)
        assert normalise(unicodedata.normalize("NFC", text)) == normalise(
            unicodedata.normalize("NFD", text)
        ), name


@fixed
@given(spanish | st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    for normalise in (*NORMALISERS.values(), fold_words):
        once = normalise(text)
        assert normalise(once) == once


@fixed
@given(st.text(alphabet="aeinuñáéíóúü "))
def test_folding_a_capital_is_folding_the_letter(text: str) -> None:
    assert fold(text.upper()) == fold(text)


def test_an_unknown_normaliser_is_named_with_the_known_ones() -> None:
    with pytest.raises(LinkerError, match=r"no text normaliser 'fold-9'.*compose-1, fold-1"):
        normaliser("fold-9")
