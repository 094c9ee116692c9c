"""What the rows of a Metathesaurus release become: concepts, terms, types, codes and relations."""

from __future__ import annotations

from pathlib import Path

import pytest
from metathesaurus import Release, concepts, left_out, read, relations, terms, write

from graph.model import Concept, Mapping, Term, TermKind
from loaders.errors import OptionMismatch
from loaders.formats import detect_format, load
from loaders.rrf import columns
from loaders.rrf.vocabulary import system

HEART, LUNG, DRUG, OTHER = "C0018787", "C0024109", "C0000001", "C9999999"


def test_a_concept_its_preferred_terms_and_synonyms(tmp_path: Path) -> None:
    release = (
        Release()
        .rank(("MTH", "PN"), ("SNOMEDCT_US", "PT"), ("SCTSPA", "PT"), ("MSHSPA", "MH"))
        .atom(HEART, "corazón", LAT="SPA", SAB="MSHSPA", TTY="MH")
        .atom(HEART, "estructura del corazón", LAT="SPA", SAB="SCTSPA", TTY="PT")
        .atom(HEART, "heart structure", SAB="SNOMEDCT_US", TTY="PT")
        .atom(HEART, "Heart")
    )
    records, rejections = read(release.write(tmp_path))
    assert records[0] == Concept(f"UMLS:{HEART}")
    assert Term(f"UMLS:{HEART}", "Heart", "en", TermKind.PREFERRED, id="A0000004") in records
    assert sorted(terms(records)) == [
        (HEART, "en", "preferred", "Heart"),
        (HEART, "en", "synonym", "heart structure"),
        (HEART, "es", "preferred", "estructura del corazón"),
        (HEART, "es", "synonym", "corazón"),
    ]
    assert not rejections


@pytest.mark.parametrize("column", ["ISPREF", "TS", "STT"])
def test_of_equal_ranks_the_flags_tell_which_is_preferred(tmp_path: Path, column: str) -> None:
    release = (
        Release()
        .atom(HEART, "first", **{column: "N" if column == "ISPREF" else "S"})
        .atom(HEART, "second")
        .atom(HEART, "third")
    )
    records, _ = read(release.write(tmp_path))
    assert (HEART, "en", "preferred", "second") in terms(records)


def test_rank_goes_before_the_flags(tmp_path: Path) -> None:
    release = (
        Release()
        .rank(("MSH", "MH"), ("MTH", "PN"))
        .atom(HEART, "flagged")
        .atom(HEART, "ranked", SAB="MSH", TTY="MH", ISPREF="N", TS="S", STT="VO")
        .atom(HEART, "not in the table of ranks", SAB="CHV", TTY="SY")
    )
    records, _ = read(release.write(tmp_path))
    assert (HEART, "en", "preferred", "ranked") in terms(records)


def test_equal_texts_are_one_term_with_the_most_preferred_atom(tmp_path: Path) -> None:
    release = (
        Release()
        .rank(("MSH", "MH"), ("MTH", "PN"))
        .atom(HEART, "Heart", AUI="A0000007")
        .atom(HEART, "Heart", AUI="A12345678", SAB="MSH", TTY="MH")
        .atom(HEART, "heart", AUI="A0000009")
        .atom(HEART, "Heart", AUI="A0000003", LAT="SPA")
    )
    records, rejections = read(release.write(tmp_path))
    found = {(r.text, r.language, r.id) for r in records if isinstance(r, Term)}
    assert found == {("Heart", "en", "A12345678"), ("heart", "en", "A0000009"), ("Heart", "es", "A0000003")}
    assert left_out(rejections) == {"another atom of the concept has the same text": 1}


