"""OWL ontologies, written as RDF/XML, Turtle or N-Triples, as records.

Read twice: first to learn which subjects are classes, which are retired, which label of several is
preferred and what the blank nodes say; then for the texts and links, which stream by. So memory holds ids
and class expressions, and no text but the labels.

Named classes become concepts as `loaders.ontology` says. Read are: rdfs:label and skos:prefLabel (the
preferred term; the former before the latter), the oboInOwl synonyms and skos:altLabel, IAO:0000115 and
skos:definition, oboInOwl:hasDbXref and the SKOS matches, owl:deprecated with IAO:0100001 and
oboInOwl:consider, oboInOwl:hasAlternativeId, rdfs:subClassOf, owl:equivalentClass, and the existential
restrictions in them. What else an expression says is left out and counted; what is said of properties and
individuals is passed over, and so are imports: nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat

from graph.model import CURIE, IS_A, Record, SynonymScope, TermKind
from loaders.errors import FormatMismatch
from loaders.files import SourceFile, head
from loaders.ontology import (
    ALTERNATIVE_ID,
    EQUIVALENT,
    MATCHES,
    MERGED,
    NAMESPACE,
    NOT_SAYABLE,
    OBSOLESCENCE_REASON,
    SCOPES,
    SUCCESSIONS,
    ClassRecords,
)
from loaders.owl_expressions import BROKEN, UNTOLD, Expressions
from loaders.prefixes import DeclaredPrefixes, canonical_iri
from loaders.rdf import RDF_TYPE, Node, count_types, first_value, open_triples, syntax_of
from loaders.rdf_text import Texts
from loaders.rejections import Rejections

_OWL = "http://www.w3.org/2002/07/owl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
CLASSES = (f"{_OWL}Class", f"{_RDFS}Class")
ONTOLOGY = f"{_OWL}Ontology"
_CONCEPT, _SCHEME = f"{_SKOS}Concept", f"{_SKOS}ConceptScheme"
_TOP = frozenset({f"{_OWL}Thing", f"{_OWL}Nothing"})
_SUBCLASS, _EQUIVALENT = f"{_RDFS}subClassOf", f"{_OWL}equivalentClass"
_DEPRECATED = f"{_OWL}deprecated"
_NAMED = "OWL as RDF/XML, Turtle or N-Triples"

#: Label properties, the preferred one first.
_LABELS: MappingProxyType[str, int] = MappingProxyType({f"{_RDFS}label": 0, f"{_SKOS}prefLabel": 1})
_TEXTS: MappingProxyType[str, tuple[TermKind, SynonymScope]] = MappingProxyType(
    dict.fromkeys(_LABELS, (TermKind.PREFERRED, SynonymScope.EXACT))
    | {
        f"http://www.geneontology.org/formats/oboInOwl#{name}": (TermKind.SYNONYM, scope)
        for name, scope in SCOPES.items()
    }
    | {
        f"{_SKOS}altLabel": (TermKind.SYNONYM, SynonymScope.EXACT),
        "http://purl.obolibrary.org/obo/IAO_0000115": (TermKind.DEFINITION, SynonymScope.EXACT),
        f"{_SKOS}definition": (TermKind.DEFINITION, SynonymScope.EXACT),
    }
)
_XREF: CURIE = "oboInOwl:hasDbXref"
_VERSIONS = (f"{_OWL}versionIRI", f"{_OWL}versionInfo")
_OTHER_SYNTAXES = (
    ("OWL/XML", re.compile(r"(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^\]]*\]>|\s)*<(?:owl:)?Ontology\s", re.S)),
    ("OWL functional syntax", re.compile(r"(?:#[^\n]*\n|\s)*(?:Prefix|Ontology)\s*\(")),
    ("Manchester syntax", re.compile(r"(?:#[^\n]*\n|\s)*(?:Prefix|Ontology):\s")),
)


def recognises(file: SourceFile) -> bool:
    """Whether the content is RDF that declares classes, more of them than SKOS concepts; or OWL in other syntax."""
    if _other_syntax(file):
        return True
    found = count_types(file, {*CLASSES, ONTOLOGY, _CONCEPT, _SCHEME})
    classes = sum(found[type] for type in CLASSES)
    if classes or found[_CONCEPT]:
        return classes > found[_CONCEPT]
    return bool(found[ONTOLOGY]) and not found[_SCHEME]


def version(file: SourceFile) -> str:
    """The version IRI that the ontology's header gives, else its version text, else ""."""
    return first_value(file, _VERSIONS)


