"""OBO Graphs JSON (HPO, DO, MONDO, …) as records, streamed.

The format is that of https://github.com/geneontology/obographs (schema version 0.3). Of its nodes only
classes become concepts: properties and individuals are not linked to. A class that the ontology imports
from another is kept if it has a label, so that relations lead somewhere; one without a label is a dangling
reference and is dropped. To have an ontology's own classes only, take its `-base` file or give `prefix`.

Labels are kept as they are written, "obsolete " included. All text is taken to be English, as the format
has no place for a language; `loaders.babelon` brings other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from graph.model import CURIE, IS_A, Record, SynonymScope, Term, TermKind
from loaders.errors import FormatMismatch
from loaders.files import SourceFile, head, open_text
from loaders.json_stream import JsonCursor
from loaders.languages import UNTAGGED, is_kept
from loaders.ontology import (
    ALTERNATIVE_ID,
    MATCHES,
    MERGED,
    NAMESPACE,
    OBSOLESCENCE_REASON,
    SCOPES,
    SUCCESSIONS,
    ClassRecords,
)
from loaders.prefixes import canonical_curie
from loaders.rejections import Rejections

LANGUAGE = UNTAGGED
_NAMED = "OBO Graphs JSON"
_OTHER_TYPES = frozenset({"PROPERTY", "INDIVIDUAL", None})
# Edges between properties or individuals; no class is at their ends.
_NOT_ABOUT_CLASSES = frozenset({"subPropertyOf", "inverseOf", "type"})


def recognises(file: SourceFile) -> bool:
    """Whether the content begins as OBO Graphs JSON does."""
    start = head(file).lstrip()
    return start.startswith("{") and '"graphs"' in start


def version(file: SourceFile) -> str:
    """The version IRI of the file's first graph, or "" if it gives none."""
    with open_text(file) as stream:
        cursor = JsonCursor(stream, file.name, _NAMED)
        for key in _graph_members(cursor):
            if key == "meta":
                meta = cursor.value()
                return str(meta.get("version", "")) if isinstance(meta, dict) else ""
            _skip(cursor, key)
    return ""


def read(
    file: SourceFile,
    rejections: Rejections,
    *,
    prefix: str | None = None,
    languages: Iterable[str] = (LANGUAGE,),
) -> Iterator[Record]:
    """The records of an OBO Graphs file. With `prefix`, only classes of that prefix.

    Concepts come with their terms and mappings; relations and successions follow as soon as both their
    ends are known to be concepts. Those whose ends never are, are rejected.

    Raises SourceDamaged, FormatMismatch.
    """
    graph = _Graph(file.name, rejections, prefix, is_kept(LANGUAGE, languages))
    with open_text(file) as stream:
        cursor = JsonCursor(stream, file.name, _NAMED)
        for key in _graph_members(cursor):
            if graph.reads(key):
                for ordinal in cursor.elements():
                    yield from graph.element(key, ordinal, cursor.value())
            else:
                cursor.value()
    yield from graph.rest()


def _graph_members(cursor: JsonCursor) -> Iterator[str]:
    """The keys of every graph in the document; the caller consumes each key's value."""
    found = False
    for key in cursor.members():
        if key != "graphs":
            cursor.value()
            continue
        found = True
        for _ in cursor.elements():
            yield from cursor.members()
    if not found:
        raise FormatMismatch(cursor.file, _NAMED, 'it has no "graphs"')


def _skip(cursor: JsonCursor, key: str) -> None:
    if key in ("nodes", "edges"):
        for _ in cursor.elements():
            cursor.value()
    else:
        cursor.value()


class _Malformed(Exception):
    """A value is not what it must be; the text goes on after the name of its node, edge or definition."""


