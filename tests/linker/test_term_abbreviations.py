"""Abbreviations that terms give away, and their way through an index into readings."""

from __future__ import annotations

from pathlib import Path

from clinic import indexed_records

from graph.model import Concept, Record, Term
from linker.abbreviations import Abbreviations
from linker.encoder import BiEncoder
from linker.term_abbreviations import gather, with_those_of_terms, write

CONCEPTS = [
    [("IRA - insuficiencia renal aguda", "es"), ("fracaso renal agudo", "es")],
    [("infarto agudo de miocardio (IAM)", "es")],
    [("EPOC", "es"), ("enfermedad pulmonar obstructiva crónica", "es"), ("COPD", "en")],
    [("C3 - vértebra", "es"), ("CIA", "es"), ("comunicación entre aurículas", "es"), ("asma", "es")],
    [("Infarto agudo de miocardio (IAM)", "es")],
]
ROWS = [
    ("IRA", "insuficiencia renal aguda", "es"),
    ("IAM", "infarto agudo de miocardio", "es"),
    ("EPOC", "enfermedad pulmonar obstructiva crónica", "es"),
]


def test_each_way_of_giving_one_away() -> None:
    assert list(gather(CONCEPTS)) == ROWS


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "abbreviations.tsv", [*ROWS, ("X", 'una "cosa"\tcon\ntabuladores', "es")])
    joined = with_those_of_terms(tmp_path, Abbreviations.of([("IRA", "infección respiratoria aguda")]))
    assert joined.expansions["IRA"] == ("infección respiratoria aguda", "insuficiencia renal aguda")
    assert joined.expansions["X"] == ('una "cosa" con tabuladores',)


def test_an_index_without_them_leaves_the_list_as_it_is(tmp_path: Path) -> None:
    listed = Abbreviations.of([("IRA", "infección respiratoria aguda")])
    assert with_those_of_terms(tmp_path, listed) is listed


def test_an_index_keeps_those_of_its_terms(encoder: BiEncoder, tmp_path: Path) -> None:
    records: list[Record] = [Concept(f"X:{at}") for at in range(len(CONCEPTS))]
    records += [Term(f"X:{at}", text, lang) for at, terms in enumerate(CONCEPTS) for text, lang in terms]
    folder = tmp_path / "index"
    manifest = indexed_records(folder, records, encoder)
    assert manifest.files["abbreviations.tsv"] > 0
    found = with_those_of_terms(folder, Abbreviations.of(()))
    assert found.readings("IRA").texts == ("IRA", "insuficiencia renal aguda")
