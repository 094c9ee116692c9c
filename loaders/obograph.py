"""OBO Graphs JSON (HPO, DO, MONDO, …) as records, streamed.

The format is that of https://github.com/geneontology/obographs (schema version 0.3). Of its nodes only
classes become concepts: properties and individuals are not linked to. A class that the ontology imports
from another is kept if it has a label, so that relations lead somewhere; one without a label is a dangling
reference and is dropped. To have an
ontology's own classes only, take its `-base` file or give `prefix`.

Labels are kept as they are written, "obsolete " included. All text is taken to be English, as the format
has no place for a language; `loaders.babelon` brings other languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any

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
    Term,
    TermKind,
)
from loaders.errors import FormatMismatch
from loaders.files import SourceFile, head, open_text
from loaders.json_stream import JsonCursor
from loaders.prefixes import canonical_curie
from loaders.rejections import Rejections

LANGUAGE = "en"
_NAMED = "OBO Graphs JSON"

SCOPES: MappingProxyType[str, SynonymScope] = MappingProxyType(
    {
        "hasExactSynonym": SynonymScope.EXACT,
        "hasBroadSynonym": SynonymScope.BROAD,
        "hasNarrowSynonym": SynonymScope.NARROW,
        "hasRelatedSynonym": SynonymScope.RELATED,
    }
)
_MATCHES: MappingProxyType[CURIE, str] = MappingProxyType(
    {
        "skos:exactMatch": "exact",
        "skos:closeMatch": "close",
        "skos:broadMatch": "broad",
        "skos:narrowMatch": "narrow",
        "skos:relatedMatch": "related",
    }
)
_SUCCESSIONS: MappingProxyType[CURIE, SuccessionKind] = MappingProxyType(
    {
        "IAO:0100001": SuccessionKind.REPLACED_BY,
        "oboInOwl:consider": SuccessionKind.POSSIBLY_EQUIVALENT_TO,
    }
)
_ALTERNATIVE_ID = "oboInOwl:hasAlternativeId"
_NAMESPACE = "oboInOwl:hasOBONamespace"
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
    graph = _Graph(file.name, rejections, prefix, LANGUAGE in languages)
    with open_text(file) as stream:
        cursor = JsonCursor(stream, file.name, _NAMED)
        for key in _graph_members(cursor):
            if key == "nodes":
                for ordinal in cursor.elements():
                    yield from graph.node(ordinal, cursor.value())
            elif key == "edges":
                for ordinal in cursor.elements():
                    yield from graph.edge(ordinal, cursor.value())
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


class _Graph:
    """What must be remembered while a file streams by: ids, and links whose ends are not known yet."""

    def __init__(self, file: str, rejections: Rejections, prefix: str | None, with_terms: bool) -> None:
        self._file = file
        self._rejections = rejections
        self._beginning = f"{prefix}:" if prefix else ""
        self._with_terms = with_terms
        self._active: dict[CURIE, bool] = {}
        self._waiting: list[tuple[int, Relation | Succession]] = []
        self._alternatives: list[tuple[int, CURIE, CURIE]] = []

    def node(self, ordinal: int, node: Any) -> Iterator[Record]:
        if not isinstance(node, dict) or not isinstance(node.get("id"), str):
            raise FormatMismatch(self._file, _NAMED, f"its node {ordinal} has no id")
        if node.get("type") != "CLASS":
            return
        meta = node.get("meta") or {}
        retired = bool(meta.get("deprecated"))
        if not (node.get("lbl") or retired):
            return
        id = canonical_curie(node["id"])
        if id is None:
            self._rejections.add(self._file, ordinal, "the class's IRI has no CURIE", node["id"])
            return
        if not id.startswith(self._beginning):
            return
        properties = [
            (canonical_curie(str(p.get("pred", ""))), str(p.get("val", "")))
            for p in meta.get("basicPropertyValues", ())
        ]
        self._active[id] = not retired
        namespace = next((value for key, value in properties if key == _NAMESPACE), "")
        yield Concept(id, active=not retired, semantic_tag=namespace)
        if self._with_terms:
            yield from _terms(id, node.get("lbl") or "", meta)
        yield from self._mappings(ordinal, id, meta, properties)
        self._remember_successions(ordinal, id, properties)

    def edge(self, ordinal: int, edge: Any) -> Iterator[Record]:
        if not (isinstance(edge, dict) and all(isinstance(edge.get(k), str) for k in ("sub", "pred", "obj"))):
            raise FormatMismatch(self._file, _NAMED, f"its edge {ordinal} lacks sub, pred or obj")
        if edge["pred"] in _NOT_ABOUT_CLASSES:
            return
        source, target = canonical_curie(edge["sub"]), canonical_curie(edge["obj"])
        type = IS_A if edge["pred"] == "is_a" else canonical_curie(edge["pred"])
        if not (source and target and type):
            self._rejections.add(self._file, ordinal, "an IRI of the edge has no CURIE", str(edge))
            return
        relation = Relation(source, type, target)
        if source in self._active and target in self._active:
            yield relation
        else:
            self._waiting.append((ordinal, relation))

    def rest(self) -> Iterator[Record]:
        """What can be told only after the last node: alternative ids, and links that wait for their ends."""
        for ordinal, alternative, id in self._alternatives:
            if self._active.get(alternative):
                reason = "the alternative id is an active class of its own"
                self._rejections.add(self._file, ordinal, reason, alternative)
                continue
            if alternative not in self._active:
                self._active[alternative] = False
                yield Concept(alternative, active=False)
            yield Succession(alternative, id, SuccessionKind.SAME_AS)
        for ordinal, link in self._waiting:
            ends = (
                (link.source, link.target) if isinstance(link, Relation) else (link.retired, link.successor)
            )
            missing = [end for end in ends if end not in self._active]
            if not missing:
                yield link
            elif any(end.startswith(self._beginning) for end in missing):
                kind = "relation" if isinstance(link, Relation) else "succession"
                reason = f"an end of the {kind} is no class of the ontology"
                self._rejections.add(self._file, ordinal, reason, missing[0])

    def _mappings(
        self, ordinal: int, id: CURIE, meta: dict[str, Any], properties: list[tuple[CURIE | None, str]]
    ) -> Iterator[Mapping]:
        stated = [("xref", str(xref.get("val", ""))) for xref in meta.get("xrefs", ())]
        stated += [(_MATCHES[key], value) for key, value in properties if key and key in _MATCHES]
        for kind, reference in stated:
            target = canonical_curie(reference)
            if target is None:
                self._rejections.add(self._file, ordinal, "the cross-reference has no CURIE", reference)
            else:
                yield Mapping(id, target, kind)

    def _remember_successions(
        self, ordinal: int, id: CURIE, properties: list[tuple[CURIE | None, str]]
    ) -> None:
        for key, value in properties:
            if key != _ALTERNATIVE_ID and key not in _SUCCESSIONS:
                continue
            other = canonical_curie(value)
            if other is None:
                self._rejections.add(self._file, ordinal, "the other id is no CURIE", value)
            elif key == _ALTERNATIVE_ID:
                self._alternatives.append((ordinal, other, id))
            elif key is not None:
                self._waiting.append((ordinal, Succession(id, other, _SUCCESSIONS[key])))


def _terms(id: CURIE, label: str, meta: dict[str, Any]) -> Iterator[Term]:
    if label:
        yield Term(id, label, LANGUAGE, TermKind.PREFERRED)
    for synonym in meta.get("synonyms", ()):
        text = synonym.get("val")
        if text:
            scope = SCOPES.get(synonym.get("pred", ""), SynonymScope.RELATED)
            yield Term(id, text, LANGUAGE, TermKind.SYNONYM, scope)
    definition = meta.get("definition") or {}
    if definition.get("val"):
        yield Term(id, definition["val"], LANGUAGE, TermKind.DEFINITION)
