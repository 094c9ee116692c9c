"""The terms of a release, gathered to be indexed: each distinct string once, with the concepts that it names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from graph.model import CURIE, SynonymScope, Term, TermKind
from graph.store import GraphStore
from linker.indexed_text import indexed_text
from linker.mapped_terms import MappedTerm
from linker.normalization import fold
from linker.parents import Parents, parents_in_order
from linker.senses import MENTION_WEIGHT, Senses
from linker.term_abbreviations import gather as gather_abbreviations
from linker.written_out_terms import by_language, written_out

DISPLAY_LANGUAGES = ("es", "en")
"""Of preferred terms, in their order."""
PREFERRED_WEIGHT, SYNONYM_WEIGHT, LOOSE_WEIGHT = 3.0, 2.0, 1.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """The distinct terms of a release, in order of first appearance, and the concepts they name."""

    texts: list[str]
    languages: list[str]
    concept_ids: list[CURIE]
    preferred: list[str]
    tags: list[str]
    senses: Senses
    parents: Parents
    mentions: int
    spans: list[str]
    """The annotated mentions among the texts."""
    mapped: dict[str, int]
    """How many terms were taken from each other release."""
    lent_by: dict[int, list[CURIE]]
    """Of each row that only other releases have, their concepts."""
    abbreviations: list[tuple[str, str, str]]
    """What the terms give away: short forms, long forms, languages."""
    written_out: list[int]
    """Of the last rows, which are terms with their abbreviations written out, the rows of these terms."""


def gather_terms(
    store: GraphStore,
    languages: Sequence[str],
    mentions: Iterable[tuple[str, CURIE]] = (),
    unnamed: bool = False,
    mapped: Mapping[str, Iterable[MappedTerm]] = MappingProxyType({}),
) -> Gathered:
    """The distinct terms of a store's active concepts, definitions left out, FSNs without their semantic tag.

    Of `mapped`, the terms of other releases, those are taken that are in a language of the store's own terms and, but
    for case and accents, neither one of these nor a mention. A concept that no string names is left out, for nothing
    could answer with it, but with `unnamed` comes last.
    """
    tags = {c.id: c.semantic_tag for c in store.scan_concepts() if c.active}
    ordinals: dict[CURIE, int] = {}
    rows: dict[str, int] = {}
    spoken: list[str] = []
    best: dict[tuple[int, int], float] = {}
    preferred: dict[CURIE, tuple[int, str]] = {}

    def add(text: str, language: str, id: CURIE, weight: float) -> None:
        ordinal = ordinals.setdefault(id, len(ordinals))
        row = rows.setdefault(text, len(rows))
        if row == len(spoken):
            spoken.append(language)
        best[row, ordinal] = max(weight, best.get((row, ordinal), 0.0))

    for term in store.scan_terms():
        if term.concept not in tags or term.kind is TermKind.DEFINITION:
            continue
        text = indexed_text(term, tags[term.concept])
        if text:
            add(text, term.language, term.concept, _weight(term))
            rank = display_rank(term, languages)
            if term.concept not in preferred or rank < preferred[term.concept][0]:
                preferred[term.concept] = (rank, text)
    own_languages = frozenset(spoken)
    counts = Counter((span.strip(), id) for span, id in mentions if id in tags and span.strip())
    for (span, id), count in counts.items():
        add(span, languages[0] if languages else "", id, MENTION_WEIGHT + float(np.log(count)))
    own_strings = {fold(text) for text in rows} if mapped else set()
    taken, lent_by = {}, defaultdict[int, list[CURIE]](list)
    for release, terms in mapped.items():
        before = len(best)
        for lent in terms:
            if lent.concept in tags and lent.language in own_languages and fold(lent.text) not in own_strings:
                add(lent.text, lent.language, lent.concept, LOOSE_WEIGHT)
                preferred.setdefault(lent.concept, (0, lent.text))
                lent_by[rows[lent.text]].append(lent.lent_by)
        taken[release] = len(best) - before
    if unnamed:
        for id in tags:
            ordinals.setdefault(id, len(ordinals))
    ids, texts, senses = list(ordinals), list(rows), _senses(best, len(rows))
    of_concepts = ([(texts[row], spoken[row]) for row in own] for own in senses.rows_of_concepts(len(ids)))
    return Gathered(
        texts=texts,
        languages=spoken,
        concept_ids=ids,
        preferred=[preferred[id][1] if id in preferred else id for id in ids],
        tags=[tags[id] for id in ids],
        senses=senses,
        parents=Parents.by_ordinal(ids, parents_in_order(tags, store.scan_is_a())),
        mentions=sum(counts.values()),
        spans=[span for span, _ in counts],
        mapped=taken,
        lent_by=lent_by,
        abbreviations=list(gather_abbreviations(of_concepts)),
        written_out=[],
    )


def with_written_out(gathered: Gathered) -> Gathered:
    """With the terms that have abbreviations written out, as further rows; no string that is there already."""
    texts, languages = gathered.texts, gathered.languages
    expansions = by_language(gathered.abbreviations)
    there: set[str] = set()
    of: dict[str, int] = {}
    named: dict[str, list[int]] = defaultdict(list)
    for ordinal, rows in enumerate(gathered.senses.rows_of_concepts(len(gathered.concept_ids))):
        for place, text in written_out([(texts[row], languages[row]) for row in rows], expansions):
            there = there or set(map(fold, texts))
            if fold(text) not in there and ordinal not in named[text]:
                of.setdefault(text, rows[place])
                named[text].append(ordinal)
    return replace(
        gathered,
        texts=[*texts, *of],
        languages=[*languages, *(languages[row] for row in of.values())],
        senses=gathered.senses.and_those_of([named[text] for text in of], LOOSE_WEIGHT),
        written_out=list(of.values()),
    )


def _weight(term: Term) -> float:
    if term.kind in (TermKind.PREFERRED, TermKind.FSN):
        return PREFERRED_WEIGHT
    return SYNONYM_WEIGHT if term.scope is SynonymScope.EXACT else LOOSE_WEIGHT


def display_rank(term: Term, languages: Sequence[str]) -> int:
    """The least of a concept's terms is the one to show as its preferred term."""
    language = languages.index(term.language) if term.language in languages else len(languages)
    kind = {TermKind.PREFERRED: 0, TermKind.FSN: 1}.get(term.kind, 2)
    return (3 * language + kind) if kind < 2 else (3 * (len(languages) + 1) + language)


def _senses(best: dict[tuple[int, int], float], n_rows: int) -> Senses:
    keys = sorted(best)
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.add.at(indptr, np.fromiter((row + 1 for row, _ in keys), np.int64, len(keys)), 1)
    concepts = np.fromiter((ordinal for _, ordinal in keys), np.int32, len(keys))
    weights = np.fromiter((best[key] for key in keys), np.float32, len(keys))
    return Senses(np.cumsum(indptr), concepts, weights)
