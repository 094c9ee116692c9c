"""The terms of a release are found in texts, at their true place, and what only looks like one is not."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_dictionary import dictionary, tables

from linker.annotation.dictionary import Dictionary
from linker.annotation.dictionary_terms import DictionaryTerms
from linker.annotation.model import Source, Span
from linker.annotation.words import words
from linker.normalization import fold_words

TERMS = (
    "insuficiencia renal aguda",
    "insuficiencia renal",
    "dolor abdominal",
    "cáncer de pulmón",
    "lesión ósea",
    "diabético",
    "codo",
    "ira",
    "caña",
    "cana",
    "OI",
    "crónico",
    "hepatitis A",
    "hepatitis",
    "nariz y garganta",
    "estadio 2 grado 3",
    "eclampsia",
    "VIH",
    "HbA1c",
    ("nefrectomía", "procedimiento"),
    ("izquierdo", "calificador"),
)
DICTIONARY = dictionary(
    *TERMS, abbreviations=[("HTA", "hipertensión"), ("DA", "dermatitis atópica"), ("DA", "dolor abdominal")]
)


def found(text: str, known: Dictionary = DICTIONARY) -> list[str]:
    (spans,) = known.spans([text])
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("Con insuficiencia renal aguda grave.", ["insuficiencia renal aguda"]),
        ("INSUFICIENCIA RENAL", ["INSUFICIENCIA RENAL"]),
        ("insuficiencias\r\nrenales\tagudas", ["insuficiencias\r\nrenales\tagudas"]),
        ("lesiones óseas", ["lesiones óseas"]),
        ("cáncer del pulmón; cancer pulmon", ["cáncer del pulmón", "cancer pulmon"]),
        ("abdominal dolor", ["abdominal dolor"]),
        ("una paciente diabética", ["diabética"]),
        ("dos codos", ["codos"]),
        ("pre-eclampsia, eclampsia", ["eclampsia"]),
        ("tres canas", ["canas"]),
        ("hepatitis A y hepatitis", ["hepatitis A", "hepatitis"]),
        ("Nariz y garganta", ["Nariz y garganta"]),
        ("VIH positivo, HbA1c de 7", ["VIH", "HbA1c"]),
        ("refiere DA", ["DA"]),
    ],
)
def test_a_mention_is_found(text: str, mentions: list[str]) -> None:
    assert found(text) == mentions


@pytest.mark.parametrize(
    "text",
    [
        "dolor. Abdominal",
        "dolor, abdominal",
        "dolor\n\nabdominal",
        "dolor\r\n \r\nabdominal",
        "la coda",  # no form of `codo`
        "nariz, garganta",
        "estadio 3 grado 2",
        "grado 3 estadio 2",
        "IRA",  # an abbreviation, and not anger
        "vih",  # as it is written or not at all
        "HTA",  # what it means is no term
        "riñón izquierdo",  # a qualifier is no mention
        "crónicas en OI",  # on the stop list, in any inflection
        "",
        " \t\r\n",
    ],
)
def test_what_only_looks_like_a_term_is_not_found(text: str) -> None:
    assert found(text) == []


def test_the_letter_of_spanish_is_no_accent() -> None:
    assert found("una cana, una caña") == ["cana", "caña"]


def test_of_overlapping_terms_the_longest_is_the_mention() -> None:
    (spans,) = DICTIONARY.spans(["insuficiencia renal aguda e insuficiencia renal"])
    assert [(span.start, span.end) for span in spans] == [(0, 25), (28, 47)]


def test_a_mention_has_the_type_of_its_concept_and_how_sure_it_is() -> None:
    text = "nefrectomías, codo, abdominal dolor"
    assert DICTIONARY.spans([text]) == [
        [
            Span(0, 12, "procedure", Source.DICTIONARY, 0.95),
            Span(14, 18, "disorder", Source.DICTIONARY, 1.0),
            Span(20, 35, "disorder", Source.DICTIONARY, 0.85),
        ]
    ]


def test_an_abbreviation_means_what_the_document_says() -> None:
    text = "Insuficiencia renal aguda (IRA). La IRA mejoró. DA: dolor articular (DA)."
    assert found(text) == ["Insuficiencia renal aguda", "IRA", "IRA"]
    assert found("VIH (virus raro, VIH)") == ["VIH", "VIH"]


def test_texts_do_not_touch_each_other() -> None:
    assert DICTIONARY.spans(["dolor", "abdominal", "", "dolor abdominal"]) == [
        [],
        [],
        [],
        [Span(0, 15, "disorder", Source.DICTIONARY, 1.0)],
    ]
    assert DICTIONARY.spans([]) == []


def test_a_stored_dictionary_finds_the_same(tmp_path: Path) -> None:
    texts, concepts, senses = tables(TERMS)
    made = DictionaryTerms.build(texts, concepts, senses)
    made.save(tmp_path / "dictionary")
    stored = DictionaryTerms.open(tmp_path)
    assert stored.keys.tolist() == made.keys.tolist()
    assert stored.rows.tolist() == made.rows.tolist()
    assert stored.types.tolist() == made.types.tolist()
    assert (stored.names, stored.longest) == (made.names, made.longest)


def test_an_index_has_its_dictionary(index_folder: Path) -> None:
    assert (index_folder / "dictionary" / "keys.npy").is_file()
    assert found("Asma bronquial tras un ataque al corazón.", Dictionary.open(index_folder)) == [
        "Asma bronquial",
        "ataque al corazón",
    ]


# Offsets ---------------------------------------------------------------------------------------------------

SPACES = st.sampled_from([" ", "\t", "\r\n", "\n", "  ", "\u00a0"])
MARKS = st.sampled_from([". ", "; ", "\r\n\r\n", " 😀 ", " (", ") ", " 👩🏽‍⚕️ ", "\n\n", "… ", " ½ ", " № "])
FILLERS = st.sampled_from(
    ["el", "paciente", "niño", "ﬁbra", "x\u0301y", "𝔘", "İstanbul", "ß", "12,5", "日本", "�"]
)
FORMS = st.sampled_from(
    [str, str.upper, str.capitalize, lambda text: unicodedata.normalize("NFD", text)],
)


@given(
    st.lists(
        st.tuples(
            FILLERS,
            MARKS,
            st.sampled_from(["insuficiencia renal", "lesión ósea", "eclampsia"]),
            FORMS,
            SPACES,
        ),
        max_size=6,
    )
)
def test_mentions_are_where_they_were_put(pieces: list[tuple[str, str, str, object, str]]) -> None:
    text, places = "", []
    for filler, mark, term, form, space in pieces:
        text += filler + mark
        written = form(term).replace(" ", space)  # type: ignore[operator]
        places.append((len(text), len(text) + len(written)))
        text += written + mark
    (spans,) = DICTIONARY.spans([text])
    assert [(span.start, span.end) for span in spans] == places


@given(st.text())
def test_words_are_where_they_say(text: str) -> None:
    end = 0
    for word in words(text):
        assert text[word.start : word.end] == word.written
        assert word.folded in fold_words(word.written).split()
        assert word.start >= end or word.end == end
        end = word.end


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    (spans,) = DICTIONARY.spans([text])
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
