"""Which heading a text stands under, and what that says."""

from __future__ import annotations

from pathlib import Path

import pytest

from linker.annotation.model import Assertion
from linker.annotation.sections import Headings
from linker.errors import ContextRulesError

NOTE = """Motivo de consulta: disnea.
ANTECEDENTES PERSONALES
- HTA
- Intervenido de cataratas
Antecedentes familiares: padre con gota. Antecedentes personales: asma.

Paciente de 70 años con tos.
Exploración física: eupneico.
OTRAS COSAS
Vive en un tercero.
Pruebas pedidas:
Radiografía.
Antecedentes: ictus.
Acude por cefalea.
"""


@pytest.fixture(scope="module")
def headings() -> Headings:
    return Headings.open()


@pytest.mark.parametrize(
    ("words", "heading", "said"),
    [
        ("disnea", "Motivo de consulta", ()),
        ("cataratas", "ANTECEDENTES PERSONALES", (Assertion.HISTORICAL,)),
        ("gota", "Antecedentes familiares", (Assertion.FAMILY,)),
        ("asma", "Antecedentes personales", (Assertion.HISTORICAL,)),
        ("tos", "Antecedentes personales", ()),
        ("eupneico", "Exploración física", ()),
        ("tercero", "OTRAS COSAS", ()),
        ("Radiografía", "Pruebas pedidas", ()),
        ("ictus", "Antecedentes", (Assertion.HISTORICAL,)),
        ("cefalea", "Antecedentes", ()),
    ],
)
def test_a_section_reaches_to_the_next_heading_and_what_it_says_as_far_as_its_text(
    headings: Headings, words: str, heading: str, said: tuple[Assertion, ...]
) -> None:
    at = NOTE.index(words)
    section = headings.sections(NOTE).at(at)
    assert section
    assert NOTE[section.start : section.heading_end] == heading
    assert (section.assertions if at < section.said_until else ()) == said


def test_what_stands_before_the_first_heading_or_in_it_is_in_no_section(headings: Headings) -> None:
    text = "Varón.\nExploración: normal."
    assert headings.sections(text).at(0) is None
    assert headings.sections(text).at(text.index("Exploración")) is None
    assert headings.sections("").at(0) is None


def test_a_heading_in_the_midst_of_a_sentence_is_none(headings: Headings) -> None:
    text = "Tiene antecedentes personales de asma y la exploración es normal."
    assert headings.sections(text).found == []


def test_a_list_that_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "sections.tsv"
    file.write_text("heading\tassertion\nplan\t\nantecedentes\told\n", "utf-8")
    with pytest.raises(ContextRulesError, match=r"sections\.tsv:3 .* historical"):
        Headings.open(file)
