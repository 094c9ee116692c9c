from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from graph.model import IS_A, Concept, Mapping, Record, Relation, Succession, SuccessionKind, Term, TermKind
from loaders import obo
from loaders.errors import FormatMismatch, SourceDamaged, SourceEmpty
from loaders.files import SourceFile
from loaders.ontology import CONDITIONAL, NOT_SAYABLE
from loaders.rejections import Rejections

HEADER = "format-version: 1.4\ndata-version: hp/releases/2024-04-26\nontology: hp\n\n"


def write(folder: Path, text: str, header: str = HEADER) -> SourceFile:
    path = folder / "o.obo"
    path.write_bytes((header + text).encode())
    return SourceFile(path)


def read(file: SourceFile, **options: Any) -> tuple[list[Record], Rejections]:
    rejections = Rejections()
    options.setdefault("languages", ("en",))
    return list(obo.read(file, rejections, **options)), rejections


def rejected(rejections: Rejections) -> list[tuple[int, str, str]]:
    return [(one.row, one.reason, one.value) for one in rejections]


def test_a_term(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "[Term]\nid: HP:1\nname: Dolor \\{agudo\\}\nname: Dolor\nnamespace: phenotype\n"
        'def: "Un \\"dolor\\"." [PMID:1, http\\://x.org "a, b"]\n'
        'synonym: "Punzada" NARROW layperson [] {source="x"}\n'
        'xref: UMLS:C1 "a description"\nxref: a\\ book\nequivalent_to: MONDO:1\n'
        "property_value: skos:exactMatch MSH:D1\nproperty_value: seeAlso http://x.org\n"
        'property_value: IAO:0000589 "x" xsd:string\ncreated_by: someone\n',
    )
    records, rejections = read(file)
    assert records == [
        Concept("HP:1", semantic_tag="phenotype"),
        Term("HP:1", "Dolor {agudo}", "en", TermKind.PREFERRED),
        Term("HP:1", "Dolor", "en"),
        Term("HP:1", "Punzada", "en", scope=obo.SynonymScope.NARROW),
        Term("HP:1", 'Un "dolor".', "en", TermKind.DEFINITION),
        Mapping("HP:1", "UMLS:C1"),
        Mapping("HP:1", "MONDO:1", "exact"),
        Mapping("HP:1", "MESH:D1", "exact"),
    ]
    assert rejected(rejections) == [(13, "the cross-reference has no CURIE", "a book")]
    assert read(file, languages=("es",))[0] == [r for r in records if not isinstance(r, Term)]


def test_relations_get_the_ids_of_their_types(tmp_path: Path) -> None:
    text = (
        "[Term]\nid: HP:1\nname: a\n\n[Term]\nid: HP:2\nname: b\nis_a: HP:1 ! a\n"
        "relationship: part_of HP:1\nrelationship: RO:0002573 HP:1\nrelationship: near HP:1\n\n"
        "[Typedef]\nid: part_of\nname: part of\nxref: BFO:0000050\n\n[Typedef]\nid: RO:0002573\nxref: X:1\n"
    )
    records, rejections = read(write(tmp_path, text), languages=())
    assert [record for record in records if isinstance(record, Relation)] == [
        Relation("HP:2", IS_A, "HP:1"),
        Relation("HP:2", "RO:0002573", "HP:1"),
        Relation("HP:2", "BFO:0000050", "HP:1"),
        Relation("HP:2", "HP:near", "HP:1"),
    ]
    assert not rejections
    _, rejections = read(write(tmp_path, text, header="format-version: 1.2\n"))
    assert [reason for _, reason, _ in rejected(rejections)] == ["an IRI of the edge has no CURIE"]


def test_definitions_conditions_and_unions(tmp_path: Path) -> None:
    text = (
        "[Term]\nid: HP:1\nname: a\n\n[Term]\nid: HP:2\nname: b\nintersection_of: HP:1\n"
        "intersection_of: BFO:0000050 HP:1\n\n[Term]\nid: HP:3\nname: c\nunion_of: HP:1\nunion_of: HP:2\n"
        'is_a: HP:1 {gci_relation="BFO:0000050", gci_filler="HP:2"}\nrelationship: RO:1 HP:1 {source="x"}\n'
    )
    records, rejections = read(write(tmp_path, text), languages=())
    assert records == [
        Concept("HP:1"),
        Concept("HP:2", defined=True),
        Relation("HP:2", IS_A, "HP:1"),
        Relation("HP:2", "BFO:0000050", "HP:1"),
        Concept("HP:3", defined=True),
        Relation("HP:3", "RO:1", "HP:1"),
    ]
    assert rejections.left_out == {NOT_SAYABLE: 2, CONDITIONAL: 1}
    assert not rejections


def test_retired_terms_and_prefixes(tmp_path: Path) -> None:
    text = (
        "[Term]\nid: HP:1\nname: a\nalt_id: HP:8\n\n[Term]\nid: HP:2\nis_obsolete: true\nreplaced_by: HP:1\n"
        "consider: HP:9\n\n[Term]\nid: CHEBI:3\nname: c\n\n[Term]\nid: HP:4\nis_a: HP:1\n"
    )
    records, rejections = read(write(tmp_path, text), languages=(), prefix="HP")
    assert records == [
        Concept("HP:1"),
        Concept("HP:2", active=False),
        Concept("HP:8", active=False),
        Succession("HP:8", "HP:1", SuccessionKind.SAME_AS),
        Succession("HP:2", "HP:1", SuccessionKind.REPLACED_BY),
    ]
    assert rejected(rejections) == [
        (14, "an end of the succession is no class of the ontology", "HP:9"),
        (22, "an end of the relation is no class of the ontology", "HP:4"),
    ]


