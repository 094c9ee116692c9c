from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Concept, Mapping, Record, Term, TermKind
from loaders import gazetteer
from loaders.errors import ColumnMissing, RowMalformed
from loaders.files import SourceFile
from loaders.rejections import Rejections

HEADER = "code\tlanguage\tterm\tsemantic_tag\tmainterm\n"


def write(path: Path, *rows: str, header: str = HEADER) -> SourceFile:
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return SourceFile(path)


def read(file: SourceFile) -> tuple[list[Record], Rejections]:
    rejections = Rejections()
    found = gazetteer.read(file, rejections, prefix="SNOMEDCT", languages=("es", "en"))
    return list(found), rejections


def test_one_concept_a_code_and_one_preferred_term_a_language(tmp_path: Path) -> None:
    file = write(
        tmp_path / "g.tsv",
        "22298006\tes\tIAM\tdisorder\t0",
        "22298006\tes\tinfarto de miocardio\tdisorder\t1",
        '22298006\tes\tinfarto "cardíaco"\tfinding\ttrue',
        "22298006\tes\tinfarto de miocardio\tdisorder\t1",
        "22298006\ten\tmyocardial infarction\tdisorder\tTRUE",
        "1\tes\totro\t\tfalse",
    )
    records, rejections = read(file)
    infarction = "SNOMEDCT:22298006"
    assert records == [
        Concept(infarction, semantic_tag="disorder"),
        Term(infarction, "IAM", "es"),
        Term(infarction, "infarto de miocardio", "es", TermKind.PREFERRED),
        Term(infarction, 'infarto "cardíaco"', "es"),
        Term(infarction, "myocardial infarction", "en", TermKind.PREFERRED),
        Concept("SNOMEDCT:1"),
        Term("SNOMEDCT:1", "otro", "es"),
    ]
    assert not rejections


def test_a_row_with_nothing_but_a_code_is_a_code_without_a_name(tmp_path: Path) -> None:
    rows = [
        "8140/33\t\t\t\t",
        "8140/3\tes\tadenocarcinoma\t\t1",
        "8140/33\tes\tel mismo\t\t0",
        "8140/6\t\t\tneoplasia\t",
    ]
    records, rejections = read(write(tmp_path / "g.tsv", *rows))
    assert records == [
        Concept("SNOMEDCT:8140/33"),
        Concept("SNOMEDCT:8140/3"),
        Term("SNOMEDCT:8140/3", "adenocarcinoma", "es", TermKind.PREFERRED),
        Term("SNOMEDCT:8140/33", "el mismo", "es"),
        Concept("SNOMEDCT:8140/6", semantic_tag="neoplasia"),
    ]
    assert not rejections


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("\tes\tx\t\t1", "the code is blank, NO_CODE or a composite"),
        ("NO_CODE\tes\tx\t\t1", "the code is blank, NO_CODE or a composite"),
        ("1+2\tes\tx\t\t1", "the code is blank, NO_CODE or a composite"),
        ("1\tes\t \t\t1", "the term is blank"),
        ("1\t\t\t\t1", "the term is blank"),
    ],
)
def test_rows_that_are_rejected(tmp_path: Path, row: str, reason: str) -> None:
    records, rejections = read(write(tmp_path / "g.tsv", row))
    assert records == []
    assert [(one.row, one.reason) for one in rejections] == [(2, reason)]


def test_rows_in_other_languages_are_left_out(tmp_path: Path) -> None:
    records, rejections = read(write(tmp_path / "g.tsv", "1\tca\tx\t\t1"))
    assert (records, list(rejections)) == ([], [])
    assert rejections.left_out == {"the language is not among those asked for": 1}