@pytest.mark.parametrize("flag", ["O", "E", "Y"])
def test_suppressed_rows_are_left_out(tmp_path: Path, flag: str) -> None:
    release = (
        Release()
        .atom(HEART, "Heart")
        .atom(HEART, "old heart", SUPPRESS=flag, SAB="SNOMEDCT_US", SCUI="80891009", CODE="80891009")
        .atom(LUNG, "Lung", SUPPRESS=flag)
        .atom(DRUG, "Drug")
        .add(columns.DEFINITIONS, CUI=HEART, DEF="It beats.", SUPPRESS=flag)
        .relation(HEART, "RO", DRUG, "may_treat", SUPPRESS=flag)
        .relation(HEART, "RO", DRUG, "may_prevent")
        .relation(HEART, "RO", LUNG, "near")
    )
    records, rejections = read(release.write(tmp_path))
    assert concepts(records).keys() == {HEART, DRUG}
    assert [text for *_, text in terms(records)] == ["Drug", "Heart"]
    assert relations(records) == {(DRUG, "UMLS:may_prevent", HEART)}
    assert not [record for record in records if isinstance(record, Mapping)]
    assert left_out(rejections) == {
        "the row is suppressed": 4,
        "the concept has no term that was asked for": 1,
    }


def test_other_languages_are_left_out(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "Heart")
        .atom(HEART, "心臓", LAT="JPN", SAB="MSHJPN")
        .atom(LUNG, "肺", LAT="JPN", SAB="MSHJPN")
        .atom(LUNG, "pulmão", LAT="POR", SAB="MSHPOR")
    )
    path = release.write(tmp_path)
    records, rejections = read(path)
    assert concepts(records).keys() == {HEART}
    assert left_out(rejections) == {"the language is not among those asked for": 3}
    assert terms(read(path, "pt-BR", "ja")[0]) == [
        (HEART, "ja", "preferred", "心臓"),
        (LUNG, "pt", "preferred", "pulmão"),
        (LUNG, "ja", "preferred", "肺"),
    ]


def test_only_the_sources_asked_for(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "Heart")
        .atom(HEART, "corazón", LAT="SPA", SAB="SCTSPA", SCUI="80891009", CODE="80891009")
        .atom(LUNG, "pulmón", LAT="SPA", SAB="MSHSPA", CODE="D008168")
        .atom(DRUG, "Drug", SAB="RXNORM", CODE="1")
        .relation(HEART, "RO", LUNG, "near", SAB="MSHSPA")
        .relation(HEART, "RO", LUNG, "far", SAB="RXNORM")
        .add(columns.DEFINITIONS, CUI=HEART, DEF="It beats.", SAB="MTH")
        .add(columns.DEFINITIONS, CUI=HEART, DEF="Late.", SAB="SCTSPA")
    )
    path = release.write(tmp_path)
    records, rejections = read(path, sources=["SCTSPA", "MSHSPA"])
    assert sorted(terms(records)) == [
        (HEART, "es", "definition", "Late."),
        (HEART, "es", "preferred", "corazón"),
        (LUNG, "es", "preferred", "pulmón"),
    ]
    assert relations(records) == {(LUNG, "UMLS:near", HEART)}
    assert {r.target for r in records if isinstance(r, Mapping)} == {"SNOMEDCT:80891009", "MESH:D008168"}
    assert left_out(rejections) == {"the source is not among those asked for": 4}
    with pytest.raises(OptionMismatch, match="has no source 'SCTES'; name others, such as SCTSPA"):
        read(path, sources=["SCTES"])
    with pytest.raises(OptionMismatch, match="has no source '天'; name others, such as MSHSPA, MTH, RXNORM"):
        read(path, hierarchy=["天"])