def test_identifiers_that_are_words_or_iris_and_prefixes_that_the_header_declares(tmp_path: Path) -> None:
    header = HEADER.replace(
        "\n\n", "\nidspace: SNO http://snomed.info/id/ SNOMED\nidspace: EX http://x.org/\n\n"
    )
    text = (
        "[Term]\nid: fever\nname: a\n\n[Term]\nid: http://purl.obolibrary.org/obo/HP_2\nname: b\nis_a: fever\n"
        "xref: SNO:22298006\n\n[Term]\nid: http://x.org/5\nname: c\n\n[Term]\nid: http://y.org/5\nname: d\n"
    )
    records, rejections = read(write(tmp_path, text, header), languages=())
    assert records == [
        Concept("HP:fever"),
        Concept("HP:2"),
        Mapping("HP:2", "SNOMEDCT:22298006"),
        Relation("HP:2", IS_A, "HP:fever"),
        Concept("EX:5"),
    ]
    assert rejected(rejections) == [(21, "the class's IRI has no CURIE", "http://y.org/5")]


def test_lines_that_are_no_obo_cost_themselves(tmp_path: Path) -> None:
    text = (
        '! a comment\n[Term]\nid: HP:1\nname: a\n\nsynonym: "no end\ncolour: red\nxref: UMLS:C1\nid: HP:7\n\n'
        "[Term]\nname: no id\nid: HP:2\n\n[Term]\nid: HP 3\nname: b\n\n[Trem]\nid: HP:4\n\n[Term]\n\n"
        "[Instance]\nid: x\nnonsense\n"
    )
    header = HEADER.replace("ontology: hp\n", "ontology: hp\ndate: yesterday\n")
    records, rejections = read(write(tmp_path, text, header))
    assert records == [
        Concept("HP:1"),
        Term("HP:1", "a", "en", TermKind.PREFERRED),
        Mapping("HP:1", "UMLS:C1"),
    ]
    assert rejected(rejections) == [
        (4, "the line is no OBO clause", "date: yesterday"),
        (11, "the line is no OBO clause", 'synonym: "no end'),
        (12, "the line is no OBO clause", "colour: red"),
        (14, "the line is no OBO clause", "id: HP:7"),
        (17, "the frame has no id, or one that is no OBO identifier", "name: no id"),
        (21, "the frame has no id, or one that is no OBO identifier", "id: HP 3"),
        (24, "the frame is of no kind that OBO has", "[Trem]"),
        (27, "the frame has no id, or one that is no OBO identifier", "[Term]"),
    ]


def test_a_last_line_that_was_cut_off(tmp_path: Path) -> None:
    records, rejections = read(write(tmp_path, "[Term]\nid: HP:1\nname: a\nxref: UMLS:C000"))
    assert records == [Concept("HP:1"), Term("HP:1", "a", "en", TermKind.PREFERRED)]
    assert rejected(rejections) == [
        (8, "the last line has no end and may have been cut off", "xref: UMLS:C000")
    ]


def test_windows_line_ends_a_byte_order_mark_and_gzip(tmp_path: Path) -> None:
    file = write(tmp_path, "[Term]\nid: HP:1\nname: a\n")
    expected = read(file)[0]
    plain = file.path.read_bytes()
    for content in (plain.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + plain, gzip.compress(plain)):
        file.path.write_bytes(content)
        assert obo.recognises(file)
        assert read(file)[0] == expected
        assert obo.version(file) == "hp/releases/2024-04-26"


def test_a_quoted_text_over_several_lines(tmp_path: Path) -> None:
    records, rejections = read(write(tmp_path, '[Term]\nid: HP:1\nname: a\ndef: "b\nc" []\nxref: none\n'))
    assert Term("HP:1", "b\nc", "en", TermKind.DEFINITION) in records
    assert rejected(rejections) == [(5, "the cross-reference has no CURIE", "none")]


def test_what_is_no_obo_file(tmp_path: Path) -> None:
    file = write(tmp_path, "Notas sueltas.\n", header="")
    assert not obo.recognises(file)
    with pytest.raises(FormatMismatch, match="is not an OBO file: it begins neither"):
        read(file)
    with pytest.raises(FormatMismatch, match=r"it has no \[Term\]"):
        read(write(tmp_path, "[Typedef]\nid: part_of\n"))
    with pytest.raises(SourceEmpty):
        read(write(tmp_path, "", header=""))
    file.path.write_bytes(HEADER.encode() + b"[Term]\nid: HP:1\nname: a\xff\n")
    with pytest.raises(SourceDamaged, match=r"Row 7 of .* is not UTF-8"):
        read(file)
    file.path.write_bytes(gzip.compress(HEADER.encode() * 100)[:-20])
    with pytest.raises(SourceDamaged, match="compressed data"):
        read(file)
    assert obo.version(write(tmp_path, "[Term]\n", header="format-version: 1.4\n")) == ""
