"""SKOS concept schemes, written as RDF/XML, Turtle or N-Triples, as records.

Read twice, as OWL is: first to learn which subjects are concepts, how they are called and which are retired;
then for the rest, which streams by.

skos:prefLabel, skos:altLabel (exact) and skos:hiddenLabel (related: it is meant for searching) are terms, as
plain literals or through SKOS-XL; skos:definition is a definition. skos:broader and skos:narrower are is-a;
skos:broaderTransitive is not read, as it follows from them. skos:related is a relation, and the matches are
mappings. owl:deprecated retires a concept, and dct:isReplacedBy names what stands for it. Collections are
passed over.

A concept's id is its URI's CURIE: one of a known terminology or, where the caller gives a prefix, that prefix
and the concept's skos:notation (without one, the last part of its URI), else one that the file declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from pyoxigraph import Literal, NamedNode

from graph.model import (
    CURIE,
    IS_A,
    Concept,
    Mapping,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    TermKind,
)
from loaders.errors import FormatMismatch, OptionMismatch
from loaders.files import SourceFile
from loaders.ontology import MATCHES
from loaders.prefixes import DeclaredPrefixes, canonical_iri, canonical_prefix
from loaders.rdf import RDF_TYPE, Node, count_types, first_value, open_triples
from loaders.rdf_text import Texts
from loaders.rejections import Rejections

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_XL = "http://www.w3.org/2008/05/skos-xl#"
_OWL = "http://www.w3.org/2002/07/owl#"
_DCT = "http://purl.org/dc/terms/"
CONCEPT, SCHEME = f"{_SKOS}Concept", f"{_SKOS}ConceptScheme"
_CLASS = f"{_OWL}Class"
_NAMED = "SKOS as RDF/XML, Turtle or N-Triples"

RELATED: CURIE = "skos:related"
_KINDS: MappingProxyType[str, tuple[TermKind, SynonymScope]] = MappingProxyType(
    {
        "prefLabel": (TermKind.PREFERRED, SynonymScope.EXACT),
        "altLabel": (TermKind.SYNONYM, SynonymScope.EXACT),
        "hiddenLabel": (TermKind.SYNONYM, SynonymScope.RELATED),
        "definition": (TermKind.DEFINITION, SynonymScope.EXACT),
    }
)
_TEXTS = {f"{_SKOS}{name}": kind for name, kind in _KINDS.items()}
_XL_LABELS = {f"{_XL}{name}": kind for name, kind in _KINDS.items() if name.endswith("Label")}
_PREFERRED = f"{_SKOS}prefLabel"
_LITERAL_FORM = f"{_XL}literalForm"
_MAPPINGS = {_SKOS + property.removeprefix("skos:"): kind for property, kind in MATCHES.items()}
_LINKS = frozenset(
    {f"{_SKOS}broader", f"{_SKOS}narrower", f"{_SKOS}related", f"{_DCT}isReplacedBy", f"{_DCT}replaces"}
)
_VERSIONS = (f"{_OWL}versionIRI", f"{_OWL}versionInfo", f"{_DCT}modified", f"{_DCT}issued")
_LAST_PART = re.compile(r"[^\s/#]+$")


def recognises(file: SourceFile) -> bool:
    """Whether the content is RDF that holds SKOS concepts, at least as many as it declares classes."""
    found = count_types(file, {CONCEPT, SCHEME, _CLASS})
    return found[CONCEPT] >= found[_CLASS] and bool(found[CONCEPT] or found[SCHEME])


def version(file: SourceFile) -> str:
    """The scheme's version IRI or text, else the day that it was last modified or issued, else ""."""
    return first_value(file, _VERSIONS)


def read(
    file: SourceFile, rejections: Rejections, *, prefix: str | None = None, languages: Sequence[str]
) -> Iterator[Record]:
    """The records of a concept scheme. `prefix` begins the ids of concepts whose URIs are of no known terminology.

    Raises FormatMismatch for a file that is no RDF, or that holds no concept; OptionMismatch where no
    concept gets an id; SourceDamaged with the line where the file is malformed; SourceNotFound, SourceEmpty.
    """
    reader = _Reader(file, rejections, languages)
    reader.survey()
    yield from reader.concepts(prefix)
    yield from reader.statements()


