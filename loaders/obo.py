"""OBO flat files (format versions 1.2 and 1.4, plain or gzip) as records, streamed.

Terms become concepts as `loaders.ontology` says. Read are name, def, synonym, xref, namespace, is_a,
relationship, intersection_of, equivalent_to, alt_id, is_obsolete, replaced_by, consider, and the same said as
property_value. A type of relation that is named by a word (`part_of`) gets the id that its Typedef gives in
an xref, else the ontology's prefix (`HP:part_of`). A relation that holds only under a condition (gci_relation,
cardinality) is left out and counted, and so is union_of. Imports are passed over: nothing is fetched; so are
default-namespace, which tells nothing of one class, and the treat-xrefs macros.

All text is taken to be English, as the format has no place for a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from fastobo.id import PrefixedIdent, UnprefixedIdent

from graph.model import CURIE, IS_A, Record, SynonymScope, Term, TermKind
from loaders.errors import FormatMismatch
from loaders.files import SourceFile, head, open_text
from loaders.languages import UNTAGGED, is_kept
from loaders.obo_frames import Frame, read_frames
from loaders.ontology import (
    ALTERNATIVE_ID,
    CONDITIONAL,
    EQUIVALENT,
    MATCHES,
    MERGED,
    NOT_SAYABLE,
    OBSOLESCENCE_REASON,
    SUCCESSIONS,
    ClassRecords,
)
from loaders.prefixes import DeclaredPrefixes
from loaders.rejections import Rejections

LANGUAGE = UNTAGGED
_NAMED = "an OBO file"
_STARTS = re.compile(r"(?:\s|!.*\n)*(?:format-version:|\[(?:Term|Typedef|Instance)\])")
_TERM = re.compile(r"^\[Term\]", re.M)
_HEADER_CLAUSE = re.compile(r"(?:\s|!.*\n)*[a-z][a-z-]*:\s")
_VERSION = re.compile(r"data-version:\s*(.*)")
_SUCCESSION_OF = {"replaced_by": "IAO:0100001", "consider": "oboInOwl:consider", "alt_id": ALTERNATIVE_ID}
_CONDITIONS = frozenset(
    {"gci_relation", "gci_filler", "all_only", "cardinality", "minCardinality", "maxCardinality"}
)


def recognises(file: SourceFile) -> bool:
    """Whether the content begins as OBO does: with its format version, a frame, or a header before one."""
    start = head(file)
    return bool(_STARTS.match(start) or (_HEADER_CLAUSE.match(start) and _TERM.search(start)))


def version(file: SourceFile) -> str:
    """The header's data-version, or ""."""
    with open_text(file) as stream:
        for line in stream:
            if line.startswith("["):
                break
            found = _VERSION.match(line)
            if found:
                return found[1].strip()
    return ""


def read(
    file: SourceFile, rejections: Rejections, *, prefix: str | None = None, languages: Sequence[str]
) -> Iterator[Record]:
    """The records of an OBO file. With `prefix`, only classes of that prefix.

    Raises FormatMismatch for a file that does not begin as OBO, or that has no term; SourceDamaged,
    SourceNotFound, SourceEmpty.
    """
    if not recognises(file):
        raise FormatMismatch(file.name, _NAMED, "it begins neither with a header nor with a frame")
    document = _Document(file.name, rejections, prefix, is_kept(LANGUAGE, languages))
    terms = 0
    for frame in read_frames(file, rejections, frozenset({"Term", "Typedef"})):
        if frame.kind == "Term":
            terms += 1
            yield from document.term(frame)
        elif frame.kind == "Typedef":
            document.typedef(frame)
        else:
            document.header(frame)
    if not terms:
        raise FormatMismatch(file.name, _NAMED, "it has no [Term]")
    yield from document.rest()


