"""Invented clinical words, English and Spanish, and the names that concepts get from them.

Every word is made from random syllables and an ending; nothing is taken from a terminology. A concept's noun
and adjective are a pair that no other concept has, so its fully specified name is its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.rf2_concepts import Concepts
from benchmarks.rf2_metadata import TOP_LEVELS, metadata

ENGLISH, SPANISH = "en", "es"
NOUNS, ADJECTIVES = 4001, 3001  # primes, so that every step through their pairs meets them all
_STEP = 7_368_787

_ONSETS = (*"bcdfglmnprstv", "br", "cr", "dr", "fl", "gr", "pl", "pr", "tr")
_CODAS = ["", "", "", "n", "r", "l", "s", "m"]
_NOUN_ENDINGS = (
    ("osis", "osis"),
    ("itis", "itis"),
    ("oma", "oma"),
    ("ía", "y"),
    ("ción", "tion"),
    ("dad", "ty"),
    ("ura", "ure"),
    ("ón", "on"),
    ("ina", "in"),
    ("eño", "ene"),
    ("miento", "ment"),
)
_ADJECTIVE_ENDINGS = (
    ("ico", "ic"),
    ("al", "al"),
    ("oso", "ous"),
    ("ar", "ar"),
    ("ivo", "ive"),
    ("ario", "ary"),
    ("iense", "ian"),
    ("ado", "ated"),
)
_QUALIFIERS = (
    ("agudo", "acute"),
    ("crónico", "chronic"),
    ("izquierdo", "left"),
    ("derecho", "right"),
    ("congénito", "congenital"),
    ("secundario", "secondary"),
    ("leve", "mild"),
    ("grave", "severe"),
    ("del niño", "childhood"),
    ("familiar", "familial"),
)

#: What a term is to its concept, by slot: a synonym's slot is SYNONYM and its number.
FSN, PREFERRED, FORMER, SYNONYM = 0, 1, 2, 3
DEFINITION = 250
#: Ways in which a term is awkward to read.
PLAIN, QUOTED, INCHES, LONG, HUGE = range(5)


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary in one language and the names of concepts that are not made from it."""

    language: str
    nouns: pa.Array
    adjectives: pa.Array
    qualifiers: pa.Array
    fixed: pa.Array
    fixed_places: NDArray[np.int32]
    tags: pa.Array
    tag_places: NDArray[np.int32]
    parents: NDArray[np.int32]

    def terms(
        self, concepts: NDArray[np.integer], slots: NDArray[np.uint8], oddities: NDArray[np.uint8]
    ) -> pa.Array:
        """The term of each (concept, slot)."""
        if len(concepts) == 0:
            return pa.array([], pa.string())
        text = self._phrases(concepts, slots)
        is_fsn = pa.array(slots == FSN)
        tags = self.tags.take(pa.array(self.tag_places[concepts]))
        text = pc.if_else(is_fsn, pc.binary_join_element_wise(text, " (", tags, ")", ""), text)
        return _odd(text, oddities) if oddities.any() else text

    def sentences(self, concepts: NDArray[np.integer], oddities: NDArray[np.uint8]) -> pa.Array:
        """A text of some twenty words on each concept."""
        parts = []
        for number in range(3):
            slots = np.full(len(concepts), SYNONYM + number, np.uint8)
            parts.append(self._phrases(concepts, slots))
        text = pc.binary_join_element_wise(*parts, ", " if self.language == ENGLISH else "; ")
        return _odd(pc.binary_join_element_wise(text, ".", ""), oddities)

    def _phrases(self, concepts: NDArray[np.integer], slots: NDArray[np.uint8]) -> pa.Array:
        own = concepts.astype(np.int64)
        number = np.where(slots > SYNONYM, slots.astype(np.int64) - SYNONYM, 0)
        is_synonym = slots >= SYNONYM
        code = own * _STEP % (NOUNS * ADJECTIVES)
        above = self.parents[concepts].astype(np.int64) * _STEP % (NOUNS * ADJECTIVES)
        chance = own * 2_654_435_761 % 1_000_003
        noun = self.nouns.take(pa.array((code + is_synonym * (811 + 97 * number)) % NOUNS))
        adjective = self.adjectives.take(pa.array(code // NOUNS))
        qualifier = _optional(self.qualifiers, chance % len(self.qualifiers), chance % 100 < 30)
        of = _optional(self.nouns, above % NOUNS, chance % 97 < 50)
        other = _optional(self.nouns, (code * 31 + 7) % NOUNS, chance % 89 < 22)
        its = _optional(self.adjectives, code * 17 % ADJECTIVES, chance % 89 < 22)
        if self.language == ENGLISH:
            parts = (qualifier, adjective, noun, _after("of ", of), _after("with ", its), other)
        else:
            parts = (noun, adjective, qualifier, _after("de ", of), _after("con ", other), its)
        text = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
        if self.language == ENGLISH:
            text = pc.utf8_capitalize(text)
        text = self._name_fixed(text, concepts, number, is_synonym)
        former = " NOS" if self.language == ENGLISH else ", no especificado"
        return pc.if_else(pa.array(slots == FORMER), pc.binary_join_element_wise(text, former, ""), text)

    def _name_fixed(
        self,
        text: pa.Array,
        concepts: NDArray[np.integer],
        number: NDArray[np.int64],
        is_synonym: NDArray[np.bool_],
    ) -> pa.Array:
        places = self.fixed_places[concepts]
        if (places < 0).all():
            return text
        names = _optional(self.fixed, np.maximum(places, 0), places >= 0)
        numbers = pc.cast(pa.array(number + 2), pa.string())
        names = pc.if_else(pa.array(is_synonym), pc.binary_join_element_wise(names, numbers, " "), names)
        return pc.coalesce(names, text)


def make_words(concepts: Concepts, rng: np.random.Generator) -> dict[str, Words]:
    """The words of both languages for these concepts."""
    nouns = _vocabulary(NOUNS, _NOUN_ENDINGS, rng)
    adjectives = _vocabulary(ADJECTIVES, _ADJECTIVE_ENDINGS, rng)
    known = metadata()
    tops = np.flatnonzero(concepts.levels == 1)
    tops = tops[tops >= len(known.sctids)]
    fixed_places = np.full(len(concepts), -1, np.int32)
    fixed_places[: len(known.sctids)] = np.arange(len(known.sctids))
    fixed_places[tops] = len(known.sctids) + np.arange(len(tops))
    tag_places = len(known.sctids) + concepts.top_levels.astype(np.int32)
    tag_places[: len(known.sctids)] = np.arange(len(known.sctids))
    top_levels = [TOP_LEVELS[number] for number in concepts.top_levels[tops]]
    made = {}
    for place, language in enumerate((SPANISH, ENGLISH)):
        is_english = language == ENGLISH
        names = known.english if is_english else known.spanish
        tags = known.english_tags if is_english else known.spanish_tags
        made[language] = Words(
            language,
            pa.array([word[place] for word in nouns], pa.string()),
            pa.array([word[place] for word in adjectives], pa.string()),
            pa.array([pair[place] for pair in _QUALIFIERS], pa.string()),
            pa.array(
                [*names, *(top.english if is_english else top.spanish for top in top_levels)], pa.string()
            ),
            fixed_places,
            pa.array(
                [*tags, *(t.english_tag if is_english else t.spanish_tag for t in TOP_LEVELS)], pa.string()
            ),
            tag_places,
            np.maximum(concepts.primary_parents, 0),
        )
    return made


def _vocabulary(
    size: int, endings: tuple[tuple[str, str], ...], rng: np.random.Generator
) -> list[tuple[str, str]]:
    """`size` different words, Spanish and English."""
    words: dict[tuple[str, str], None] = {}
    while len(words) < size:
        drawn = rng.integers(0, 1 << 30, 10)
        root = ""
        for place in range(2 + int(drawn[0] % 4 == 0)):
            onset, vowel, coda = drawn[1 + 3 * place : 4 + 3 * place]
            root += _ONSETS[onset % len(_ONSETS)] + "aeiou"[vowel % 5] + _CODAS[coda % len(_CODAS)]
        spanish, english = endings[drawn[0] // 4 % len(endings)]
        stem = root[:-1] if root[-1] in "aeiou" and english[0] in "aeiou" else root
        words[(stem + spanish, stem.replace("f", "ph") + english)] = None
    return list(words)


def _optional(words: pa.Array, places: NDArray[np.integer], there: NDArray[np.bool_]) -> pa.Array:
    return words.take(pa.array(places, mask=~there))


def _after(preposition: str, words: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(preposition, words, "")


def _odd(text: pa.Array, oddities: NDArray[np.uint8]) -> pa.Array:
    """Give terms what a careless reader stumbles over: lone quotes, and a length of up to 32 kB."""
    plain = text.to_pylist() if len(text) < 2000 else None
    odd = np.flatnonzero(oddities)
    if not len(odd):
        return text
    changed = []
    for place in odd.tolist():
        term = plain[place] if plain else text[place].as_py()
        kind = oddities[place]
        if kind == QUOTED:
            term = f'"{term}'
        elif kind == INCHES:
            term = f'{term}, 5" x 2" "'
        else:
            limit = 2000 if kind == LONG else 31_500
            term = ("; ".join([term] * (1 + limit // len(term))))[:limit].rstrip()
        changed.append(term)
    mask = np.zeros(len(text), np.bool_)
    mask[odd] = True
    return pc.replace_with_mask(text, pa.array(mask), pa.array(changed, pa.string()))
