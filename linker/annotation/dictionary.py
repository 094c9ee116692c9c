"""The dictionary: finds the terms of a release in texts, with no model.

One pass over the words of a text. Every stretch of words that may be one term (no sentence mark, bracket or blank line
between them, and only words that some term has) is looked up by the sum of its words' keys, which leaves out plural
and gender (`linker.annotation.words`), articles and prepositions, and order. What is found is checked on the term
itself:

    order         the term's, unless all its words have four letters or more, none is a number and only spaces
                  are between them: `abdominal dolor` is `dolor abdominal`, `grado 2` is not `2 grado`
    gender        of a term of one word, only where it has six letters or more
    capitals      a word of three letters in capitals (`IRA`) is an abbreviation, and no term in lower case (`ira`)

Of those that overlap the longest is the mention, the first of two as long. Abbreviations count as they are written:
those among the terms, those that mean a term in Enlace's list or the index's, and those that the document defines,
which mean what it says and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linker.abbreviations import Abbreviations
from linker.annotation.dictionary_terms import (
    DictionaryTerms,
    content_words,
    is_form,
    is_stopped,
    key_of_form,
    key_of_words,
)
from linker.annotation.model import Source, Span
from linker.annotation.words import LINKING_WORDS, Word, uninflected, word_key, words
from linker.document_abbreviations import expansions
from linker.index import map_table
from linker.normalization import fold_words
from linker.term_abbreviations import with_those_of_terms

#: How sure a mention is: the term letter by letter once folded; in another form or order; by an abbreviation's meaning.
AS_WRITTEN, INFLECTED, REORDERED, BY_MEANING = 1.0, 0.95, 0.85, 0.9
_SHORTEST_GENDERED = 6
_SHORTEST_MOVABLE = 4
_LONGEST_CAPITALS = 3
_MOST_LINKING = 3
"""Articles and prepositions between two words of a mention: `de la`, `a nivel de los`."""
_TERMS_KEPT = 1 << 16


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A text with its content words, in order."""

    text: str
    words: list[Word]
    spaced: list[bool]
    """Whether only white space, articles and prepositions are between a word and the one before."""


@dataclass(frozen=True, slots=True)
class _Match:
    """A stretch of a text that is a term."""

    start: int
    end: int
    type: str
    score: float