class _Document:
    """One file's frames, told to `ClassRecords`."""

    def __init__(self, file: str, rejections: Rejections, prefix: str | None, with_terms: bool) -> None:
        self._with_terms = with_terms
        self._ontology = ""
        self._prefixes = DeclaredPrefixes({})
        self._classes = ClassRecords(file, rejections, prefix, self._curie)
        #: The id of each type of relation that is named by a word, and the relations that wait for it.
        self._types: dict[str, str] = {}
        self._waiting: list[tuple[int, str, str, str]] = []

    def header(self, frame: Frame) -> None:
        """The ontology's name, and the prefixes that it declares."""
        declared: dict[str, str] = {}
        for _, clause in frame.clauses:
            if clause.raw_tag() == "ontology":
                self._ontology = clause.ontology
            elif clause.raw_tag() == "idspace":
                declared[str(clause.prefix)] = str(clause.url)
        self._prefixes = DeclaredPrefixes(declared)

    def typedef(self, frame: Frame) -> None:
        """A type of relation; its xref is its id, if the id itself is a word."""
        if not isinstance(frame.id, UnprefixedIdent):
            return
        for _, clause in frame.clauses:
            if clause.raw_tag() == "xref" and isinstance(clause.xref.id, PrefixedIdent):
                self._types.setdefault(_reference(frame.id), _reference(clause.xref.id))

    def term(self, frame: Frame) -> Iterator[Record]:
        """A class."""
        tags: dict[str, list[tuple[int, Any]]] = {}
        for line, clause in frame.clauses:
            tags.setdefault(clause.raw_tag(), []).append((line, clause))
        names = [clause.name for _, clause in tags.get("name", ()) if clause.name]
        concept = self._classes.declare(
            frame.line,
            self._own(frame.id),
            labelled=bool(names),
            retired=any(clause.obsolete for _, clause in tags.get("is_obsolete", ())),
            namespace=next((_reference(clause.namespace) for _, clause in tags.get("namespace", ())), ""),
            defined=any(tag in tags for tag in ("intersection_of", "union_of")),
        )
        if concept is not None:
            yield concept
            if self._with_terms:
                yield from _terms(concept.id, names, tags)
            yield from self._said(concept.id, tags)
        yield from self._relations(self._own(frame.id), tags)

    def rest(self) -> Iterator[Record]:
        """Relations whose type is known only now, and what `ClassRecords.rest` tells."""
        for line, source, word, target in self._waiting:
            type = self._types.get(word) or self._own_iri(word)
            yield from self._classes.relation(line, source, type, target)
        yield from self._classes.rest()

    def _said(self, id: CURIE, tags: dict[str, list[tuple[int, Any]]]) -> Iterator[Record]:
        """Mappings and successions, by their own tags or as property values."""
        for line, clause in tags.get("xref", ()):
            yield from self._classes.mapping(line, id, "xref", _reference(clause.xref.id))
        for line, clause in tags.get("equivalent_to", ()):
            yield from self._classes.mapping(line, id, EQUIVALENT, self._own(clause.term))
        stated = [
            (line, property, self._own(clause.alt_id if tag == "alt_id" else clause.term))
            for tag, property in _SUCCESSION_OF.items()
            for line, clause in tags.get(tag, ())
        ]
        for line, clause in tags.get("property_value", ()):
            said = clause.property_value
            property_ = self._curie(_reference(said.relation))
            value = said.value if isinstance(said.value, str) else _reference(said.value)
            if property_ is not None:
                stated.append((line, property_, value))
        merged = any(
            property == OBSOLESCENCE_REASON and self._curie(value) == MERGED for _, property, value in stated
        )
        for line, property, value in stated:
            if property in MATCHES:
                yield from self._classes.mapping(line, id, MATCHES[property], value)
            elif property in SUCCESSIONS or property == ALTERNATIVE_ID:
                self._classes.succession(line, id, property, value, merged=merged)

    def _relations(self, source: str, tags: dict[str, list[tuple[int, Any]]]) -> Iterator[Record]:
        for tag in ("is_a", "relationship", "intersection_of"):
            for line, clause in tags.get(tag, ()):
                if _CONDITIONS & {_reference(one.key) for one in clause.qualifiers or ()}:
                    self._classes.leave_out(CONDITIONAL)
                    continue
                type, target = getattr(clause, "typedef", None), self._own(clause.term)
                if isinstance(type, UnprefixedIdent):
                    self._waiting.append((line, source, _reference(type), target))
                else:
                    property = IS_A if type is None else _reference(type)
                    yield from self._classes.relation(line, source, property, target)
        for _ in tags.get("union_of", ()):
            self._classes.leave_out(NOT_SAYABLE)

    def _own(self, ident: Any) -> str:
        """A class's identifier; one without a prefix has the ontology's."""
        return self._own_iri(_reference(ident)) if isinstance(ident, UnprefixedIdent) else _reference(ident)

    def _own_iri(self, word: str) -> str:
        return f"http://purl.obolibrary.org/obo/{self._ontology}#{word}" if self._ontology else word

    def _curie(self, reference: str) -> CURIE | None:
        return self._prefixes.curie(reference)


def _terms(id: CURIE, names: list[str], tags: dict[str, list[tuple[int, Any]]]) -> Iterator[Term]:
    for place, name in enumerate(names):
        yield Term(id, name, LANGUAGE, TermKind.SYNONYM if place else TermKind.PREFERRED)
    for _, clause in tags.get("synonym", ()):
        synonym = clause.synonym
        if synonym.desc:
            scope = SynonymScope(synonym.scope.lower())
            yield Term(id, synonym.desc, LANGUAGE, TermKind.SYNONYM, scope)
    for _, clause in tags.get("def", ()):
        if clause.definition:
            yield Term(id, clause.definition, LANGUAGE, TermKind.DEFINITION)


def _reference(ident: Any) -> str:
    """An identifier as text without escapes."""
    if isinstance(ident, PrefixedIdent):
        return f"{ident.prefix}:{ident.local}"
    return ident.unescaped if isinstance(ident, UnprefixedIdent) else str(ident)