def test_definitions_have_the_language_of_their_source(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "Heart", SAB="MSH")
        .atom(HEART, "corazón", LAT="SPA", SAB="MSHSPA")
        .atom(HEART, "cœur", LAT="FRE", SAB="MSHFRE")
        .add(columns.DEFINITIONS, CUI=HEART, DEF='An organ that says "tum".', SAB="MSH", ATUI="AT00000009")
        .add(columns.DEFINITIONS, CUI=HEART, DEF='An organ that says "tum".', SAB="MSH", ATUI="AT00000004")
        .add(columns.DEFINITIONS, CUI=HEART, DEF="Un órgano.", SAB="MSHSPA", ATUI="AT00000001")
        .add(columns.DEFINITIONS, CUI=HEART, DEF="Un organe.", SAB="MSHFRE")
        .add(columns.DEFINITIONS, CUI=HEART, DEF="Of a source without atoms.", SAB="NONE")
        .add(columns.DEFINITIONS, CUI=OTHER, DEF="Of no concept.", SAB="MSH")
        .add(columns.DEFINITIONS, CUI=HEART, DEF=" ", SAB="MSH")
    )
    records, rejections = read(release.write(tmp_path))
    definitions = {r for r in records if isinstance(r, Term) and r.kind is TermKind.DEFINITION}
    id = f"UMLS:{HEART}"
    assert definitions == {
        Term(id, 'An organ that says "tum".', "en", TermKind.DEFINITION, id="AT00000004"),
        Term(id, "Un órgano.", "es", TermKind.DEFINITION, id="AT00000001"),
    }
    assert rejections.by_reason["the concept is not in MRCONSO.RRF"] == 1
    assert rejections.by_reason["the definition has no text"] == 1


def test_semantic_types(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "Heart")
        .atom(LUNG, "Lung")
        .atom(DRUG, "Drug", SUPPRESS="O")
        .add(columns.TYPES, CUI=HEART, TUI="T121", STY="Second Type")
        .add(columns.TYPES, CUI=HEART, TUI="T023", STY="First Type")
        .add(columns.TYPES, CUI=HEART, TUI="T023", STY="First Type")
        .add(columns.TYPES, CUI=DRUG, TUI="T023", STY="First Type")
        .add(columns.TYPES, CUI=OTHER, TUI="T023", STY="First Type")
        .add(columns.TYPES, CUI=LUNG, TUI="X023", STY="No Type")
    )
    records, rejections = read(release.write(tmp_path))
    assert concepts(records) == {HEART: "First Type", LUNG: ""}
    assert relations(records) == {(HEART, "UMLS:STY", "STY:T023"), (HEART, "UMLS:STY", "STY:T121")}
    assert rejections.by_reason["the column TUI holds no TUI"] == 1


def test_codes_of_other_systems(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "a", SAB="SNOMEDCT_US", SCUI="80891009", CODE="80891009")
        .atom(HEART, "b", SAB="SNOMEDCT_US", SCUI="80891009", CODE="80891009")
        .atom(HEART, "c", SAB="SCTSPA", LAT="SPA", SCUI="80891009", CODE="80891009")
        .atom(HEART, "d", SAB="MSH", SCUI="M0009924", SDUI="D006321", CODE="D006321")
        .atom(HEART, "e", SAB="MSHFRE", LAT="FRE", SCUI="M0009924", SDUI="D006321", CODE="D006321")
        .atom(HEART, "f", SAB="HPO", SCUI="HP:0001627", CODE="HP:0001627")
        .atom(HEART, "g", SAB="ICD10CM", CODE="I51.9")
        .atom(HEART, "h", SAB="OMIM", CODE="PS123456")
        .atom(HEART, "i", SAB="GO", CODE="GO:0007507")
        .atom(HEART, "j", SAB="LNC-ES-ES", LAT="SPA", CODE="LP7264-4")
        .atom(HEART, "k", SAB="FMA", CODE="7088")
        .atom(HEART, "l", SAB="MTH", CODE="NOCODE")
        .atom(LUNG, "肺", SAB="MDRJPN", LAT="JPN", CODE="10000081")
    )
    records, _ = read(release.write(tmp_path))
    targets = [r.target for r in records if isinstance(r, Mapping)]
    assert sorted(targets) == [
        "FMA:7088",
        "GO:0007507",
        "HP:0001627",
        "ICD10CM:I51.9",
        "LOINC:LP7264-4",
        "MESH:D006321",
        "OMIMPS:123456",
        "SNOMEDCT:80891009",
    ]


