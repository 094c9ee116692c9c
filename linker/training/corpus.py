"""What models are trained on: strings grouped by what they name.

A group is one id (a concept of a release, or a code of another system that concepts map to and
annotators use) with every string known for it. Two strings that share a group are a positive pair;
two that share none may be a negative pair. Codes of other systems tie terminologies together: a
mention coded with a SNOMED CT id meets the HPO terms that map to that id.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from graph.model import CURIE, TermKind
from graph.store import GraphStore
from linker.indexed_text import indexed_text
from linker.mentions import GoldMention
from linker.training.lineage import Lineage

LARGEST_GROUP = 200
"""Strings. A larger group is a catch-all code; so many of its strings stand for it."""


@dataclass(frozen=True, slots=True)
class TrainingCorpus:
    """Groups of normalised strings, each with at least two; `groups_of` is the same, by string.

    `mentions` are the strings that annotators marked in text. `names` are the strings of every id, of those with a
    single one too; `lineage` is what the ids are kinds of.
    """

    groups: dict[CURIE, tuple[str, ...]]
    groups_of: dict[str, frozenset[CURIE]]
    mentions: frozenset[str]
    names: dict[CURIE, tuple[str, ...]] = field(default_factory=dict)
    lineage: Lineage = field(default_factory=Lineage)

    @property
    def strings(self) -> list[str]:
        """Every string that is in some group, sorted."""
        return sorted(self.groups_of)


def build_corpus(
    stores: Iterable[GraphStore], mentions: Iterable[GoldMention], normalise: Callable[[str], str]
) -> TrainingCorpus:
    """Gather the terms of active concepts, the codes they map to, and annotated mentions.

    Definitions and composite mentions are left out, and so are groups of one string and codes that several
    concepts of one release map to; of a group over LARGEST_GROUP a sample is taken. Raises HierarchyCycle.
    """
    stores = list(stores)
    gathered: dict[CURIE, set[str]] = defaultdict(set)
    for store in stores:
        active = {c.id: c.semantic_tag for c in store.scan_concepts() if c.active}
        terms: dict[CURIE, set[str]] = defaultdict(set)
        for term in store.scan_terms():
            if term.concept in active and term.kind is not TermKind.DEFINITION:
                terms[term.concept].add(normalise(indexed_text(term, active[term.concept])))
        for id in terms:
            gathered[id] |= terms[id]
        mapped: dict[CURIE, set[CURIE]] = defaultdict(set)
        for mapping in store.scan_mappings():
            if mapping.concept in terms:
                mapped[mapping.target].add(mapping.concept)
        for target, concepts in mapped.items():
            # A code that several concepts of one release map to is broader than each: no synonyms there.
            if len(concepts) == 1:
                gathered[target] |= terms[concepts.pop()]
    marked: set[str] = set()
    for mention in mentions:
        if not mention.composite:
            string = normalise(mention.span)
            marked.add(string)
            for code in mention.codes:
                gathered[code].add(string)
    names = {id: _sample(strings - {""}) for id, strings in sorted(gathered.items()) if strings - {""}}
    groups = {id: strings for id, strings in names.items() if len(strings) > 1}
    groups_of = holders_of(groups)
    return TrainingCorpus(
        groups,
        dict(sorted(groups_of.items())),
        frozenset(marked & groups_of.keys()),
        names,
        Lineage.of(stores),
    )


def _sample(strings: set[str]) -> tuple[str, ...]:
    """At most LARGEST_GROUP of `strings`, sorted; the same ones of the same strings."""
    if len(strings) <= LARGEST_GROUP:
        return tuple(sorted(strings))
    by_digest = sorted(strings, key=lambda string: hashlib.blake2b(string.encode(), digest_size=8).digest())
    return tuple(sorted(by_digest[:LARGEST_GROUP]))


def holders_of(strings_of: dict[CURIE, tuple[str, ...]]) -> dict[str, frozenset[CURIE]]:
    """The ids of each string."""
    holders: dict[str, set[CURIE]] = defaultdict(set)
    for id, strings in strings_of.items():
        for string in strings:
            holders[string].add(id)
    return {string: frozenset(ids) for string, ids in holders.items()}
