"""The words of a text, folded and without their inflection, each with its place in the text as it was given.

What counts as a word and how it folds is `linker.normalization`'s; here every word keeps its offsets, whatever the
text is made of: accents of their own, emoji, tabs, Windows line ends.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from linker.content_words import FUNCTION_WORDS
from linker.normalization import fold_words

#: They tell terms apart (`nariz y garganta`), or single letters that are names (`hepatitis E`).
_CONJUNCTIONS = frozenset(["and", "e", "o", "y", "que", "se"])
LINKING_WORDS = FUNCTION_WORDS - _CONJUNCTIONS
"""Articles and prepositions, which a term and a text may have differently."""

_JOINING = frozenset(["-", "–", "‐", "‑", "/", "'", "’"])
_LINE_END = re.compile(r"\r\n|\r|\n")
_SHORTEST_INFLECTED = 4


@dataclass(frozen=True, slots=True)
class Word:
    """`text[start:end]` as it is written, folded; `joined` says whether one term may have it and the word before."""

    written: str
    folded: str
    start: int
    end: int
    joined: bool


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order. A character that folds to several words gives each its own place."""
    end = 0
    for found in _word().finditer(text):
        start = found.start()
        joined = start > 0 and _joins(text[end:start])
        end = found.end()
        for folded in _folded(found.group()):
            yield Word(found.group(), folded, start, end, joined)
            joined = True


@lru_cache(maxsize=1 << 16)
def uninflected(folded: str) -> str:
    """A folded word without plural and grammatical gender: `agudas` and `agudo` → `agud@`, `lesiones` → `lesion`.

    Words of three letters and what holds a digit stay. Both sides of a comparison go through it, so it need not
    give words that exist.
    """
    if len(folded) < _SHORTEST_INFLECTED or not folded.isalpha():
        return folded
    singular = folded[:-1] if folded.endswith("s") and not folded.endswith("ss") else folded
    if len(singular) < _SHORTEST_INFLECTED:
        return singular
    if singular[-1] in "ao":
        return singular[:-1] + "@"
    if singular[-1] == "e":
        # `raíces` is the plural of `raíz`.
        return singular[:-2] + "z" if singular[-2] == "c" else singular[:-1]
    return singular


@lru_cache(maxsize=1 << 17)
def word_key(word: str) -> int:
    """A 64-bit number that stands for a word."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")


@lru_cache(maxsize=1 << 16)
def _folded(written: str) -> tuple[str, ...]:
    return tuple(fold_words(written).split())


@lru_cache(maxsize=1 << 12)
def _joins(gap: str) -> bool:
    """Whether what is between two words leaves them together: white space without a blank line, or one joining mark."""
    return gap in _JOINING or (not gap.strip() and len(_LINE_END.findall(gap)) < 2)


@cache
def _word() -> re.Pattern[str]:
    """Letters and digits with the combining marks after them, which folding takes away."""
    marks = "".join(re.escape(chr(c)) for c in range(1 << 16) if unicodedata.combining(chr(c)))
    return re.compile(rf"[^\W_](?:[^\W_]|[{marks}])*")