def test_sources_that_write_the_codes_of_another() -> None:
    found = {
        sab: system(sab) for sab in ("SNOMEDCT_VET", "MDRSPA", "NCI_FDA", "CPTSP", "ICD10AM", "MSH", "WHOSPA")
    }
    assert found == {
        "SNOMEDCT_VET": "SNOMEDCT",
        "MDRSPA": "MEDDRA",
        "NCI_FDA": "NCIT",
        "CPTSP": "CPT",
        "ICD10AM": "ICD10AM",
        "MSH": "MESH",
        "WHOSPA": "WHO",
    }


def test_relations_read_from_the_second_concept_to_the_first(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "Heart")
        .atom(LUNG, "Lung")
        .atom(DRUG, "Drug")
        .relation(HEART, "RO", DRUG, "may_treat", SAB="MED-RT")
        .relation(DRUG, "RO", HEART, "may_be_treated_by", SAB="MED-RT")
        .relation(HEART, "RO", DRUG, "may_treat", SAB="OTHER")
        .relation(HEART, "RB", LUNG)
        .relation(LUNG, "RN", HEART)
        .relation(LUNG, "SY", LUNG, "translation_of")
        .relation(LUNG, "RO", OTHER)
    )
    records, rejections = read(release.write(tmp_path))
    assert relations(records) == {
        (DRUG, "UMLS:may_treat", HEART),
        (HEART, "UMLS:may_be_treated_by", DRUG),
        (LUNG, "UMLS:RB", HEART),
        (HEART, "UMLS:RN", LUNG),
    }
    assert left_out(rejections) == {
        "the relation is within a concept": 1,
        "another row says the same of the concepts": 1,
    }
    assert rejections.by_reason["the concept is not in MRCONSO.RRF"] == 1


def test_records_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    release = Release()
    for number in range(50):
        for text in ("a", "b", "c"):
            release.atom(f"C{number * 200_001:07}", text, SAB="MSH", CODE=f"D{number}")
            release.relation(f"C{number * 200_001:07}", "RO", f"C{(49 - number) * 200_001:07}", text)
    ahead, _ = read(release.write(tmp_path / "ahead"))
    for rows in release.rows.values():
        rows.reverse()
    back, _ = read(release.write(tmp_path / "back"))
    assert ahead == back
    assert len(terms(ahead)) == 150


def test_the_format_is_told_by_content_and_its_versions_are_kept(tmp_path: Path) -> None:
    release = (
        Release()
        .atom(HEART, "Heart")
        .add(columns.SOURCES, RSAB="SNOMEDCT_US", SVER="2026_03_01")
        .add(columns.SOURCES, RSAB="SNOMEDCT_US", SVER="2025_09_01", CURVER="N")
        .add(columns.SOURCES, RSAB="MTH", SVER="")
    )
    path = release.write(tmp_path)
    (path / "META" / "release.dat").write_text("umls.release.name=2026AA\numls.release.date=20260504\n")
    assert detect_format(path) == detect_format(path / "META") == "rrf"
    loaded = load(path, sources=["MTH"], hierarchy_sources=["MTH"])
    assert {source.name: source.version for source in loaded.sources} == {
        "MRCONSO.RRF": "2026AA",
        "MRSAB.RRF": "MTH, SNOMEDCT_US 2026_03_01",
    }
    assert len(list(loaded.records)) > 0
    with pytest.raises(OptionMismatch, match="A prefix does not go with the format rrf"):
        load(path, prefix="UMLS")


def test_a_release_without_rows_gives_no_records(tmp_path: Path) -> None:
    release = Release().atom(HEART, "Heart", SUPPRESS="O")
    assert read(release.write(tmp_path))[0] == []


def test_empty_files_of_a_subset_are_right(tmp_path: Path) -> None:
    files = Release().atom(HEART, "Heart").contents(listed=False)
    files |= {columns.RELATIONS: b"", columns.DEFINITIONS: b""}
    records, _ = read(write(tmp_path, files))
    assert len(records) == 2
