"""Terms with their abbreviations written out."""

from __future__ import annotations

from pathlib import Path

import pytest
from clinic import imported, indexed, indexed_records, retriever
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Concept, Term, TermKind
from graph.release import ReleaseHome
from linker.abbreviations import MAXIMUM_READINGS
from linker.encoder import BiEncoder
from linker.index import TermIndex
from linker.pipeline import Linker
from linker.written_out_terms import by_language, readings_of_term, written_out

LIST = {
    "TAC": ("tomografía axial computarizada", "tomografía computerizada"),
    "RM": ("resonancia magnética", "retraso mental"),
    "IV": ("intravenoso",),
    "HTA": ("hipertensión arterial",),
    "insuf": ("insuficiencia",),
    "post": ("posterior",),
    "ERG": ("electroretinograma",),
}


def of_terms(*terms: str) -> list[tuple[int, str]]:
    """What is written out of one concept's Spanish terms."""
    return list(written_out([(term, "es") for term in terms], {"es": LIST}))


def test_spellings_of_one_thing_are_written_out_as_the_first() -> None:
    assert of_terms("TAC craneal") == [(0, "tomografía axial computarizada craneal")]


def test_an_ambiguous_abbreviation_is_read_as_the_other_terms_have_it() -> None:
    assert of_terms("RM craneal", "resonancia de cráneo") == [(0, "resonancia magnética craneal")]
    assert of_terms("retraso de origen genético", "RM genético") == [(1, "retraso mental genético")]


def test_an_ambiguous_abbreviation_stays_where_nothing_tells() -> None:
    assert of_terms("RM craneal") == []
    # Another term with the same abbreviation tells nothing, nor does one that tells of both.
    assert of_terms("RM craneal", "RM del retraso") == []
    assert of_terms("RM craneal", "resonancia del retraso") == []


def test_the_beginning_of_another_terms_word_is_no_abbreviation() -> None:
    assert of_terms("post renal", "Postoperatorio renal") == []
    assert of_terms("post renal", "renal posterior") == [(0, "posterior renal")]


@pytest.mark.parametrize(
    "term",
    [
        "grado IV",
        "post-operatorio",
        "tac craneal",
        "CRISIS DE HTA",
        "electrorretinograma (ERG)",
        "ERG (electrorretinograma)",
        "hipertensión arterial, HTA",
        "HTA++",
        "craneal",
    ],
)
def test_what_is_no_abbreviation_or_is_explained_stays(term: str) -> None:
    assert readings_of_term(term, LIST) == (frozenset(), ())


def test_the_full_stop_goes_with_a_truncation_alone() -> None:
    assert of_terms("insuf. renal") == [(0, "insuficiencia renal")]
    assert of_terms("crisis de HTA. Control") == [(0, "crisis de hipertensión arterial. Control")]


def test_a_term_is_written_out_in_its_own_language() -> None:
    assert list(written_out([("TAC", "en"), ("HTA", "es")], {"es": LIST})) == [(1, "hipertensión arterial")]


def test_what_the_terms_give_away_comes_after_the_list() -> None:
    found = by_language(
        [("HTA", "hipertransaminasemia aislada", "es"), ("MRI", "magnetic resonance imaging", "en")]
    )
    assert found["es"]["HTA"][0] == "hipertensión arterial"
    assert found["es"]["HTA"][-1] == "hipertransaminasemia aislada"
    assert found["en"] == {"MRI": ("magnetic resonance imaging",)}


pieces = st.lists(
    st.sampled_from([*LIST, "craneal", "renal", " ", "-", ".", " (", ")", "+", "ñ", "\n"]), max_size=12
)


@given(st.lists(pieces.map("".join), max_size=4))
def test_of_any_terms_each_is_written_out_once_at_most_and_says_something_else(terms: list[str]) -> None:
    found = of_terms(*terms)
    places = [place for place, _ in found]
    assert places == sorted(set(places))
    assert all(text != terms[place] and not text.isspace() for place, text in found)
    assert all(len(readings_of_term(term, LIST)[1]) <= MAXIMUM_READINGS for term in terms)


HEAD, ANY, LEG = "S:1", "S:2", "S:3"
RECORDS = [
    *map(Concept, (HEAD, ANY, LEG)),
    Term(HEAD, "TAC craneal", "es", TermKind.PREFERRED),
    Term(ANY, "tomografía axial computarizada", "es", TermKind.PREFERRED),
    Term(LEG, "TAC", "es", TermKind.PREFERRED),
]


def test_a_mention_finds_the_term_in_both_forms(encoder: BiEncoder, tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    folder = imported(home, "scans", RECORDS)
    # Of "TAC" the long form is there already, as a term of another concept.
    assert indexed(home, "scans", encoder).written_out == 1
    index = TermIndex.open(folder)
    assert index.texts()[len(index.given_texts()) :] == ["tomografía axial computarizada craneal"]
    linker = Linker(retriever(index, encoder), None)
    long, short = linker.link(["Tomografía axial computarizada craneal", "TAC craneal"])
    for one, path in ((long, "folded"), (short, "exact")):
        first = one.candidates[0]
        assert (first.id, first.path, first.matched_term) == (HEAD, path, "TAC craneal")
    # What is shown as one types are the terms themselves.
    assert {hit.term for hit in index.search.find("tomografia", 10)} == {"tomografía axial computarizada"}
    index.close()


def test_a_term_of_another_concept_is_not_shown_for_this_one(encoder: BiEncoder, tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    records = [
        *RECORDS,
        Term(LEG, "TAXC craneal", "es"),
        Term(LEG, "TAXC - tomografía axial computarizada", "es"),
    ]
    folder = imported(home, "scans", records)
    indexed(home, "scans", encoder)
    index = TermIndex.open(folder)
    (answer,) = Linker(retriever(index, encoder), None).link(["tomografía axial computarizada craneal"])
    shown = {one.id: one.matched_term for one in answer.candidates}
    assert (shown[HEAD], shown[LEG]) == ("TAC craneal", "tomografía axial computarizada craneal")
    index.close()


def test_terms_can_be_left_as_they_stand(encoder: BiEncoder, tmp_path: Path) -> None:
    made = indexed_records(tmp_path / "index", RECORDS, encoder, write_out=False)
    assert (made.terms, made.written_out) == (3, 0)
