from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import SynonymScope, Term, TermKind
from loaders import babelon
from loaders.errors import ColumnMissing, RowMalformed
from loaders.files import SourceFile
from loaders.rejections import Rejections

HEADER = (
    "source_language\ttranslation_language\tsubject_id\tsource_value\tpredicate_id\ttranslation_value"
    "\ttranslation_status\n"
)


def write(path: Path, *rows: str, header: str = HEADER) -> SourceFile:
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return SourceFile(path)


def read(*files: SourceFile) -> tuple[list[Term], Rejections]:
    rejections = Rejections()
    concepts = {"HP:1", "HP:2"}
    return list(babelon.read(files, concepts, rejections, languages=("es", "en"))), rejections


def test_labels_synonyms_and_definitions(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.tsv",
        'en\tes\tHP:1\tCupping\trdfs:label\tExtremo "en copa"\tOFFICIAL',
        "en\tes\tHP:1\tCup\toboInOwl:hasExactSynonym\tCopa\tUNDER_REVIEW",
        "en\tes\tHP:1\tCup\toio:relatedSynonym\tVaso\t",
        "en\tes\tHP:1\tA cup.\tIAO:0000115\tUna copa.\tOFFICIAL",
        "en\tes\tHP:1\tCupping\trdfs:label\tAcopamiento\tOFFICIAL",
    )
    terms, rejections = read(file)
    assert terms == [
        Term("HP:1", 'Extremo "en copa"', "es", TermKind.PREFERRED),
        Term("HP:1", "Copa", "es", TermKind.SYNONYM),
        Term("HP:1", "Vaso", "es", TermKind.SYNONYM, SynonymScope.RELATED),
        Term("HP:1", "Una copa.", "es", TermKind.DEFINITION),
        Term("HP:1", "Acopamiento", "es", TermKind.SYNONYM),
    ]
    assert not rejections


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("en\tes\tHP:9\tX\trdfs:label\tX\tOFFICIAL", "the subject is not in the ontology"),
        ("en\tes\tHP:1\tX\trdfs:label\t \tOFFICIAL", "the translation is empty"),
        ("en\tes\tHP:1\tX\trdfs:comment\tX\tOFFICIAL", "the property is neither"),
    ],
)
def test_rows_that_are_rejected(tmp_path: Path, row: str, reason: str) -> None:
    terms, rejections = read(write(tmp_path / "t.tsv", row))
    assert terms == []
    (one,) = rejections
    assert one.reason.startswith(reason)
    assert one.row == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("en\tes\tHP:1\tX\trdfs:label\tX\tCANDIDATE", "the translation is not accepted yet"),
        ("en\tes\tHP:1\tX\trdfs:label\t\tNOT_TRANSLATED", "the translation is not accepted yet"),
        ("en\tpt\tHP:1\tX\trdfs:label\tX\tOFFICIAL", "the language is not among those asked for"),
    ],
)
def test_rows_that_are_left_out(tmp_path: Path, row: str, reason: str) -> None:
    terms, rejections = read(write(tmp_path / "t.tsv", row))
    assert terms == []
    assert not rejections
    ((told, rows),) = rejections.left_out.items()
    assert told.startswith(reason)
    assert rows == 1


def test_the_first_file_gives_the_preferred_term(tmp_path: Path) -> None:
    first = write(tmp_path / "1.tsv", "en\tes\tHP:2\tX\trdfs:label\tuno\tOFFICIAL")
    second = write(tmp_path / "2.tsv", "en\tes\tHP:2\tX\trdfs:label\tdos\tOFFICIAL")
    terms, _ = read(first, second)
    assert [(term.text, term.kind) for term in terms] == [
        ("uno", TermKind.PREFERRED),
        ("dos", TermKind.SYNONYM),
    ]


def test_the_status_column_may_be_absent(tmp_path: Path) -> None:
    header = "subject_id\tpredicate_id\ttranslation_language\ttranslation_value\n"
    terms, _ = read(write(tmp_path / "t.tsv", "HP:1\trdfs:label\tes\tuno", header=header))
    assert [term.text for term in terms] == ["uno"]


def test_bad_tables(tmp_path: Path) -> None:
    with pytest.raises(ColumnMissing, match="lacks the columns subject_id, predicate_id"):
        read(write(tmp_path / "t.tsv", header="a\tb\n"))
    with pytest.raises(RowMalformed, match="Row 2 of"):
        read(write(tmp_path / "u.tsv", "en\tes\tHP:1"))
    assert not babelon.recognises(write(tmp_path / "v.tsv", header="a\tb\n"))


texts = st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=("Cs", "Zs", "Cc")), min_size=1)


@given(st.lists(texts, unique=True))
def test_every_translation_comes_back(tmp_path_factory: pytest.TempPathFactory, found: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "every.tsv"
    rows = (f"en\tes\tHP:1\tX\toboInOwl:hasExactSynonym\t{text}\tOFFICIAL" for text in found)
    terms, rejections = read(write(path, *rows))
    assert [term.text for term in terms] == [text.strip() for text in found]
    assert not rejections