class _Reader:
    """One file: what the first reading learns, and the records that the second makes with it."""

    def __init__(self, file: SourceFile, rejections: Rejections, languages: Sequence[str]) -> None:
        self._file = file
        self._rejections = rejections
        self._texts = Texts(languages, rejections)
        self._prefixes = DeclaredPrefixes({})
        #: Each concept's URI, and the line that declares it.
        self._concepts: dict[str, int] = {}
        self._notations: dict[str, str] = {}
        self._retired: set[str] = set()
        #: SKOS-XL: line, concept, property and label; and the literal of each label.
        self._xl_labels: list[tuple[int, str, str, Node]] = []
        self._literal_forms: dict[Node, Literal] = {}
        self._ids: dict[str, CURIE] = {}

    def survey(self) -> None:
        """The first reading. Raises FormatMismatch, SourceDamaged."""
        with open_triples(self._file, _NAMED) as triples:
            for ordinal, triple in enumerate(triples):
                subject, property, value = triple.subject, triple.predicate.value, triple.object
                if property == _LITERAL_FORM:
                    if isinstance(value, Literal):
                        self._literal_forms.setdefault(subject, value)
                elif isinstance(subject, NamedNode):
                    self._survey_named(triples.line, ordinal, subject.value, property, value)
            self._prefixes = DeclaredPrefixes(triples.prefixes)
        if not self._concepts:
            raise FormatMismatch(self._file.name, "a SKOS concept scheme", "it holds no skos:Concept")
        for ordinal, (_, uri, property, label) in self._xl():
            literal = self._literal_forms.get(label)
            if literal is not None and _XL_LABELS[property][0] is TermKind.PREFERRED:
                self._texts.offer(uri, literal, 1, ordinal)

    def _survey_named(self, line: int, ordinal: int, subject: str, property: str, value: Node) -> None:
        if property == RDF_TYPE:
            if isinstance(value, NamedNode) and value.value == CONCEPT:
                self._concepts.setdefault(subject, line)
        elif property == _PREFERRED:
            if isinstance(value, Literal):
                self._texts.offer(subject, value, 0, ordinal)
        elif property in _XL_LABELS:
            self._xl_labels.append((line, subject, property, value))
        elif isinstance(value, Literal):
            if property == f"{_SKOS}notation":
                self._notations.setdefault(subject, value.value.strip())
            elif property == f"{_OWL}deprecated" and value.value.strip() in ("true", "1"):
                self._retired.add(subject)

    def concepts(self, prefix: str | None) -> Iterator[Record]:
        """The concepts, and their SKOS-XL labels. Raises OptionMismatch where none gets an id."""
        taken: set[CURIE] = set()
        for uri, line in self._concepts.items():
            id = self._id_of(uri, prefix)
            if id is None:
                self._reject(
                    line, "the concept's URI has no CURIE, and no prefix with a notation makes one", uri
                )
            elif id in taken:
                self._reject(line, "another concept has the same id", f"{uri} {id}")
            else:
                taken.add(id)
                self._ids[uri] = id
                yield Concept(id, active=uri not in self._retired)
        if not self._ids:
            raise OptionMismatch(
                self._file.name,
                f"No concept of {self._file.name!r} gets an id, as its URIs belong to no known terminology; "
                "give a prefix to put before their notations, such as CIE10.",
            )
        yield from self._xl_terms()

    def _id_of(self, uri: str, prefix: str | None) -> CURIE | None:
        known = canonical_iri(uri)
        if known is None and prefix is not None:
            last = _LAST_PART.search(uri)
            notation = self._notations.get(uri) or (last[0] if last else "")
            return f"{canonical_prefix(prefix)}:{notation}" if notation and " " not in notation else None
        return known or self._prefixes.curie(uri)

    def _xl_terms(self) -> Iterator[Record]:
        for ordinal, (line, uri, property, label) in self._xl():
            id, literal = self._ids.get(uri), self._literal_forms.get(label)
            if id is None:
                continue
            if literal is None:
                self._reject(line, "the SKOS-XL label has no literal form", uri)
            else:
                yield from self._term(ordinal, id, uri, _XL_LABELS[property], literal)

    def _xl(self) -> Iterator[tuple[int, tuple[int, str, str, Node]]]:
        """The SKOS-XL labels, with ordinals below those of triples."""
        return ((-1 - place, label) for place, label in enumerate(self._xl_labels))

    def statements(self) -> Iterator[Record]:
        """The second reading: plain texts, mappings, relations and successions."""
        with open_triples(self._file, _NAMED) as triples:
            for ordinal, triple in enumerate(triples):
                subject = triple.subject
                id = self._ids.get(subject.value) if isinstance(subject, NamedNode) else None
                if id is None or not isinstance(subject, NamedNode):
                    continue
                property, value = triple.predicate.value, triple.object
                if property in _TEXTS:
                    if isinstance(value, Literal):
                        yield from self._term(ordinal, id, subject.value, _TEXTS[property], value)
                    else:
                        self._reject(triples.line, "the text is no literal", subject.value)
                elif property in _MAPPINGS:
                    yield from self._mapping(triples.line, id, _MAPPINGS[property], value)
                elif property in _LINKS:
                    yield from self._link(triples.line, id, property, value)

    def _term(
        self, ordinal: int, id: CURIE, uri: str, kind: tuple[TermKind, SynonymScope], literal: Literal
    ) -> Iterator[Record]:
        if kind[0] is TermKind.PREFERRED:
            yield from self._texts.label(id, uri, literal, ordinal)
        else:
            yield from self._texts.other(id, literal, *kind)

    def _mapping(self, line: int, id: CURIE, kind: str, value: Node) -> Iterator[Record]:
        reference = value.value if isinstance(value, NamedNode | Literal) else ""
        target = self._ids.get(reference) or self._prefixes.curie(reference)
        if target is None:
            self._reject(line, "the cross-reference has no CURIE", reference)
        else:
            yield Mapping(id, target, kind)

    def _link(self, line: int, id: CURIE, property: str, value: Node) -> Iterator[Record]:
        other = self._ids.get(value.value) if isinstance(value, NamedNode) else None
        if other is None:
            name = property.removeprefix(_SKOS).removeprefix(_DCT)
            reference = value.value if isinstance(value, NamedNode | Literal) else "a blank node"
            self._reject(line, "the other end is no concept of the file", f"{id} {name} {reference}")
        elif property == f"{_SKOS}broader":
            yield Relation(id, IS_A, other)
        elif property == f"{_SKOS}narrower":
            yield Relation(other, IS_A, id)
        elif property == f"{_SKOS}related":
            yield Relation(id, RELATED, other)
        elif property == f"{_DCT}isReplacedBy":
            yield Succession(id, other, SuccessionKind.REPLACED_BY)
        else:
            yield Succession(other, id, SuccessionKind.REPLACED_BY)

    def _reject(self, line: int, reason: str, value: str) -> None:
        self._rejections.add(self._file.name, line, reason, value)
