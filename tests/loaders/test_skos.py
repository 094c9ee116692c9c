from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.model import (
    IS_A,
    Concept,
    Mapping,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
)
from graph.model import TermKind as Kind
from loaders import skos
from loaders.errors import FormatMismatch, OptionMismatch, SourceDamaged
from loaders.files import SourceFile
from loaders.rejections import Rejections

PREFIXES = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix skosxl: <http://www.w3.org/2008/05/skos-xl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix t: <http://example.org/t/> .
"""
HEADER_LINES = PREFIXES.count("\n")


def write(folder: Path, text: str, header: str = PREFIXES) -> SourceFile:
    path = folder / "scheme.ttl"
    path.write_text(header + text, encoding="utf-8")
    return SourceFile(path)


def read(file: SourceFile, **options: Any) -> tuple[list[Record], Rejections]:
    rejections = Rejections()
    options.setdefault("languages", ("es", "en"))
    return list(skos.read(file, rejections, **options)), rejections


def rejected(rejections: Rejections) -> list[tuple[int, str, str]]:
    return [(one.row - HEADER_LINES, one.reason, one.value) for one in rejections]


def test_a_scheme(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "t:s a skos:ConceptScheme ; skos:hasTopConcept t:1 .\nt:g a skos:Collection ; skos:member t:1 .\n"
        't:1 a skos:Concept ; skos:prefLabel "Enfermedad"@es, "Disease"@en, "Maladie"@fr ; skos:inScheme t:s .\n'
        't:2 a skos:Concept ; skos:prefLabel "Fiebre"@es ; skos:altLabel "Pirexia"@es ; skos:broader t:1 ;\n'
        '  skos:hiddenLabel "fievre"@es ; skos:definition "Temperatura alta."@es ; skos:related t:3 ;\n'
        "  skos:broaderTransitive t:1 ; skos:exactMatch <http://snomed.info/id/386661006>, t:3 ;\n"
        '  skos:closeMatch <http://en.wikipedia.org/wiki/Fever> ; skos:scopeNote "nota"@es .\n'
        't:1 skos:narrower t:3 .\nt:3 a skos:Concept ; skos:prefLabel "Tos" ; owl:deprecated true ;\n'
        "  dct:isReplacedBy t:2 .\nt:2 dct:replaces t:3 .\n",
    )
    assert skos.recognises(file)
    records, rejections = read(file)
    assert set(records) == {
        Concept("t:1"),
        Concept("t:2"),
        Concept("t:3", active=False),
        Term("t:1", "Enfermedad", "es", Kind.PREFERRED),
        Term("t:1", "Disease", "en", Kind.PREFERRED),
        Term("t:2", "Fiebre", "es", Kind.PREFERRED),
        Term("t:2", "Pirexia", "es"),
        Term("t:2", "fievre", "es", scope=SynonymScope.RELATED),
        Term("t:2", "Temperatura alta.", "es", Kind.DEFINITION),
        Term("t:3", "Tos", "en", Kind.PREFERRED),
        Relation("t:2", IS_A, "t:1"),
        Relation("t:3", IS_A, "t:1"),
        Relation("t:2", skos.RELATED, "t:3"),
        Mapping("t:2", "SNOMEDCT:386661006", "exact"),
        Mapping("t:2", "t:3", "exact"),
        Succession("t:3", "t:2", SuccessionKind.REPLACED_BY),
    }
    assert rejected(rejections) == [
        (7, "the cross-reference has no CURIE", "http://en.wikipedia.org/wiki/Fever")
    ]


def test_a_second_preferred_label_of_a_language_is_a_synonym(tmp_path: Path) -> None:
    file = write(tmp_path, 't:1 a skos:Concept ; skos:prefLabel "a"@es-ES, "b"@es-MX, "b"@es .\n')
    assert set(read(file, languages=("es-MX", "es"))[0]) == {
        Concept("t:1"),
        Term("t:1", "b", "es", Kind.PREFERRED),
        Term("t:1", "a", "es"),
    }


def test_skos_xl_labels(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        't:1 a skos:Concept ; skosxl:prefLabel t:l1 ; skosxl:altLabel [ skosxl:literalForm "Pirexia"@es ] ;\n'
        "  skosxl:hiddenLabel t:l2 .\n"
        't:l1 a skosxl:Label ; skosxl:literalForm "Fiebre"@es .\n'
        't:2 a skos:Concept ; skosxl:prefLabel t:l3 ; skos:prefLabel "Tos"@es .\nt:l3 skosxl:literalForm "Tos"@es .\n',
    )
    records, rejections = read(file)
    assert set(records) == {
        Concept("t:1"),
        Concept("t:2"),
        Term("t:1", "Fiebre", "es", Kind.PREFERRED),
        Term("t:1", "Pirexia", "es"),
        Term("t:2", "Tos", "es", Kind.PREFERRED),
    }
    assert rejected(rejections) == [(2, "the SKOS-XL label has no literal form", "http://example.org/t/1")]


def test_ids_come_from_the_uri_the_notation_or_a_declared_prefix(tmp_path: Path) -> None:
    text = (
        "<http://snomed.info/id/22298006> a skos:Concept .\n"
        '<http://example.org/t/x1> a skos:Concept ; skos:notation "I21.9" .\n'
        "<http://example.org/t/x2> a skos:Concept .\n"
        "<http://elsewhere.org/x3/> a skos:Concept .\n<http://elsewhere.org/a#x2> a skos:Concept .\n"
        '<http://elsewhere.org/4> a skos:Concept ; skos:notation "I 22" .\n'
    )
    file = write(tmp_path, text)
    records, rejections = read(file, prefix="CIE10")
    assert records == [Concept("SNOMEDCT:22298006"), Concept("ICD10:I21.9"), Concept("ICD10:x2")]
    no_id = "the concept's URI has no CURIE, and no prefix with a notation makes one"
    assert rejected(rejections) == [
        (4, no_id, "http://elsewhere.org/x3/"),
        (5, "another concept has the same id", "http://elsewhere.org/a#x2 ICD10:x2"),
        (6, no_id, "http://elsewhere.org/4"),
    ]
    assert read(file)[0] == [Concept("SNOMEDCT:22298006"), Concept("t:x1"), Concept("t:x2")]
    with pytest.raises(
        OptionMismatch, match="gets an id, as its URIs belong to no known terminology; give a prefix"
    ):
        read(write(tmp_path, "<http://elsewhere.org/4> a skos:Concept .\n"))


def test_statements_that_are_malformed_are_named(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        't:1 a skos:Concept ; skos:prefLabel t:1 ;\n skos:broader "t:1" ;\n skos:broader [] ;\n'
        " skos:related t:9 ;\n skos:exactMatch [] .\n",
    )
    records, rejections = read(file)
    assert records == [Concept("t:1")]
    other = "the other end is no concept of the file"
    assert rejected(rejections) == [
        (1, "the text is no literal", "http://example.org/t/1"),
        (2, other, "t:1 broader t:1"),
        (3, other, "t:1 broader a blank node"),
        (4, other, "t:1 related http://example.org/t/9"),
        (5, "the cross-reference has no CURIE", ""),
    ]


def test_what_is_no_scheme(tmp_path: Path) -> None:
    with pytest.raises(FormatMismatch, match=r"is not a SKOS concept scheme: it holds no skos:Concept"):
        read(write(tmp_path, "t:1 a owl:Class .\n"))
    with pytest.raises(
        FormatMismatch, match="is not SKOS as RDF/XML, Turtle or N-Triples: it begins neither"
    ):
        read(write(tmp_path, "code\tterm\n", header=""))
    with pytest.raises(SourceDamaged, match=r"Row 6 .*breaks off"):
        read(write(tmp_path, "t:1 a skos:Concept ; skos:prefLabel"))
    assert skos.recognises(write(tmp_path, "t:s a skos:ConceptScheme .\n"))
    assert not skos.recognises(write(tmp_path, "t:s a owl:Ontology .\n"))


def test_the_version(tmp_path: Path) -> None:
    assert (
        skos.version(write(tmp_path, 't:s a skos:ConceptScheme ; dct:modified "2024-05-01" .\n'))
        == "2024-05-01"
    )
    assert skos.version(write(tmp_path, "t:s a skos:ConceptScheme .\n")) == ""
