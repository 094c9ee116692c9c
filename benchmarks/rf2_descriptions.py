"""The descriptions of a synthetic release and the language refsets that say which is preferred where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import rf2_words
from benchmarks.rf2_concepts import EXTENSION, FIRST_ITEM, INTERNATIONAL, NEVER, SPANISH, Concepts, later
from benchmarks.rf2_log import (
    CORE,
    MODEL,
    SPAIN,
    SPANISH_MODULE,
    UNKNOWN_MODULE,
    Log,
    coded,
    coded_by_row,
    constant,
    digits,
    history,
    texts,
    touched,
    uuids,
)
from benchmarks.rf2_metadata import NAMESPACE, metadata
from benchmarks.rf2_words import DEFINITION, FORMER, HUGE, LONG, PREFERRED, QUOTED, Words
from loaders import rf2_files
from loaders.rf2 import identifiers
from loaders.rf2_rows import ACCEPTABLE, CASE_INSENSITIVE, CASE_SENSITIVE
from loaders.sctid import ComponentKind, make_many

#: The language refsets: the one that a language's terms are first chosen for, and the other.
REFSETS = {
    rf2_words.ENGLISH: ("900000000000509007", "900000000000508004"),
    rf2_words.SPANISH: ("448879004", "450828004"),
}
_TYPES = (identifiers.FSN, identifiers.SYNONYM, identifiers.DEFINITION)
_ACCEPTABILITIES = (identifiers.PREFERRED, ACCEPTABLE)
_IS_PREFERRED, _IS_ACCEPTABLE = 0, 1
#: The share of concepts that have Spanish terms.
TRANSLATED = 0.7
#: The share of concepts that have a text definition.
DEFINED_IN_WORDS = 0.015


@dataclass(frozen=True, slots=True)
class Descriptions:
    """The descriptions of one language; `slots` are those of `rf2_words`, `end` is exclusive."""

    language: str
    ids: NDArray[np.int64]
    concepts: NDArray[np.int32]
    slots: NDArray[np.uint8]
    start: NDArray[np.uint8]
    end: NDArray[np.uint8]
    packages: NDArray[np.uint8]
    modules: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)


def make_descriptions(
    language: str, concepts: Concepts, first_item: int, awkward: float, rng: np.random.Generator
) -> Descriptions:
    """The descriptions in a language; their item numbers start at `first_item`."""
    named = np.flatnonzero(_is_named(language, concepts, rng))
    born, retired = concepts.born[named], concepts.retired[named]
    # A concept in fifty had another preferred term before.
    changed = later(rng, born)
    has_former = (rng.random(len(named)) < 0.02) & (changed < retired)
    synonyms = np.searchsorted([0.79, 0.95, 0.99], rng.random(len(named)))
    at = np.repeat(np.arange(len(named)), synonyms)
    number = np.arange(len(at)) - np.repeat(np.cumsum(synonyms) - synonyms, synonyms)
    came, gone = born[at].copy(), retired[at].copy()
    # The first synonym of a concept is as old as the concept and stays, so that a dialect may prefer it.
    late = later(rng, came)
    is_late = (number > 0) & (rng.random(len(at)) < 0.2) & (late < gone)
    came[is_late] = late[is_late]
    left = later(rng, came)
    leaves = (number > 0) & (rng.random(len(at)) < 0.2) & (left < gone)
    gone = np.where(leaves, left, np.where((number > 0) & (rng.random(len(at)) < 0.5), gone, NEVER))
    former = np.flatnonzero(has_former)
    never = np.full(len(named), NEVER, np.uint8)
    defined = np.flatnonzero(rng.random(len(named)) < DEFINED_IN_WORDS)
    whole = np.concatenate([named, named, named[former], named[at], named[defined]]).astype(np.int32)
    slots = np.concatenate(
        [
            np.full(len(named), rf2_words.FSN),
            np.full(len(named), PREFERRED),
            np.full(len(former), FORMER),
            rf2_words.SYNONYM + number,
            np.full(len(defined), DEFINITION),
        ]
    ).astype(np.uint8)
    start = np.concatenate([born, np.where(has_former, changed, born), born[former], came, born[defined]])
    end = np.concatenate([never, never, changed[former], gone, never[defined]]).astype(np.uint8)
    packages = concepts.packages[whole]
    if language == rf2_words.SPANISH:
        packages = np.maximum(packages, SPANISH).astype(np.uint8)
    ids = _ids(packages, first_item, rng)
    modules = component_modules(packages, whole, awkward, rng)
    return Descriptions(language, ids, whole, slots, start, end, packages, modules)


def description_logs(
    descriptions: Descriptions, concepts: Concepts, words: Words, awkward: float, rng: np.random.Generator
) -> Iterator[Log]:
    """The rows of the descriptions, then those of the text definitions.

    The extension retires some of the Spanish edition's synonyms: rows of the same id, a later date.
    """
    d = descriptions
    more: list[tuple[NDArray[np.integer], NDArray[np.uint8], int, bool]] = []
    overridden = np.zeros(0, np.int64)
    if d.language == rf2_words.SPANISH:
        change = later(rng, d.start)
        chosen = (d.slots > rf2_words.SYNONYM) & (d.slots < DEFINITION) & (d.end == NEVER)
        chosen &= (change < NEVER) & (d.packages == SPANISH) & (rng.random(len(d)) < 0.3)
        overridden = np.flatnonzero(chosen)
        more.append((overridden, change[overridden], EXTENSION, False))
    more.append(touched(d.start, d.end, 0.35, rng, but=overridden))
    rows = history(d.start, d.end, d.packages, more)
    oddities = np.zeros(len(d), np.uint8)
    may = (d.slots >= rf2_words.SYNONYM) | ((d.slots == PREFERRED) & (rng.random(len(d)) < 0.2))
    odd = np.flatnonzero(may & (rng.random(len(d)) < awkward))
    oddities[odd] = rng.integers(QUOTED, LONG + 1, len(odd))
    oddities[odd[rng.random(len(odd)) < 0.01]] = HUGE
    case = (d.concepts % 7 == 0).astype(np.uint8)
    is_definition = d.slots == DEFINITION
    types = np.where(is_definition, 2, d.slots != rf2_words.FSN).astype(np.uint8)
    terms = texts(lambda at: words.terms(d.concepts[at], d.slots[at], oddities[at]))
    sentences = texts(lambda at: words.sentences(d.concepts[at], oddities[at]))
    for kind, wanted, text in (
        (rf2_files.DESCRIPTION, ~is_definition, terms),
        (rf2_files.TEXT_DEFINITION, is_definition, sentences),
    ):
        kept = wanted[rows.component]
        yield Log(
            kind,
            d.language,
            d.ids,
            d.modules,
            rows.component[kept],
            rows.version[kept],
            rows.package[kept],
            rows.active[kept],
            (
                lambda _, at: digits(concepts.sctids[d.concepts[at]]),
                constant(d.language),
                coded(types, _TYPES),
                text,
                coded(case, (CASE_INSENSITIVE, CASE_SENSITIVE)),
            ),
        )


def language_log(
    descriptions: Descriptions, concepts: Concepts, awkward: float, rng: np.random.Generator
) -> Log:
    """The members of a language's two refsets, which differ in what they prefer for some concepts.

    In the first refset some preferred terms and synonyms change places at a later version.
    """
    d = descriptions
    first_synonym = rf2_words.SYNONYM
    in_other = np.ones(len(d), np.bool_)
    if d.language == rf2_words.SPANISH:
        in_other = d.concepts % 10 != 3
    in_other &= (d.slots <= first_synonym) | (rng.random(len(d)) < 0.9)
    # One draw a concept, so that a preferred term and its synonym have the same fate.
    fate = rng.random(len(concepts))
    has_synonym = np.zeros(len(concepts), np.bool_)
    has_synonym[d.concepts[d.slots == first_synonym]] = True
    has_synonym[d.concepts[d.slots == FORMER]] = False
    differs = has_synonym & (fate < 0.3)
    swaps = later(rng, concepts.born)
    swapped = has_synonym & (fate > 0.95) & (swaps < concepts.retired)
    is_preferred = (d.slots <= FORMER) | (d.slots == DEFINITION)
    base = np.where(is_preferred, _IS_PREFERRED, _IS_ACCEPTABLE).astype(np.uint8)
    is_pair = (d.slots == PREFERRED) | (d.slots == first_synonym)
    other = np.where(is_pair & differs[d.concepts], 1 - base, base).astype(np.uint8)
    members = np.concatenate([np.arange(len(d)), np.flatnonzero(in_other)]).astype(np.int32)
    refset = (np.arange(len(members)) >= len(d)).astype(np.uint8)
    acceptability = np.where(refset == 0, base[members], other[members]).astype(np.uint8)
    changing = np.flatnonzero((refset == 0) & (is_pair & swapped[d.concepts])[members])
    start, end = d.start[members], d.end[members]
    more = [
        (changing, swaps[d.concepts[members[changing]]], -1, True),
        touched(start, end, 0.15, rng, but=changing),
    ]
    rows = history(start, end, d.packages[members], more)
    by_row = acceptability[rows.component]
    by_row = np.where(rows.extra == 0, 1 - by_row, by_row).astype(np.uint8)
    packages = d.packages[members]
    return Log(
        rf2_files.LANGUAGE,
        d.language,
        uuids(len(members), rng),
        component_modules(packages, d.concepts[members], awkward, rng),
        rows.component,
        rows.version,
        rows.package,
        rows.active,
        (
            coded(refset, REFSETS[d.language]),
            lambda _, at: digits(d.ids[members[at]]),
            coded_by_row(by_row, _ACCEPTABILITIES),
        ),
        odd_stem="der2_cRefset_IdiomaSpain",
    )


def component_modules(
    packages: NDArray[np.uint8], concepts: NDArray[np.integer], awkward: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The module of each component; a few of the Spanish packages' are in one that no package knows."""
    own = np.array([CORE, SPANISH_MODULE, SPAIN], np.uint8)[packages]
    own[(packages == INTERNATIONAL) & (concepts < len(metadata().sctids))] = MODEL
    own[(packages != INTERNATIONAL) & (rng.random(len(own)) < awkward / 10)] = UNKNOWN_MODULE
    return own


def _is_named(language: str, concepts: Concepts, rng: np.random.Generator) -> NDArray[np.bool_]:
    if language == rf2_words.ENGLISH:
        international: NDArray[np.bool_] = concepts.packages == INTERNATIONAL
        return international
    always: NDArray[np.bool_] = (concepts.levels < 2) | (concepts.packages == EXTENSION)
    always[: len(metadata().sctids)] = True
    always |= rng.random(len(concepts)) < TRANSLATED
    return always


def _ids(packages: NDArray[np.uint8], first_item: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Short identifiers for the international and Spanish packages, the namespace's for the extension."""
    items = rng.permutation(len(packages)).astype(np.int64)
    own = np.flatnonzero(packages == EXTENSION)
    ids = make_many(ComponentKind.DESCRIPTION, FIRST_ITEM + first_item + items)
    ids[own] = make_many(ComponentKind.DESCRIPTION, 200_000 + items[own], NAMESPACE)
    return ids