def test_gzip(tmp_path: Path) -> None:
    file = write(tmp_path / "g.tsv", "1\tes\tx\t\t1")
    file.path.write_bytes(gzip.compress(file.path.read_bytes()))
    assert gazetteer.recognises(file)
    assert len(read(file)[0]) == 2


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    file = write(tmp_path / "g.tsv", "1\tes\tx\t\t1")
    file.path.write_text(file.path.read_text("utf-8").rstrip("\n"), "utf-8")
    records, rejections = read(file)
    assert (len(records), list(rejections)) == (2, [])


def test_bad_tables(tmp_path: Path) -> None:
    with pytest.raises(ColumnMissing, match="lacks the columns code, language, term, semantic_tag, mainterm"):
        read(write(tmp_path / "a.tsv", "1\tes\tx\t\t1", header=""))
    with pytest.raises(ColumnMissing, match="lacks the column mainterm"):
        read(write(tmp_path / "b.tsv", header="code\tlanguage\tterm\tsemantic_tag\n"))
    with pytest.raises(
        RowMalformed, match=r"Row 2 of .* has 2 fields of 5 and ends before its column mainterm"
    ):
        read(write(tmp_path / "c.tsv", "1\tes"))
    with pytest.raises(RowMalformed, match=r"Row 2 of .* has 'yes' in its column mainterm; write 1 or 0"):
        read(write(tmp_path / "d.tsv", "1\tes\tx\t\tyes"))


texts = st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=("Cs", "Zs", "Cc")), min_size=1)
codes = st.from_regex(r"[0-9A-Z.]{1,6}", fullmatch=True)
gazetteers = st.lists(st.tuples(codes, st.sampled_from(["es", "en"]), texts, st.sampled_from("01")))


@given(gazetteers)
def test_no_term_is_lost_and_one_is_preferred(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "every.tsv"
    records, rejections = read(write(path, *("\t".join((*row[:3], "tag", row[3])) for row in rows)))
    terms = [record for record in records if isinstance(record, Term)]
    assert not rejections
    assert {(term.concept, term.language, term.text) for term in terms} == {
        (f"SNOMEDCT:{code}", language, text) for code, language, text, _ in rows
    }
    preferred = [(term.concept, term.language) for term in terms if term.kind is TermKind.PREFERRED]
    assert sorted(preferred) == sorted(
        {(f"SNOMEDCT:{code}", language) for code, language, _, main in rows if main == "1"}
    )
    assert sum(isinstance(record, Concept) for record in records) == len({code for code, *_ in rows})


def test_maps_are_codes_of_other_systems(tmp_path: Path) -> None:
    rows = [
        "1\tes\tapendicitis aguda\t\t0\tMSH:D001064 | ICD10:K35.9",
        "1\tes\tapendicitis\t\t0\tMESH:D001064|HP:0033205|",
        "2\t\t\t\t\tUMLS_CUI:C1",
        "3\tes\ttos\t\t0\t",
    ]
    header = HEADER.replace("\n", "\tmaps\n")
    records, rejections = read(write(tmp_path / "g.tsv", *rows, header=header))
    assert [record for record in records if isinstance(record, Mapping)] == [
        Mapping("SNOMEDCT:1", "MESH:D001064"),
        Mapping("SNOMEDCT:1", "ICD10:K35.9"),
        Mapping("SNOMEDCT:1", "HP:0033205"),
        Mapping("SNOMEDCT:2", "UMLS:C1"),
    ]
    assert [record.id for record in records if isinstance(record, Concept)] == [
        f"SNOMEDCT:{code}" for code in "123"
    ]
    assert not rejections


def test_a_map_without_a_prefix_is_rejected_and_its_row_is_not(tmp_path: Path) -> None:
    header = HEADER.replace("\n", "\tmaps\n")
    records, rejections = read(write(tmp_path / "g.tsv", "1\tes\ttos\t\t0\tR05|ICD10:R05", header=header))
    assert records[1:] == [Mapping("SNOMEDCT:1", "ICD10:R05"), Term("SNOMEDCT:1", "tos", "es")]
    assert [(one.row, one.reason) for one in rejections] == [(2, "the map has no prefix")]
