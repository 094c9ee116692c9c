"""A release as a SKOS concept scheme, in Turtle or N-Triples, written page by page.

What has no place in SKOS is written with the properties that ontologies use for it: broader and narrower
synonyms with oboInOwl's, successors with dcterms:isReplacedBy or oboInOwl:consider, retirement with
owl:deprecated. Attribute relationships are triples of their type; role groups are lost, and so are
memberships of refsets and the rules of maps, which tables keep (`graph.views.tables`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TextIO

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from graph.labels import without_tag
from graph.model import CURIE, Mapping, Relation, Succession, SuccessionKind, SynonymScope, Term, TermKind
from graph.namespaces import LOCAL, beginning_of, iri_of
from graph.release import OpenRelease
from graph.views.pages import Told, pages

_OBO_IN_OWL = Namespace("http://www.geneontology.org/formats/oboInOwl#")
_SYNONYMS = {
    SynonymScope.EXACT: SKOS.altLabel,
    SynonymScope.BROAD: _OBO_IN_OWL.hasBroadSynonym,
    SynonymScope.NARROW: _OBO_IN_OWL.hasNarrowSynonym,
    SynonymScope.RELATED: SKOS.hiddenLabel,
}
_MATCHES = {
    "exact": SKOS.exactMatch,
    "close": SKOS.closeMatch,
    "broad": SKOS.broadMatch,
    "narrow": SKOS.narrowMatch,
    "related": SKOS.relatedMatch,
}
_REPLACING = (SuccessionKind.SAME_AS, SuccessionKind.REPLACED_BY)
_TRUTHS = {"true": Literal(True), "false": Literal(False)}

_Triple = tuple[URIRef, URIRef, Node]


class RdfSyntax(StrEnum):
    """How triples are written."""

    TURTLE = "turtle"
    NTRIPLES = "ntriples"


def write_skos(
    opened: OpenRelease, to: TextIO, syntax: RdfSyntax, ids: Iterable[CURIE] | None = None
) -> Iterator[int]:
    """Write a release, or the concepts `ids` of it, and yield after each page how many concepts were written.

    Raises StoreUnavailable, and OSError where `to` cannot be written.
    """
    scheme = scheme_of(opened.release.name)
    _write(_scheme(opened, scheme), to, syntax, ())
    done = 0
    for page in pages(opened, ids):
        triples = (triple for told in page for triple in triples_of(told, scheme))
        _write(triples, to, syntax, (told.concept.id for told in page))
        done += len(page)
        yield done


def scheme_of(release: str) -> URIRef:
    """The IRI of a release's concept scheme."""
    return URIRef(f"{LOCAL}release:{release}")


def triples_of(told: Told, scheme: URIRef) -> Iterator[_Triple]:
    """All that is written of one concept."""
    concept = told.concept
    it = URIRef(iri_of(concept.id))
    yield it, RDF.type, SKOS.Concept
    yield it, SKOS.inScheme, scheme
    yield it, SKOS.notation, Literal(concept.id.partition(":")[2])
    if not concept.active:
        yield it, OWL.deprecated, Literal(True)
    elif not told.parents:
        yield it, SKOS.topConceptOf, scheme
    for parent in told.parents:
        yield it, SKOS.broader, URIRef(iri_of(parent))
    yield from ((it, property, text) for property, text in _labels(told.terms))
    yield from ((it, *_relation(relation)) for relation in told.relations)
    yield from ((it, *_match(mapping)) for mapping in told.mappings)
    yield from ((it, *_successor(succession)) for succession in told.successions)


def _scheme(opened: OpenRelease, scheme: URIRef) -> Iterator[_Triple]:
    release = opened.release
    yield scheme, RDF.type, SKOS.ConceptScheme
    yield scheme, DCTERMS.title, Literal(release.name)
    yield scheme, DCTERMS.created, Literal(release.created, datatype=XSD.dateTime)
    for source in release.sources:
        yield scheme, DCTERMS.source, Literal(f"{source.name} {source.version}".strip())


def _labels(terms: Iterable[Term]) -> Iterator[tuple[URIRef, Literal]]:
    """Terms as labels. A language has one prefLabel: its preferred term, or else its FSN without the tag."""
    terms = list(terms)
    preferred = {term.language for term in terms if term.kind is TermKind.PREFERRED}
    for term in terms:
        text = _literal(term.text, term.language)
        if term.kind is TermKind.PREFERRED:
            yield SKOS.prefLabel, text
        elif term.kind is TermKind.FSN:
            yield RDFS.label, text
            if term.language not in preferred:
                preferred.add(term.language)
                yield SKOS.prefLabel, _literal(without_tag(term.text), term.language)
        elif term.kind is TermKind.DEFINITION:
            yield SKOS.definition, text
        else:
            yield _SYNONYMS[term.scope], text


def _literal(text: str, language: str) -> Literal:
    try:
        return Literal(text, lang=language or None)
    except ValueError:  # no language tag as BCP 47 has them
        return Literal(text)


def _relation(relation: Relation) -> tuple[URIRef, Node]:
    property, target = URIRef(iri_of(relation.type)), relation.target
    # Concrete values, as RF2 writes them.
    if target.startswith("#"):
        number = target[1:]
        return property, Literal(number, datatype=XSD.decimal if "." in number else XSD.integer)
    if target.startswith('"'):
        return property, Literal(target.strip('"'))
    return property, _TRUTHS.get(target) or URIRef(iri_of(target))


def _match(mapping: Mapping) -> tuple[URIRef, Node]:
    return _MATCHES.get(mapping.kind, SKOS.mappingRelation), URIRef(iri_of(mapping.target))


def _successor(succession: Succession) -> tuple[URIRef, Node]:
    property = DCTERMS.isReplacedBy if succession.kind in _REPLACING else _OBO_IN_OWL.consider
    return property, URIRef(iri_of(succession.successor))


def _write(triples: Iterable[_Triple], to: TextIO, syntax: RdfSyntax, ids: Iterable[CURIE]) -> None:
    """Write one part. Turtle may name its prefixes again in each."""
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in (("skos", SKOS), ("owl", OWL), ("dcterms", DCTERMS), ("rdfs", RDFS)):
        graph.bind(prefix, namespace)
    graph.bind("oboInOwl", _OBO_IN_OWL)
    for prefix in sorted({id.partition(":")[0] for id in ids}):
        graph.bind(prefix, beginning_of(prefix))
    for triple in triples:
        graph.add(triple)
    to.write(graph.serialize(format="turtle" if syntax is RdfSyntax.TURTLE else "ntriples"))
