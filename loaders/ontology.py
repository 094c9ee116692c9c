"""What the classes of an ontology become, in whichever file format they are written.

OBO, OWL and OBO Graphs say the same things in three syntaxes. Each loader reads its syntax and tells
`ClassRecords` what it finds, so that one ontology gives equal records in all three:

- A class with a label, or a retired one, is a concept; a class with neither is a reference that dangles.
- Cross-references and SKOS matches are mappings; "replaced by" and "consider" are successions, and so is an
  alternative id, which becomes a retired concept that is the same as the class it was merged into.
- Relations and successions are records once both their ends are concepts; those whose ends never are, are
  rejected, or passed over where only classes of another prefix are missing and a prefix was asked for.
- Parts of a definition by genus and differentiae hold of the class, so they are relations; the concept is
  `defined`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import MappingProxyType

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
)
from loaders.prefixes import canonical_curie
from loaders.rejections import Rejections

#: The scopes of synonyms, by the local name of their property (`oboInOwl:has…Synonym`).
SCOPES: MappingProxyType[str, SynonymScope] = MappingProxyType(
    {
        "hasExactSynonym": SynonymScope.EXACT,
        "hasBroadSynonym": SynonymScope.BROAD,
        "hasNarrowSynonym": SynonymScope.NARROW,
        "hasRelatedSynonym": SynonymScope.RELATED,
        "hasSynonym": SynonymScope.RELATED,
    }
)
#: The kinds of mappings, by property.
MATCHES: MappingProxyType[CURIE, str] = MappingProxyType(
    {
        "skos:exactMatch": "exact",
        "skos:closeMatch": "close",
        "skos:broadMatch": "broad",
        "skos:narrowMatch": "narrow",
        "skos:relatedMatch": "related",
    }
)
#: The kinds of successions, by property of the retired class.
SUCCESSIONS: MappingProxyType[CURIE, SuccessionKind] = MappingProxyType(
    {
        "IAO:0100001": SuccessionKind.REPLACED_BY,
        "oboInOwl:consider": SuccessionKind.POSSIBLY_EQUIVALENT_TO,
    }
)
ALTERNATIVE_ID: CURIE = "oboInOwl:hasAlternativeId"
NAMESPACE: CURIE = "oboInOwl:hasOBONamespace"
OBSOLESCENCE_REASON: CURIE = "IAO:0000231"
#: The reason of a class that was merged into its replacement.
MERGED: CURIE = "IAO:0000227"
#: What relates a class to a named one that it is equivalent to.
EQUIVALENT = "exact"

#: Why sound statements are left out that no record can say.
NOT_SAYABLE = "the class expression is neither a class nor an existential restriction over one"
CONDITIONAL = "the relation holds only under a condition"


class ClassRecords:
    """Makes records of what a file tells of its classes; remembers ids, and links whose ends are not known yet.

    `place` is everywhere the line or ordinal that a rejection names.
    """

    def __init__(
        self,
        file: str,
        rejections: Rejections,
        prefix: str | None,
        contract: Callable[[str], CURIE | None] = canonical_curie,
    ) -> None:
        """With `prefix`, only classes that have it become concepts. `contract` makes CURIEs of references."""
        self._file = file
        self._rejections = rejections
        self._beginning = f"{prefix}:" if prefix else ""
        self.contract = contract
        self._concepts: dict[CURIE, Concept] = {}
        self._defined: set[CURIE] = set()
        self._waiting: list[tuple[int, Relation | Succession]] = []
        self._alternatives: list[tuple[int, CURIE, CURIE]] = []

    def declare(
        self,
        place: int,
        reference: str,
        *,
        labelled: bool,
        retired: bool,
        namespace: str = "",
        defined: bool = False,
    ) -> Concept | None:
        """The concept that a class becomes; None if it becomes none."""
        if not (labelled or retired):
            return None
        id = self.contract(reference)
        if id is None:
            self.reject(place, "the class's IRI has no CURIE", reference)
            return None
        if not id.startswith(self._beginning):
            return None
        concept = self._concepts[id] = Concept(
            id, active=not retired, semantic_tag=namespace, defined=defined or id in self._defined
        )
        return concept

    def defined(self, id: CURIE) -> Iterator[Concept]:
        """The concept again, now known to have sufficient conditions; nothing where it is not declared yet."""
        self._defined.add(id)
        concept = self._concepts.get(id)
        if concept is not None and not concept.defined:
            self._concepts[id] = replace(concept, defined=True)
            yield self._concepts[id]

    def mapping(self, place: int, id: CURIE, kind: str, reference: str) -> Iterator[Mapping]:
        """A code of another system, or a match."""
        target = self.contract(reference)
        if target is None:
            self.reject(place, "the cross-reference has no CURIE", reference)
        else:
            yield Mapping(id, target, kind)

    def relation(self, place: int, source: str, type: str, target: str) -> Iterator[Relation]:
        """A relation between two classes, as references; `type` is IS_A or a property."""
        ends = (self.contract(source), self.contract(target))
        property = type if type == IS_A else self.contract(type)
        if ends[0] is None or ends[1] is None or property is None:
            self.reject(place, "an IRI of the edge has no CURIE", f"{source} {type} {target}")
            return
        relation = Relation(ends[0], property, ends[1])
        if ends[0] in self._concepts and ends[1] in self._concepts:
            yield relation
        else:
            self._waiting.append((place, relation))

    def succession(self, place: int, id: CURIE, property: CURIE, reference: str, *, merged: bool) -> None:
        """What stands for a retired class, or an alternative id; told by `rest`.

        `merged` says that the class was merged into its replacement, so that they are the same.
        """
        other = self.contract(reference)
        if other is None:
            self.reject(place, "the other id is no CURIE", reference)
        elif property == ALTERNATIVE_ID:
            self._alternatives.append((place, other, id))
        else:
            kind = SUCCESSIONS[property]
            if merged and kind is SuccessionKind.REPLACED_BY:
                kind = SuccessionKind.SAME_AS
            self._waiting.append((place, Succession(id, other, kind)))

    def rest(self) -> Iterator[Record]:
        """What can be told only after the last class: alternative ids, and links that wait for their ends."""
        for place, alternative, id in self._alternatives:
            known = self._concepts.get(alternative)
            if known is not None and known.active:
                self.reject(place, "the alternative id is an active class of its own", alternative)
                continue
            if known is None:
                known = self._concepts[alternative] = Concept(alternative, active=False)
                yield known
            yield Succession(alternative, id, SuccessionKind.SAME_AS)
        for place, link in self._waiting:
            ends = (
                (link.source, link.target) if isinstance(link, Relation) else (link.retired, link.successor)
            )
            missing = [end for end in ends if end not in self._concepts]
            if not missing:
                yield link
            elif any(end.startswith(self._beginning) for end in missing):
                kind = "relation" if isinstance(link, Relation) else "succession"
                self.reject(place, f"an end of the {kind} is no class of the ontology", missing[0])

    def leave_out(self, reason: str) -> None:
        """Count what is sound and has no record that could say it."""
        self._rejections.leave_out(reason)

    def reject(self, place: int, reason: str, value: str) -> None:
        """Count what cannot be used."""
        self._rejections.add(self._file, place, reason, value)
