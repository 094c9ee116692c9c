from __future__ import annotations

import gzip
import json
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
    TermKind,
)
from loaders import obograph
from loaders.errors import FormatMismatch, SourceDamaged
from loaders.files import SourceFile
from loaders.rejections import Rejections

OBO = "http://purl.obolibrary.org/obo/"
OIO = "http://www.geneontology.org/formats/oboInOwl#"


def node(id: str, label: str | None = None, type: str | None = "CLASS", **meta: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": OBO + id, "meta": meta}
    if label is not None:
        made["lbl"] = label
    if type is not None:
        made["type"] = type
    return made


def edge(sub: str, pred: str, obj: str) -> dict[str, str]:
    return {"sub": OBO + sub, "pred": pred if pred == "is_a" else OBO + pred, "obj": OBO + obj}


def value(pred: str, val: str) -> dict[str, str]:
    return {"pred": pred, "val": val}


def write(path: Path, *nodes: Any, edges: list[Any] | None = None, **graph: Any) -> SourceFile:
    document = {"graphs": [{"nodes": list(nodes), "edges": edges or [], **graph}]}
    path.write_text(json.dumps(document), encoding="utf-8")
    return SourceFile(path)


def read(file: SourceFile, **options: Any) -> tuple[list[Record], Rejections]:
    rejections = Rejections()
    return list(obograph.read(file, rejections, **options)), rejections


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "o.json"


def test_a_class_with_its_terms_and_mappings(path: Path) -> None:
    file = write(
        path,
        node(
            "HP_0000001",
            "All",
            definition={"val": "Everything.", "xrefs": ["PMID:1"]},
            synonyms=[
                {"pred": "hasExactSynonym", "val": "Whole"},
                {"pred": "hasBroadSynonym", "val": "Thing"},
                {"pred": "hasNarrowSynonym", "val": "Part"},
                {"pred": "hasRelatedSynonym", "val": "Sum"},
            ],
            xrefs=[{"val": "UMLS:C0444868"}, {"val": "SNOMEDCT_US_2020_03_01:1"}, {"val": "a book"}],
            basicPropertyValues=[
                value(OIO + "hasOBONamespace", "phenotype"),
                value("http://www.w3.org/2004/02/skos/core#exactMatch", "http://identifiers.org/mesh/D1"),
            ],
        ),
    )
    records, rejections = read(file)
    assert records == [
        Concept("HP:0000001", semantic_tag="phenotype"),
        Term("HP:0000001", "All", "en", TermKind.PREFERRED),
        Term("HP:0000001", "Whole", "en", TermKind.SYNONYM, SynonymScope.EXACT),
        Term("HP:0000001", "Thing", "en", TermKind.SYNONYM, SynonymScope.BROAD),
        Term("HP:0000001", "Part", "en", TermKind.SYNONYM, SynonymScope.NARROW),
        Term("HP:0000001", "Sum", "en", TermKind.SYNONYM, SynonymScope.RELATED),
        Term("HP:0000001", "Everything.", "en", TermKind.DEFINITION),
        Mapping("HP:0000001", "UMLS:C0444868"),
        Mapping("HP:0000001", "SNOMEDCT:1"),
        Mapping("HP:0000001", "MESH:D1", "exact"),
    ]
    assert [(one.row, one.reason, one.value) for one in rejections] == [
        (1, "the cross-reference has no CURIE", "a book")
    ]


def test_properties_individuals_and_dangling_references_are_no_concepts(path: Path) -> None:
    file = write(
        path,
        node("RO_0000001", "part of", "PROPERTY"),
        node("HP_0000002", "an individual", "INDIVIDUAL"),
        node("BFO_0000051", "has part", None),
        node("CHEBI_1"),
        node("CHEBI_2", "water"),
        edges=[edge("RO_0000001", "is_a", "RO_0000001") | {"pred": "subPropertyOf"}],
    )
    records, rejections = read(file, languages=("es",))
    assert records == [Concept("CHEBI:2")]
    assert rejections.count == 0


def test_edges_become_relations_and_those_without_ends_are_rejected(path: Path) -> None:
    edges = [
        edge("HP_2", "is_a", "HP_1"),
        edge("HP_2", "BFO_0000050", "HP_1"),
        edge("HP_2", "is_a", "HP_9"),
    ]
    records, rejections = read(write(path, node("HP_1", "a"), node("HP_2", "b"), edges=edges))
    relations = [record for record in records if isinstance(record, Relation)]
    assert relations == [Relation("HP:2", IS_A, "HP:1"), Relation("HP:2", "BFO:0000050", "HP:1")]
    assert [(one.row, one.value) for one in rejections] == [(3, "HP:9")]


def test_edges_may_come_before_nodes(path: Path) -> None:
    graph = {"edges": [edge("HP_2", "is_a", "HP_1")], "nodes": [node("HP_1", "a"), node("HP_2", "b")]}
    path.write_text(json.dumps({"graphs": [graph]}), encoding="utf-8")
    records, rejections = read(SourceFile(path))
    assert records[-1] == Relation("HP:2", IS_A, "HP:1")
    assert not rejections


def test_retired_classes_and_what_stands_for_them(path: Path) -> None:
    replaced = [value(OBO + "IAO_0100001", "HP:0000001"), value(OIO + "consider", OBO + "HP_0000002")]
    file = write(
        path,
        node("HP_0000009", "obsolete Old", deprecated=True, basicPropertyValues=replaced),
        node("HP_0000001", "New"),
        node("HP_0000002", "Other"),
        node("HP_0000008", None, deprecated=True, basicPropertyValues=[value(OBO + "IAO_0100001", "HP:7")]),
    )
    records, rejections = read(file)
    assert Concept("HP:0000009", active=False) in records
    assert Term("HP:0000009", "obsolete Old", "en", TermKind.PREFERRED) in records
    assert Concept("HP:0000008", active=False) in records
    assert [record for record in records if isinstance(record, Succession)] == [
        Succession("HP:0000009", "HP:0000001", SuccessionKind.REPLACED_BY),
        Succession("HP:0000009", "HP:0000002", SuccessionKind.POSSIBLY_EQUIVALENT_TO),
    ]
    assert [one.reason for one in rejections] == ["an end of the succession is no class of the ontology"]


def test_alternative_ids(path: Path) -> None:
    alternatives = [value(OIO + "hasAlternativeId", id) for id in ("HP:5", "HP:6", "HP:7", "none")]
    file = write(
        path,
        node("HP_1", "One", basicPropertyValues=alternatives),
        node("HP_6", "obsolete Six", deprecated=True),
        node("HP_7", "Seven"),
    )
    records, rejections = read(file)
    assert records.count(Concept("HP:5", active=False)) == 1
    assert records.count(Concept("HP:6", active=False)) == 1
    assert [record for record in records if isinstance(record, Succession)] == [
        Succession("HP:5", "HP:1", SuccessionKind.SAME_AS),
        Succession("HP:6", "HP:1", SuccessionKind.SAME_AS),
    ]
    assert {(one.reason, one.value) for one in rejections} == {
        ("the alternative id is an active class of its own", "HP:7"),
        ("the other id is no CURIE", "none"),
    }


def test_definitions_by_genus_and_differentiae(path: Path) -> None:
    axiom = {
        "definedClassId": OBO + "HP_3",
        "genusIds": [OBO + "HP_1"],
        "restrictions": [{"propertyId": OBO + "RO_1", "fillerId": OBO + "HP_2"}],
    }
    nodes = [node("HP_1", "a"), node("HP_2", "b"), node("HP_3", "c")]
    told = [Relation("HP:3", IS_A, "HP:1"), Relation("HP:3", "RO:1", "HP:2")]
    records, rejections = read(write(path, *nodes, logicalDefinitionAxioms=[axiom]), languages=())
    assert records == [
        *(Concept(f"HP:{n}") for n in (1, 2, 3)),
        Concept("HP:3", defined=True),
        *told,
    ]
    path.write_text(json.dumps({"graphs": [{"logicalDefinitionAxioms": [axiom], "nodes": nodes}]}))
    records, more = read(SourceFile(path), languages=())
    assert records == [Concept("HP:1"), Concept("HP:2"), Concept("HP:3", defined=True), *told]
    no_curie = read(write(path, logicalDefinitionAxioms=[axiom | {"definedClassId": "a class"}]))[1]
    assert [one.reason for one in no_curie] == ["the class's IRI has no CURIE"]
    assert not rejections
    assert not more


def test_a_class_that_was_merged_is_the_same_as_its_replacement(path: Path) -> None:
    properties = [value(OBO + "IAO_0100001", OBO + "HP_1"), value(OBO + "IAO_0000231", OBO + "IAO_0000227")]
    file = write(path, node("HP_1", "a"), node("HP_2", None, deprecated=True, basicPropertyValues=properties))
    records, _ = read(file)
    assert records[-1] == Succession("HP:2", "HP:1", SuccessionKind.SAME_AS)


def test_a_node_of_an_unknown_type_is_rejected(path: Path) -> None:
    records, rejections = read(write(path, node("HP_1", "a", "CLASZ")))
    assert records == []
    assert [one.reason for one in rejections] == ["the node's type is unknown"]


def test_a_prefix_keeps_that_prefix_and_drops_the_rest_silently(path: Path) -> None:
    edges = [edge("HP_1", "RO_0000001", "CHEBI_2"), edge("HP_1", "is_a", "HP_3")]
    records, rejections = read(
        write(path, node("HP_1", "a"), node("CHEBI_2", "b"), edges=edges), prefix="HP", languages=()
    )
    assert records == [Concept("HP:1")]
    assert [one.value for one in rejections] == ["HP:3"]


def test_a_class_without_a_curie_is_rejected(path: Path) -> None:
    records, rejections = read(write(path, {"id": "http://x.org/y", "lbl": "y", "type": "CLASS"}))
    assert records == []
    assert [one.reason for one in rejections] == ["the class's IRI has no CURIE"]


def test_the_version_is_told_wherever_meta_stands(path: Path) -> None:
    meta = {"version": OBO + "hp/releases/2024-04-26/hp.json"}
    assert obograph.version(write(path, node("HP_1", "a"), meta=meta)) == meta["version"]
    assert obograph.version(write(path)) == ""


def test_gzip(path: Path) -> None:
    write(path, node("HP_1", "a"))
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert obograph.recognises(SourceFile(path))
    assert read(SourceFile(path), languages=())[0] == [Concept("HP:1")]


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ("{}", FormatMismatch, 'it has no "graphs"'),
        ("[]", FormatMismatch, "an object is expected"),
        ('{"graphs": [{"nodes": [{"lbl": "x"}]}]}', FormatMismatch, "element 1 of its nodes has no id"),
        (
            '{"graphs": [{"nodes": ["x"]}]}',
            FormatMismatch,
            "element 1 of its nodes has something else where an object",
        ),
        ('{"graphs": [{"edges": [{"sub": "x"}]}]}', FormatMismatch, "element 1 of its edges has no pred"),
        ('{"graphs": [{"nodes": [', SourceDamaged, "its JSON breaks off; download or export it again"),
        ('{"graphs": [{"nodes": [1 2]}]}', FormatMismatch, "something else where an object must be"),
        (
            '{"graphs": [{"nodes": [{"id": "x", "type": "CLASS", "meta": []}]}]}',
            FormatMismatch,
            "an object must",
        ),
        (
            '{"graphs": [{"nodes": [{"id": "X:1", "lbl": "x", "type": "CLASS", "meta": {"xrefs": {}}}]}]}',
            FormatMismatch,
            "has xrefs that are no array of objects",
        ),
        ('{"graphs": [{"logicalDefinitionAxioms": [{}]}]}', FormatMismatch, "has no definedClassId"),
        (
            '{"graphs": [{"logicalDefinitionAxioms": [{"definedClassId": "X:1", "genusIds": 1}]}]}',
            FormatMismatch,
            "has genusIds that are no array",
        ),
        ('{"graphs" [', SourceDamaged, "its JSON is malformed"),
    ],
)
def test_what_is_no_obo_graph(path: Path, content: str, error: type[Exception], told: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error, match=told):
        read(SourceFile(path))
