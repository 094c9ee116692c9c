"""Terms that another release has for a release's concepts: those of its concepts that are the same by their codes.

A gazetteer of SNOMED CT codes names them as some clinicians happened to. HPO and the Disease Ontology, which map to
SNOMED CT, have labels and synonyms for many of them, and so has a UMLS release. Two concepts are the same if there is a
code that one active concept alone of each release has: its own id, or one that it maps to (not as `broad` or `narrow`).
A concept that is the same as several of the release is broader than each, and lends its terms to none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass

from graph.model import CURIE, SynonymScope, TermKind
from graph.store import GraphStore
from linker.indexed_text import indexed_text

UNEQUAL = frozenset({"broad", "narrow"})
"""Kinds of mappings to codes that mean more or less than the concept."""

_BATCH = 1_000
_SEVERAL = ""


@dataclass(frozen=True, slots=True)
class MappedTerm:
    """A term of another release, the concept that it names here, and the one there, `lent_by`."""

    text: str
    language: str
    concept: CURIE
    lent_by: CURIE


def mapped_terms(store: GraphStore, other: GraphStore) -> Iterator[MappedTerm]:
    """The terms of `other`'s concepts that are the same as one of `store`'s, as terms of the latter.

    Definitions and what the source calls broad, narrow or related synonyms are left out, and FSNs' semantic tags too.
    """
    codes = _holders(store)
    met: dict[CURIE, set[CURIE]] = defaultdict(set)
    for code, theirs in _holders(other, codes).items():
        ours = codes[code]
        if ours != _SEVERAL and theirs != _SEVERAL:
            met[theirs].add(ours)
    same = {theirs: next(iter(ours)) for theirs, ours in met.items() if len(ours) == 1}
    found = sorted(same)
    for start in range(0, len(found), _BATCH):
        ids = found[start : start + _BATCH]
        for theirs, concept, terms in zip(ids, other.concepts(ids), other.terms(ids), strict=True):
            tag = concept.semantic_tag if concept else ""
            for term in terms:
                if term.kind is TermKind.DEFINITION or term.scope is not SynonymScope.EXACT:
                    continue
                text = indexed_text(term, tag)
                if text:
                    yield MappedTerm(text, term.language, same[theirs], theirs)


def _holders(store: GraphStore, wanted: Container[CURIE] | None = None) -> dict[CURIE, CURIE]:
    """The one active concept of each code, of those `wanted`; `_SEVERAL` where there are more."""
    holders: dict[CURIE, CURIE] = {}
    active: set[CURIE] = set()

    def add(code: CURIE, id: CURIE) -> None:
        if wanted is None or code in wanted:
            holders[code] = id if holders.get(code, id) == id else _SEVERAL

    for concept in store.scan_concepts():
        if concept.active:
            active.add(concept.id)
            add(concept.id, concept.id)
    for mapping in store.scan_mappings():
        if mapping.concept in active and mapping.kind not in UNEQUAL:
            add(mapping.target, mapping.concept)
    return holders