class _Graph:
    """One file's nodes, edges and definitions, told to `ClassRecords`."""

    def __init__(self, file: str, rejections: Rejections, prefix: str | None, with_terms: bool) -> None:
        self._file = file
        self._classes = ClassRecords(file, rejections, prefix)
        self._with_terms = with_terms
        self._readers = {
            "nodes": self._node,
            "edges": self._edge,
            "logicalDefinitionAxioms": self._definition,
        }

    def reads(self, key: str) -> bool:
        """Whether a member of the graph is an array that tells of classes."""
        return key in self._readers

    def element(self, key: str, ordinal: int, value: Any) -> Iterator[Record]:
        """The records of one element of such an array. Raises FormatMismatch."""
        try:
            yield from self._readers[key](ordinal, _object(value))
        except _Malformed as error:
            raise FormatMismatch(self._file, _NAMED, f"element {ordinal} of its {key} {error}") from None

    def rest(self) -> Iterator[Record]:
        """See `ClassRecords.rest`."""
        return self._classes.rest()

    def _node(self, ordinal: int, node: dict[str, Any]) -> Iterator[Record]:
        reference = _required(node, "id")
        type = node.get("type")
        if type != "CLASS":
            if type not in _OTHER_TYPES:
                self._classes.reject(ordinal, "the node's type is unknown", f"{reference} {type}")
            return
        meta, label = _object(node.get("meta")), _text(node, "lbl")
        properties = [
            (canonical_curie(_text(said, "pred")), _text(said, "val"))
            for said in _objects(meta, "basicPropertyValues")
        ]
        concept = self._classes.declare(
            ordinal,
            reference,
            labelled=bool(label),
            retired=bool(meta.get("deprecated")),
            namespace=next((value for key, value in properties if key == NAMESPACE), ""),
        )
        if concept is None:
            return
        yield concept
        if self._with_terms:
            yield from _terms(concept.id, label, meta)
        for xref in _objects(meta, "xrefs"):
            yield from self._classes.mapping(ordinal, concept.id, "xref", _text(xref, "val"))
        merged = any(
            key == OBSOLESCENCE_REASON and canonical_curie(value) == MERGED for key, value in properties
        )
        for key, value in properties:
            if key is None:
                continue
            if key in MATCHES:
                yield from self._classes.mapping(ordinal, concept.id, MATCHES[key], value)
            elif key in SUCCESSIONS or key == ALTERNATIVE_ID:
                self._classes.succession(ordinal, concept.id, key, value, merged=merged)

    def _edge(self, ordinal: int, edge: dict[str, Any]) -> Iterator[Record]:
        source, property, target = (_required(edge, key) for key in ("sub", "pred", "obj"))
        if property not in _NOT_ABOUT_CLASSES:
            type = IS_A if property == "is_a" else property
            yield from self._classes.relation(ordinal, source, type, target)

    def _definition(self, ordinal: int, axiom: dict[str, Any]) -> Iterator[Record]:
        reference = _required(axiom, "definedClassId")
        id = canonical_curie(reference)
        if id is None:
            self._classes.reject(ordinal, "the class's IRI has no CURIE", reference)
            return
        yield from self._classes.defined(id)
        genera = axiom.get("genusIds") or []
        if not isinstance(genera, list):
            raise _Malformed("has genusIds that are no array")
        for genus in genera:
            yield from self._classes.relation(ordinal, id, IS_A, str(genus))
        for restriction in _objects(axiom, "restrictions"):
            property, filler = _text(restriction, "propertyId"), _text(restriction, "fillerId")
            yield from self._classes.relation(ordinal, id, property, filler)


def _terms(id: CURIE, label: str, meta: dict[str, Any]) -> Iterator[Term]:
    if label:
        yield Term(id, label, LANGUAGE, TermKind.PREFERRED)
    for synonym in _objects(meta, "synonyms"):
        text = _text(synonym, "val")
        if text:
            scope = SCOPES.get(_text(synonym, "pred"), SynonymScope.RELATED)
            yield Term(id, text, LANGUAGE, TermKind.SYNONYM, scope)
    definition = _text(_object(meta.get("definition")), "val")
    if definition:
        yield Term(id, definition, LANGUAGE, TermKind.DEFINITION)


def _object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Malformed("has something else where an object must be")
    return value


def _objects(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    values = holder.get(key)
    if values is None:
        return []
    if not (isinstance(values, list) and all(isinstance(value, dict) for value in values)):
        raise _Malformed(f"has {key} that are no array of objects")
    return values


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _required(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    if not isinstance(value, str):
        raise _Malformed(f"has no {key}")
    return value
