"""Small ontologies, written in every format that can say them: OBO, OWL in three syntaxes, OBO Graphs JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection

OBO = "http://purl.obolibrary.org/obo/"
OIO = "http://www.geneontology.org/formats/oboInOwl#"
OWL = "http://www.w3.org/2002/07/owl#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"

SCOPES = ("EXACT", "BROAD", "NARROW", "RELATED")
MATCHES = ("exact", "close", "broad", "narrow", "related")


@dataclass(frozen=True)
class WrittenClass:
    """A class; ids are CURIEs such as HP:1."""

    id: str
    label: str = ""
    definition: str = ""
    synonyms: tuple[tuple[str, str], ...] = ()
    xrefs: tuple[str, ...] = ()
    matches: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()
    relations: tuple[tuple[str, str], ...] = ()
    genus: str = ""
    differentiae: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    retired: bool = False
    merged: bool = False
    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()


def iri(curie: str) -> str:
    return OBO + curie.replace(":", "_")


def as_obo(classes: tuple[WrittenClass, ...]) -> str:
    frames = ["format-version: 1.4\nontology: hp\n"]
    for one in classes:
        lines = ["[Term]", f"id: {one.id}"]
        lines += [f"name: {_unquoted(one.label)}"] if one.label else []
        lines += [f"namespace: {one.namespace}"] if one.namespace else []
        lines += [f"alt_id: {id}" for id in one.alternatives]
        lines += [f"def: {_quoted(one.definition)} []"] if one.definition else []
        lines += [f"synonym: {_quoted(text)} {scope} []" for scope, text in one.synonyms]
        lines += [f"xref: {xref}" for xref in one.xrefs]
        lines += [f"is_a: {id} ! a parent" for id in one.parents]
        if one.genus:
            lines += [f"intersection_of: {one.genus}"]
            lines += [f"intersection_of: {property} {id}" for property, id in one.differentiae]
        lines += [f"relationship: {property} {id}" for property, id in one.relations]
        lines += [f"property_value: skos:{kind}Match {target}" for kind, target in one.matches]
        lines += ["property_value: IAO:0000231 IAO:0000227"] if one.merged else []
        lines += ["is_obsolete: true"] if one.retired else []
        lines += [f"replaced_by: {id}" for id in one.replaced_by]
        lines += [f"consider: {id}" for id in one.consider]
        frames.append("\n".join(lines) + "\n")
    return "\n".join(frames)


def as_obograph(classes: tuple[WrittenClass, ...]) -> str:
    nodes, edges, definitions = [], [], []
    for one in classes:
        values = [(OIO + "hasOBONamespace", one.namespace)] if one.namespace else []
        values += [(OIO + "hasAlternativeId", id) for id in one.alternatives]
        values += [(f"{SKOS}{kind}Match", target) for kind, target in one.matches]
        values += [(OBO + "IAO_0000231", OBO + "IAO_0000227")] if one.merged else []
        values += [(OBO + "IAO_0100001", iri(id)) for id in one.replaced_by]
        values += [(OIO + "consider", id) for id in one.consider]
        meta: dict[str, Any] = {
            "basicPropertyValues": [{"pred": pred, "val": val} for pred, val in values],
            "xrefs": [{"val": xref} for xref in one.xrefs],
            "synonyms": [{"pred": f"has{scope.title()}Synonym", "val": text} for scope, text in one.synonyms],
        }
        meta |= {"definition": {"val": one.definition}} if one.definition else {}
        meta |= {"deprecated": True} if one.retired else {}
        nodes.append(
            {"id": iri(one.id), "type": "CLASS", "meta": meta} | ({"lbl": one.label} if one.label else {})
        )
        edges += [{"sub": iri(one.id), "pred": "is_a", "obj": iri(id)} for id in one.parents]
        edges += [
            {"sub": iri(one.id), "pred": iri(property), "obj": iri(id)} for property, id in one.relations
        ]
        if one.genus:
            definitions.append(
                {
                    "definedClassId": iri(one.id),
                    "genusIds": [iri(one.genus)],
                    "restrictions": [
                        {"propertyId": iri(property), "fillerId": iri(id)}
                        for property, id in one.differentiae
                    ],
                }
            )
    graph = {"nodes": nodes, "edges": edges, "logicalDefinitionAxioms": definitions}
    return json.dumps({"graphs": [graph]}, ensure_ascii=False)


def as_graph(classes: tuple[WrittenClass, ...]) -> Graph:
    graph = Graph()
    for prefix, beginning in {"obo": OBO, "oboInOwl": OIO, "owl": OWL, "skos": SKOS}.items():
        graph.bind(prefix, beginning)
    graph.add((URIRef(OBO + "hp.owl"), RDF.type, URIRef(OWL + "Ontology")))
    graph.add((URIRef(OBO + "hp.owl"), URIRef(OWL + "imports"), URIRef("http://absent.invalid/o.owl")))
    for one in classes:
        _add(graph, one)
    return graph


def _add(graph: Graph, one: WrittenClass) -> None:
    subject = URIRef(iri(one.id))

    def say(property: str, value: URIRef | Literal | BNode) -> None:
        graph.add((subject, URIRef(property), value))

    graph.add((subject, RDF.type, URIRef(OWL + "Class")))
    if one.label:
        say(RDFS + "label", Literal(one.label))
    if one.definition:
        say(OBO + "IAO_0000115", Literal(one.definition))
        axiom = BNode()
        graph.add((axiom, RDF.type, URIRef(OWL + "Axiom")))
        graph.add((axiom, URIRef(OWL + "annotatedSource"), subject))
        graph.add((axiom, URIRef(OWL + "annotatedTarget"), Literal(one.definition)))
        graph.add((axiom, URIRef(OIO + "hasDbXref"), Literal("PMID:1")))
    if one.namespace:
        say(OIO + "hasOBONamespace", Literal(one.namespace))
    if one.retired:
        say(OWL + "deprecated", Literal(True))
    if one.merged:
        say(OBO + "IAO_0000231", URIRef(OBO + "IAO_0000227"))
    for scope, text in one.synonyms:
        say(f"{OIO}has{scope.title()}Synonym", Literal(text))
    for xref in one.xrefs:
        say(OIO + "hasDbXref", Literal(xref))
    for kind, target in one.matches:
        say(f"{SKOS}{kind}Match", Literal(target))
    for id in one.alternatives:
        say(OIO + "hasAlternativeId", Literal(id))
    for id in one.replaced_by:
        say(OBO + "IAO_0100001", URIRef(iri(id)))
    for id in one.consider:
        say(OIO + "consider", Literal(id))
    for id in one.parents:
        say(RDFS + "subClassOf", URIRef(iri(id)))
    for property, id in one.relations:
        say(RDFS + "subClassOf", _restriction(graph, property, id))
    if one.genus:
        expression = BNode()
        parts: list[URIRef | BNode] = [URIRef(iri(one.genus))]
        parts += [_restriction(graph, property, id) for property, id in one.differentiae]
        items = BNode()
        Collection(graph, items, list(parts))
        graph.add((expression, URIRef(OWL + "intersectionOf"), items))
        say(OWL + "equivalentClass", expression)


def _restriction(graph: Graph, property: str, filler: str) -> BNode:
    node = BNode()
    graph.add((node, RDF.type, URIRef(OWL + "Restriction")))
    graph.add((node, URIRef(OWL + "onProperty"), URIRef(iri(property))))
    graph.add((node, URIRef(OWL + "someValuesFrom"), URIRef(iri(filler))))
    return node


def write_all(folder: Path, classes: tuple[WrittenClass, ...]) -> dict[str, Path]:
    """The same ontology in five files, by the name of its format or syntax."""
    graph = as_graph(classes)
    texts = {
        "obo": as_obo(classes),
        "obograph": as_obograph(classes),
        "xml": graph.serialize(format="xml"),
        "turtle": graph.serialize(format="turtle"),
        "nt": graph.serialize(format="nt"),
    }
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"ontology.{name}"
        paths[name].write_bytes(text.encode())
    return paths


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unquoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("{", "\\{").replace("!", "\\!")