def read(
    file: SourceFile, rejections: Rejections, *, prefix: str | None = None, languages: Sequence[str]
) -> Iterator[Record]:
    """The records of an OWL file. With `prefix`, only classes of that prefix.

    Raises FormatMismatch for a file that is no RDF, or that declares no class; SourceDamaged with the line
    where it is malformed; SourceNotFound, SourceEmpty.
    """
    syntax = _other_syntax(file)
    if syntax:
        raise FormatMismatch(
            file.name,
            _NAMED,
            f"it is {syntax}",
            todo="convert it, for example with `robot convert --format owl`",
        )
    reader = _Reader(file, rejections, languages)
    reader.survey()
    yield from reader.concepts(prefix)
    yield from reader.expressions()
    yield from reader.statements()
    yield from reader.records.rest()


class _Reader:
    """One file: what the first reading learns, and the records that the second makes with it."""

    records: ClassRecords

    def __init__(self, file: SourceFile, rejections: Rejections, languages: Sequence[str]) -> None:
        self._file = file
        self._rejections = rejections
        self._texts = Texts(languages, rejections)
        self._expressions = Expressions()
        self._prefixes: dict[str, str] = {}
        #: Each class's IRI, and the line that declares it.
        self._classes: dict[str, int] = {}
        self._labelled: set[str] = set()
        self._retired: set[str] = set()
        self._merged: set[str] = set()
        self._namespaces: dict[str, str] = {}
        #: Line, class, whether it is an equivalence, and the expression.
        self._described: list[tuple[int, str, bool, BlankNode]] = []
        self._ids: dict[str, CURIE] = {}
        self._properties: dict[str, CURIE | None] = {}

    def survey(self) -> None:
        """The first reading. Raises FormatMismatch, SourceDamaged."""
        with open_triples(self._file, _NAMED) as triples:
            for ordinal, triple in enumerate(triples):
                subject, property, value = triple.subject, triple.predicate.value, triple.object
                if isinstance(subject, NamedNode):
                    self._survey_named(triples.line, ordinal, subject.value, property, value)
                elif isinstance(subject, BlankNode):
                    self._expressions.add(subject, property, value)
            self._prefixes = triples.prefixes
        if not self._classes:
            raise FormatMismatch(self._file.name, "an OWL ontology", "it declares no class")

    def _survey_named(self, line: int, ordinal: int, subject: str, property: str, value: Node) -> None:
        if property == RDF_TYPE:
            if isinstance(value, NamedNode) and value.value in CLASSES and subject not in _TOP:
                self._classes.setdefault(subject, line)
        elif property in _LABELS:
            if isinstance(value, Literal):
                if value.value:
                    self._labelled.add(subject)
                self._texts.offer(subject, value, _LABELS[property], ordinal)
        elif property in (_SUBCLASS, _EQUIVALENT):
            if isinstance(value, BlankNode):
                self._described.append((line, subject, property == _EQUIVALENT, value))
        elif property == _DEPRECATED:
            if isinstance(value, Literal) and value.value.strip() in ("true", "1"):
                self._retired.add(subject)
        else:
            curie = self._property(property)
            if curie == NAMESPACE:
                self._namespaces.setdefault(subject, _reference(value))
            elif curie == OBSOLESCENCE_REASON and canonical_iri(_reference(value)) == MERGED:
                self._merged.add(subject)

    def concepts(self, prefix: str | None) -> Iterator[Record]:
        """The concepts, after the survey."""
        contract = DeclaredPrefixes(self._prefixes).curie
        self.records = ClassRecords(self._file.name, self._rejections, prefix, contract)
        defined = {subject for _, subject, is_equivalence, _ in self._described if is_equivalence}
        for iri, line in self._classes.items():
            concept = self.records.declare(
                line,
                iri,
                labelled=iri in self._labelled,
                retired=iri in self._retired,
                namespace=self._namespaces.get(iri, ""),
                defined=iri in defined,
            )
            if concept is not None:
                self._ids[iri] = concept.id
                yield concept

    def expressions(self) -> Iterator[Record]:
        """What blank nodes say of the concepts."""
        for line, subject, _, expression in self._described:
            if subject not in self._classes:
                continue
            for part in self._expressions.parts(expression):
                if part is UNTOLD:
                    self.records.leave_out(NOT_SAYABLE)
                elif part is BROKEN:
                    self.records.reject(
                        line, "a list of the class expression goes round or breaks off", subject
                    )
                elif part.target not in _TOP:
                    yield from self.records.relation(line, subject, part.property, part.target)

    def statements(self) -> Iterator[Record]:
        """The second reading: texts, mappings, successions, and relations between named classes."""
        with open_triples(self._file, _NAMED) as triples:
            for ordinal, triple in enumerate(triples):
                subject, property, value = triple.subject, triple.predicate.value, triple.object
                if not isinstance(subject, NamedNode) or subject.value not in self._classes:
                    continue
                id = self._ids.get(subject.value)
                if property == _SUBCLASS:
                    yield from self._is_a(triples.line, subject.value, value)
                elif id is not None:
                    yield from self._statement(triples.line, ordinal, id, subject.value, property, value)

    def _is_a(self, line: int, subject: str, value: Node) -> Iterator[Record]:
        if isinstance(value, Literal):
            self.records.reject(line, "the class is a text", value.value)
        elif isinstance(value, NamedNode) and value.value not in _TOP:
            yield from self.records.relation(line, subject, IS_A, value.value)

    def _statement(
        self, line: int, ordinal: int, id: CURIE, subject: str, property: str, value: Node
    ) -> Iterator[Record]:
        if property in _TEXTS:
            if not isinstance(value, Literal):
                self.records.reject(line, "the text is no literal", subject)
            elif property in _LABELS:
                yield from self._texts.label(id, subject, value, ordinal)
            else:
                yield from self._texts.other(id, value, *_TEXTS[property])
        elif property != _EQUIVALENT:
            yield from self._link(line, id, subject, property, value)
        elif isinstance(value, Literal):
            self.records.reject(line, "the class is a text", value.value)
        elif isinstance(value, NamedNode) and value.value not in _TOP:
            yield from self.records.mapping(line, id, EQUIVALENT, value.value)

    def _link(self, line: int, id: CURIE, subject: str, property: str, value: Node) -> Iterator[Record]:
        curie = self._property(property)
        if curie is None:
            return
        kind = "xref" if curie == _XREF else MATCHES.get(curie)
        is_succession = curie in SUCCESSIONS or curie == ALTERNATIVE_ID
        if (kind or is_succession) and isinstance(value, BlankNode):
            self.records.reject(line, "the other id is a blank node", subject)
        elif kind:
            yield from self.records.mapping(line, id, kind, _reference(value))
        elif is_succession:
            merged = subject in self._merged
            self.records.succession(line, id, curie, _reference(value), merged=merged)

    def _property(self, iri: str) -> CURIE | None:
        """The property's CURIE, told by its IRI; remembered, as there are few."""
        if iri not in self._properties:
            self._properties[iri] = canonical_iri(iri)
        return self._properties[iri]


def _reference(value: Node) -> str:
    return value.value if isinstance(value, NamedNode | Literal) else ""


def _other_syntax(file: SourceFile) -> str:
    """The OWL syntax that the file is written in, if it is one that is not read; else ""."""
    start = head(file)
    if syntax_of(start) is not None and syntax_of(start) is not RdfFormat.RDF_XML:
        return ""
    return next((name for name, pattern in _OTHER_SYNTAXES if pattern.match(start)), "")