class Dictionary:
    """A recogniser of the terms of one index. Safe for several threads."""

    def __init__(self, terms: DictionaryTerms, texts: pa.Table, abbreviations: Abbreviations) -> None:
        self._terms = terms
        self._texts = texts.column("text")
        self._text = lru_cache(maxsize=_TERMS_KEPT)(self._read)
        self._listed = self._meanings(
            {
                short: long
                for short, long in abbreviations.expansions.items()
                if is_form(short) and not is_stopped(short)
            }
        )

    @classmethod
    def open(cls, index_folder: Path) -> Dictionary:
        """Over the terms of an index, memory-mapped. Raises IndexDamaged."""
        terms = DictionaryTerms.open(index_folder)
        abbreviations = with_those_of_terms(index_folder, Abbreviations.open())
        return cls(terms, map_table(index_folder / "terms.arrow"), abbreviations)

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """The mentions of each text, in its order; none overlaps another."""
        stretches = [_stretch(text) for text in texts]
        found = self._matches(stretches)
        return [
            _longest([*own, *self._abbreviations(stretch)])
            for stretch, own in zip(stretches, found, strict=True)
        ]

    def _matches(self, stretches: Sequence[_Stretch]) -> list[list[_Match]]:
        """All stretches of words of each text that are terms, overlapping ones too."""
        found: list[list[_Match]] = [[] for _ in stretches]
        count = sum(len(one.words) for one in stretches)
        if not count:
            return found
        keys = np.fromiter(
            (word_key(uninflected(word.folded)) for one in stretches for word in one.words), np.uint64, count
        )
        whose = np.repeat(np.arange(len(stretches)), [len(one.words) for one in stretches])
        first = np.concatenate([[0], np.cumsum([len(one.words) for one in stretches])])
        joined = np.fromiter((word.joined for one in stretches for word in one.words), bool, count)
        joined[first[:-1][first[:-1] < count]] = False
        known = self._terms.known(keys)
        # A run ends where a word is not known, or does not belong to the one before.
        starts = ~joined | ~known | np.concatenate([[True], ~known[:-1]])
        run = np.cumsum(starts)
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(keys, dtype=np.uint64)])
        at = np.flatnonzero(known)
        for length in range(1, self._terms.longest + 1):
            at = at[at + length <= count]
            at = at[run[at] == run[at + length - 1]]
            if not len(at):
                break
            left, right = self._terms.found(sums[at + length] - sums[at])
            for place in np.flatnonzero(right > left).tolist():
                text = int(whose[at[place]])
                begin = int(at[place] - first[text])
                match = self._checked(
                    stretches[text], begin, begin + length, self._terms.rows[left[place] : right[place]]
                )
                if match is not None:
                    found[text].append(match)
        return found

    def _checked(
        self, stretch: _Stretch, first: int, last: int, rows: npt.NDArray[np.int32]
    ) -> _Match | None:
        """The best of the terms at `rows` that words of a text really are; None where they are none."""
        own = stretch.words[first:last]
        start, end = own[0].start, own[-1].end
        if _inside_a_compound(stretch.text, start, end):
            return None
        if last - first == 1 and _is_abbreviation(own[0].written):
            return None
        folded = [word.folded for word in own]
        movable = all(stretch.spaced[first + 1 : last])
        best: _Match | None = None
        for row in rows.tolist():
            score = _agreement(folded, self._text(row), movable)
            if score > (best.score if best else 0.0):
                best = _Match(start, end, self._terms.type_of(row), score)
        return best

    def _read(self, row: int) -> tuple[str, ...]:
        """The content words of the term at a row."""
        return tuple(content_words(fold_words(str(self._texts[row].as_py())).split()))

    def _abbreviations(self, stretch: _Stretch) -> Iterable[_Match]:
        """Where a text has abbreviations, as written."""
        written = {word.written for word in stretch.words if is_form(word.written)}
        if not written:
            return
        defined = expansions(stretch.text)
        types: dict[str, tuple[str, float]] = {
            short: (type, BY_MEANING) for short, type in self._meanings(defined).items()
        }
        for short in written - defined.keys():
            own = self._type_of_form(short)
            if own is not None:
                types[short] = own, AS_WRITTEN
            elif short in self._listed:
                types[short] = self._listed[short], BY_MEANING
        for word in stretch.words:
            if word.written in types and not _inside_a_compound(stretch.text, word.start, word.end):
                yield _Match(word.start, word.end, *types[word.written])

    def _type_of_form(self, short: str) -> str | None:
        left, right = self._terms.found(np.array([key_of_form(short)], dtype=np.uint64))
        rows = self._terms.rows[left[0] : right[0]].tolist()
        return next((self._terms.type_of(row) for row in rows if self._texts[row].as_py() == short), None)

    def _meanings(self, shorts: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """The type of each abbreviation one of whose long forms, the first that is, is a term."""
        asked = [
            (short, content)
            for short, longs in shorts.items()
            for long in longs
            if (content := content_words(fold_words(long).split()))
        ]
        if not asked:
            return {}
        keys = np.fromiter((key_of_words(content) for _, content in asked), np.uint64, len(asked))
        found: dict[str, str] = {}
        for (short, content), left, right in zip(asked, *self._terms.found(keys), strict=True):
            for row in self._terms.rows[left:right].tolist():
                if short not in found and _agreement(content, self._text(row), movable=False):
                    found[short] = self._terms.type_of(row)
        return found


def _stretch(text: str) -> _Stretch:
    """The content words of a text; one is joined to that before where all between them are joined and few."""
    kept, spaced = list[Word](), list[bool]()
    joined, linking, alone = True, 0, True
    end = 0
    for word in words(text):
        joined = joined and word.joined
        alone = alone and not text[end : word.start].strip()
        end = word.end
        if word.folded in LINKING_WORDS and not (word.written == "A" and word.joined):
            linking += 1
            continue
        kept.append(
            Word(word.written, word.folded, word.start, word.end, joined and linking <= _MOST_LINKING)
        )
        spaced.append(alone)
        joined, linking, alone = True, 0, True
    return _Stretch(text, kept, spaced)


def _agreement(said: Sequence[str], term: Sequence[str], movable: bool) -> float:
    """How surely the content words of a text are those of a term; 0 where they are not."""
    if len(said) != len(term):
        return 0.0
    if list(said) == list(term):
        return AS_WRITTEN
    plain, other = [uninflected(word) for word in said], [uninflected(word) for word in term]
    if len(said) == 1:
        same = plain == other and (
            _gendered(said[0]) == _gendered(term[0]) or len(said[0]) >= _SHORTEST_GENDERED
        )
        return INFLECTED if same else 0.0
    if plain == other:
        return INFLECTED
    if movable and sorted(plain) == sorted(other) and all(map(_is_movable, said)):
        return REORDERED
    return 0.0


def _is_movable(word: str) -> bool:
    return len(word) >= _SHORTEST_MOVABLE and word.isalpha()


def _gendered(word: str) -> str:
    """What tells `seno` and `sena` apart, and not `seno` and `senos`."""
    return word.rstrip("s")[-1:]


def _is_abbreviation(written: str) -> bool:
    return len(written) <= _LONGEST_CAPITALS and written.isupper()


def _inside_a_compound(text: str, start: int, end: int) -> bool:
    """Whether a hyphen ties it to a word outside: `pre-eclampsia` is no eclampsia."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return bool(_TIED_BEFORE.fullmatch(before) or _TIED_AFTER.fullmatch(after))


_TIED_BEFORE = re.compile(r"[^\W\d_][-‐‑]")
_TIED_AFTER = re.compile(r"[-‐‑][^\W\d_]")


def _longest(matches: Iterable[_Match]) -> list[Span]:
    """Of matches that overlap the longest, the first of two as long, the surer of two at one place; in order."""
    taken: list[_Match] = []
    covered: set[int] = set()
    for one in sorted(matches, key=lambda one: (one.start - one.end, one.start, -one.score)):
        # What was taken before is as long or longer, so an overlap covers an end.
        if one.start not in covered and one.end - 1 not in covered:
            covered.update(range(one.start, one.end))
            taken.append(one)
    taken.sort(key=lambda one: one.start)
    return [Span(one.start, one.end, one.type, Source.DICTIONARY, one.score) for one in taken]
