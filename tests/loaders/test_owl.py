from __future__ import annotations

import gzip
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
from loaders import owl
from loaders.errors import FormatMismatch, SourceDamaged, SourceEmpty
from loaders.files import SourceFile
from loaders.ontology import NOT_SAYABLE
from loaders.rejections import OTHER_LANGUAGE, Rejections

PREFIXES = """@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix oboInOwl: <http://www.geneontology.org/formats/oboInOwl#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ex: <http://example.org/onto#> .
"""
HEADER_LINES = PREFIXES.count("\n")
XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY obo "http://purl.obolibrary.org/obo/"> ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#"
  xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:ex="http://example.org/onto#">
<owl:Class rdf:about="&obo;HP_1">
<rdfs:label xml:lang="es">Fiebre &amp; tos</rdfs:label>
</owl:Class>
<owl:Class rdf:about="http://example.org/onto#two"><rdfs:label>two</rdfs:label></owl:Class>
</rdf:RDF>
"""


def write(folder: Path, text: str, header: str = PREFIXES) -> SourceFile:
    path = folder / "o.owl"
    path.write_bytes((header + text).encode())
    return SourceFile(path)


def read(file: SourceFile, **options: Any) -> tuple[list[Record], Rejections]:
    rejections = Rejections()
    options.setdefault("languages", ("es", "en"))
    return list(owl.read(file, rejections, **options)), rejections


def rejected(rejections: Rejections) -> list[tuple[int, str, str]]:
    return [(one.row - HEADER_LINES, one.reason, one.value) for one in rejections]


def test_labels_and_synonyms_by_language(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'obo:HP_1 a owl:Class ; rdfs:label "Fever", "Fièvre"@fr, "Calentura"@es-MX, "Fiebre"@es ;\n'
        '  skos:prefLabel "Fever", "pyrexia"@EN-gb ; skos:altLabel "Temp."@es ; skos:definition "Calor."@es ;\n'
        '  oboInOwl:hasBroadSynonym "hot" ; oboInOwl:hasSynonym "heat" ; rdfs:label "" .\n',
    )
    records, rejections = read(file)
    assert set(records) == {
        Concept("HP:1"),
        Term("HP:1", "Fever", "en", Kind.PREFERRED),
        Term("HP:1", "pyrexia", "en"),
        Term("HP:1", "Calentura", "es", Kind.PREFERRED),
        Term("HP:1", "Fiebre", "es"),
        Term("HP:1", "Temp.", "es"),
        Term("HP:1", "Calor.", "es", Kind.DEFINITION),
        Term("HP:1", "hot", "en", scope=SynonymScope.BROAD),
        Term("HP:1", "heat", "en", scope=SynonymScope.RELATED),
    }
    assert not rejections
    assert rejections.left_out == {OTHER_LANGUAGE: 1}
    spain = read(file, languages=("es-ES", "es"))[0]
    assert [r.text for r in spain if isinstance(r, Term) and r.kind is Kind.PREFERRED] == ["Calentura"]
    mexico = read(
        write(tmp_path, 'obo:HP_1 a owl:Class ; rdfs:label "a"@es-ES, "b"@es-MX .'), languages=("es-MX",)
    )
    assert set(mexico[0]) == {
        Concept("HP:1"),
        Term("HP:1", "b", "es", Kind.PREFERRED),
        Term("HP:1", "a", "es"),
    }


def test_what_expressions_say(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'obo:HP_1 a owl:Class ; rdfs:label "a" ; rdfs:subClassOf owl:Thing .\n'
        'obo:HP_2 a owl:Class ; rdfs:label "b" ; owl:equivalentClass obo:HP_1, [ a owl:Class ;\n'
        "  owl:intersectionOf ( obo:HP_1 [ owl:onProperty obo:RO_1 ; owl:someValuesFrom obo:HP_1 ]\n"
        "  [ owl:intersectionOf ( obo:HP_1 [ owl:onProperty obo:RO_2 ; owl:someValuesFrom obo:HP_1 ] ) ] ) ] .\n"
        'obo:HP_3 a owl:Class ; rdfs:label "c" ;\n'
        "  rdfs:subClassOf [ owl:onProperty obo:RO_1 ; owl:allValuesFrom obo:HP_1 ] ;\n"
        "  rdfs:subClassOf [ owl:onProperty [ owl:inverseOf obo:RO_1 ] ; owl:someValuesFrom obo:HP_1 ] ;\n"
        "  owl:equivalentClass [ owl:unionOf ( obo:HP_1 obo:HP_2 ) ] ;\n"
        '  rdfs:subClassOf "HP:1", obo:HP_9 ; owl:disjointWith obo:HP_1 .\n'
        "[ owl:onProperty obo:RO_1 ; owl:someValuesFrom obo:HP_1 ] rdfs:subClassOf obo:HP_2 .\n",
    )
    records, rejections = read(file, languages=("es",))
    assert set(records) == {
        Concept("HP:1"),
        Concept("HP:2", defined=True),
        Concept("HP:3", defined=True),
        Mapping("HP:2", "HP:1", "exact"),
        Relation("HP:2", IS_A, "HP:1"),
        Relation("HP:2", "RO:1", "HP:1"),
        Relation("HP:2", "RO:2", "HP:1"),
    }
    assert rejected(rejections) == [
        (9, "the class is a text", "HP:1"),
        (9, "an end of the relation is no class of the ontology", "HP:9"),
    ]
    assert rejections.left_out[NOT_SAYABLE] == 3


def test_lists_that_go_round_or_break_off(tmp_path: Path) -> None:
    for items in ("_:l rdf:first obo:HP_1 ; rdf:rest _:l .", "_:l rdf:first obo:HP_1 .", ""):
        file = write(
            tmp_path,
            f'obo:HP_1 a owl:Class ; rdfs:label "a" .\nobo:HP_2 a owl:Class ; rdfs:label "b" ; '
            f"rdfs:subClassOf _:e .\n_:e owl:intersectionOf _:l . {items}\n",
        )
        records, rejections = read(file, languages=("es",))
        found = [record for record in records if isinstance(record, Relation)]
        assert found == ([Relation("HP:2", IS_A, "HP:1")] if "rest" in items else [])
        reason = "a list of the class expression goes round or breaks off"
        assert rejected(rejections) == [(2, reason, "http://purl.obolibrary.org/obo/HP_2")]


def test_retired_classes_and_mappings(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'obo:HP_1 a owl:Class ; rdfs:label "a" ; oboInOwl:hasAlternativeId "HP:8" ;\n'
        '  oboInOwl:hasDbXref "UMLS:C1", <http://snomed.info/id/22298006>, "a book" ;\n'
        "  skos:closeMatch <http://id.nlm.nih.gov/mesh/D1> ; oboInOwl:hasDbXref [] .\n"
        "obo:HP_2 a owl:Class ; owl:deprecated true ; obo:IAO_0100001 obo:HP_1 .\n"
        'obo:HP_3 a owl:Class ; owl:deprecated "1" ; oboInOwl:consider "HP:1" .\n'
        "obo:HP_8 a owl:Class ; owl:deprecated true ; obo:IAO_0000231 obo:IAO_0000227 ;\n"
        "  obo:IAO_0100001 obo:HP_1 .\n"
        'obo:HP_7 a owl:Class ; rdfs:label "old" ; owl:deprecated false .\n',
    )
    records, rejections = read(file, languages=("es",))
    assert set(records) == {
        Concept("HP:1"),
        Concept("HP:7"),
        *(Concept(id, active=False) for id in ("HP:2", "HP:3", "HP:8")),
        Mapping("HP:1", "UMLS:C1"),
        Mapping("HP:1", "SNOMEDCT:22298006"),
        Mapping("HP:1", "MESH:D1", "close"),
        Succession("HP:2", "HP:1", SuccessionKind.REPLACED_BY),
        Succession("HP:3", "HP:1", SuccessionKind.POSSIBLY_EQUIVALENT_TO),
        Succession("HP:8", "HP:1", SuccessionKind.SAME_AS),
    }
    assert rejected(rejections) == [
        (2, "the cross-reference has no CURIE", "a book"),
        (3, "the other id is a blank node", "http://purl.obolibrary.org/obo/HP_1"),
    ]


def test_what_is_not_a_named_class_is_passed_over_or_named(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'obo:HP_1 a owl:Class ; rdfs:label <http://x.org/a>, "a" .\n'
        'obo:RO_1 a owl:ObjectProperty ; rdfs:label "part of" .\nex:a a obo:HP_1 ; rdfs:label "Ana" .\n'
        'obo:CHEBI_1 a owl:Class .\nowl:Thing a owl:Class ; rdfs:label "Thing" .\n'
        '<http://absent.org/x y> a owl:Class ; rdfs:label "c" .\nex:word a rdfs:Class ; rdfs:label "d" .\n'
        '[] a owl:Class ; rdfs:label "e" .\n',
    )
    records, rejections = read(file, languages=("es",))
    assert records == [Concept("HP:1"), Concept("ex:word")]
    assert rejected(rejections) == [
        (6, "the class's IRI has no CURIE", "http://absent.org/x y"),
        (1, "the text is no literal", "http://purl.obolibrary.org/obo/HP_1"),
    ]
    assert read(file, languages=("es",), prefix="ex")[0] == [Concept("ex:word")]


def test_statements_may_come_in_any_order(tmp_path: Path) -> None:
    lines = [
        'obo:HP_1 rdfs:label "a" .',
        "obo:HP_1 rdfs:subClassOf obo:HP_2 .",
        "obo:HP_2 a owl:Class .",
        'obo:HP_2 oboInOwl:hasExactSynonym "c" .',
        "obo:HP_1 a owl:Class .",
        'obo:HP_2 rdfs:label "b" .',
    ]
    expected = set(read(write(tmp_path, "\n".join(lines)))[0])
    assert Relation("HP:1", IS_A, "HP:2") in expected
    assert set(read(write(tmp_path, "\n".join(reversed(lines))))[0]) == expected


def test_rdf_xml_with_entities_and_declared_prefixes(tmp_path: Path) -> None:
    file = write(tmp_path, XML, header="")
    for content in (XML.encode(), b"\xef\xbb\xbf" + XML.encode(), gzip.compress(XML.encode())):
        file.path.write_bytes(content)
        assert owl.recognises(file)
        assert set(read(file)[0]) == {
            Concept("HP:1"),
            Term("HP:1", "Fiebre & tos", "es", Kind.PREFERRED),
            Concept("ex:two"),
            Term("ex:two", "two", "en", Kind.PREFERRED),
        }


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("</rdf:RDF>\n", "", "Row 9 of .* is damaged: its RDF/XML breaks off;"),
        (
            "<rdfs:label>two</rdfs:label></owl:Class>\n</rdf:RDF>",
            "<rdfs:lab",
            "Row 8 .*: its RDF/XML breaks off",
        ),
        (
            "Fiebre &amp; tos</rdfs:label>",
            "Fiebre</rdfs:labl>",
            r"Row 6 .*its RDF/XML is malformed \(mismatched tag",
        ),
        ("&obo;", "&abc;", r"Row 5 .*is malformed \(undefined entity"),
        ("<rdfs:label>two", "<no:label>two", r"Row 8 .*is malformed \(unbound prefix"),
        ("<rdfs:label>two", '<rdfs:label rdf:ID="a b">two', "Row 8 .*its RDF/XML is malformed"),
        (
            '"http://purl.obolibrary.org/obo/"> ]',
            'SYSTEM "file:///etc/hostname"> ]',
            "Row 2 .*RDF/XML is malformed",
        ),
    ],
)
def test_malformed_rdf_xml_is_one_sentence_with_its_line(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in XML
    with pytest.raises(SourceDamaged, match=told) as raised:
        read(write(tmp_path, XML.replace(old, new), header=""))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('obo:HP_1 a owl:Class ;\n rdfs:label "a', "Row 9 .*its Turtle breaks off"),
        ("obo:HP_1 a owl:Class ;", "Row 8 .*its Turtle breaks off"),
        (
            "obo:HP_1 a owl:Class .\n\nno:thing a owl:Class .",
            r"Row 10 .*malformed \(The prefix no: has not been",
        ),
        ('obo:HP_1 a owl:Class ; rdfs:label "a"@es\n obo:x obo:y .', "Row 9 .*its Turtle is malformed"),
    ],
)
def test_malformed_turtle_is_one_sentence_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SourceDamaged, match=told):
        read(write(tmp_path, text))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    file.path.write_bytes(PREFIXES.encode() + b'obo:HP_1 a owl:Class ; rdfs:label "a\xff" .\n')
    with pytest.raises(SourceDamaged, match=r"Row 8 .* is damaged: it is not UTF-8; convert"):
        read(file)
    file.path.write_bytes(XML.encode().replace(b"Fiebre", b"a\xff"))
    with pytest.raises(SourceDamaged, match=r"Row 6 .* is damaged: it is not UTF-8; convert"):
        read(file)
    file.path.write_bytes(gzip.compress(XML.encode())[:-30])
    with pytest.raises(SourceDamaged, match="compressed data"):
        read(file)
    file.path.write_bytes(b"")
    with pytest.raises(SourceEmpty):
        read(file)


def test_entities_that_swell_are_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY e0 "' + "a" * 1000 + '">'
    entities += "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(7))
    text = XML.replace("<!ENTITY obo", entities + "<!ENTITY obo").replace("Fiebre", "&e7;")
    with pytest.raises(SourceDamaged, match=r"Row 2 .*RDF/XML is malformed \(its entities are too large\)"):
        read(write(tmp_path, text, header=""))


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("Prefix(:=<http://x.org/>)\nOntology(<http://x.org/o>)\n", "OWL functional syntax"),
        ("Prefix: obo: <http://x.org/>\nOntology: <http://x.org/o>\n", "Manchester syntax"),
        (
            '<?xml version="1.0"?>\n<Ontology xmlns="http://www.w3.org/2002/07/owl#">\n</Ontology>\n',
            "OWL/XML",
        ),
    ],
)
def test_owl_in_another_syntax_says_so(tmp_path: Path, text: str, syntax: str) -> None:
    file = write(tmp_path, text, header="")
    assert owl.recognises(file)
    with pytest.raises(FormatMismatch, match=f"it is {syntax}; convert it, for example with `robot convert"):
        read(file)


def test_rdf_without_classes_is_no_ontology(tmp_path: Path) -> None:
    file = write(tmp_path, 'ex:a rdfs:label "a" .\n')
    assert not owl.recognises(file)
    with pytest.raises(FormatMismatch, match="is not an OWL ontology: it declares no class"):
        read(file)
    with pytest.raises(FormatMismatch, match="it begins neither as RDF/XML nor as Turtle"):
        read(write(tmp_path, "Notas sueltas.\n", header=""))


def test_an_ontology_is_told_by_its_classes_or_its_header(tmp_path: Path) -> None:
    assert owl.recognises(write(tmp_path, "<http://x.org/o> a owl:Ontology ; owl:versionInfo 'x' .\n"))
    assert owl.recognises(write(tmp_path, "obo:HP_1 a owl:Class .\nobo:HP_1 skos:exactMatch ex:a .\n"))
    assert not owl.recognises(write(tmp_path, "ex:s a skos:ConceptScheme, owl:Ontology .\n"))
    assert not owl.recognises(
        write(tmp_path, "ex:C a owl:Class .\nex:a a skos:Concept .\nex:b a skos:Concept .\n")
    )


def test_the_version(tmp_path: Path) -> None:
    iri = "owl:versionIRI <http://x.org/2024>"
    for said, version in {
        f"owl:versionInfo '2' ; {iri}": "http://x.org/2024",
        "owl:versionInfo '2'": "2",
    }.items():
        assert owl.version(write(tmp_path, f"<http://x.org/o> a owl:Ontology ; {said} .\n")) == version
    assert owl.version(write(tmp_path, "<http://x.org/o> a owl:Ontology .\n")) == ""
    assert owl.version(write(tmp_path, "<http://x.org/o> a owl:Ont")) == ""
