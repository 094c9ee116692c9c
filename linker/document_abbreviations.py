"""Abbreviations that a document defines itself: `insuficiencia renal aguda (IRA)`, `IRA (insuficiencia renal aguda)`.

The method is that of Schwartz and Hearst (2003): a bracket beside a short form, whose letters are found in the long
form from right to left, the first of them at the beginning of a word. For Spanish: accents fold, the doubled letters
of a plural (`MMII`, miembros inferiores; `EEUU`) and its small s (`ACVs`) stand for single ones, no long form begins
with a function word, and one in brackets may have an article before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from linker.content_words import FUNCTION_WORDS
from linker.normalization import fold_letter, fold_words

MAXIMUM_SHORT = 10
"""Characters of a short form; at least 2."""

_BRACKET = re.compile(r"[(\[]([^()\[\]]{2,200})[)\]]")
_WORD = re.compile(r"[^\W_]+(?:[-'.][^\W_]+)*")
_SHORT = re.compile(r"[^\W_](?:[^\s()\[\],;:]*[^\W_])?")
_SENTENCE_END = re.compile(r"[;:?!()\[\]]|\.(?=\s)|\n\s*\n")
_SPACE = re.compile(r"\s")
_REACH = 1000
"""Characters before a bracket in which a long form, of 15 words at most, begins."""
_INNER_END = re.compile(r"[;,:=]")


@dataclass(frozen=True, slots=True)
class Definition:
    """A short form with the long form that a text gives it; `text[start:end]` is what is written there."""

    short: str
    long: str
    short_start: int
    long_start: int

    @property
    def short_end(self) -> int:
        """The character after the last of the short form."""
        return self.short_start + len(self.short)

    @property
    def long_end(self) -> int:
        """The character after the last of the long form."""
        return self.long_start + len(self.long)


def definitions(text: str) -> Iterator[Definition]:
    """The definitions of a text, in its order."""
    for bracket in _BRACKET.finditer(text):
        found = _short_in_bracket(text, bracket) or _long_in_bracket(text, bracket)
        if found is not None:
            yield found


def expansions(text: str) -> Mapping[str, tuple[str, ...]]:
    """The long forms of each short form that a text defines, as they are first written, with single spaces."""
    found: dict[str, dict[str, str]] = {}
    for one in definitions(text):
        found.setdefault(one.short, {}).setdefault(fold_words(one.long), " ".join(one.long.split()))
    return {short: tuple(long.values()) for short, long in found.items()}


def is_short_form(text: str) -> bool:
    """Whether it may be an abbreviation: 2 to 10 characters without spaces, some of them capitals."""
    return (
        2 <= len(text) <= MAXIMUM_SHORT
        and bool(_SHORT.fullmatch(text))
        and any(letter.isupper() for letter in text)
    )


def _short_in_bracket(text: str, bracket: re.Match[str]) -> Definition | None:
    """`long form (SF)`: what follows a comma or semicolon in the bracket is no part of the short form."""
    inner = _INNER_END.split(bracket.group(1), maxsplit=1)[0]
    short = inner.strip()
    if not is_short_form(short):
        return None
    short_start = bracket.start(1) + len(inner) - len(inner.lstrip())
    first = _near(text, bracket.start())
    end = first + len(text[first : bracket.start()].rstrip())
    breaks = [found.end() for found in _SENTENCE_END.finditer(text, first, end)]
    words = list(_WORD.finditer(text, breaks[-1] if breaks else first, end))
    if not words or words[-1].end() != end:
        return None
    words = words[-_most_words(short) :]
    for letters in _letters(short):
        start = _begin(text, letters, words[0].start(), end)
        if start is not None and _may_mean(text[start:end], short):
            return Definition(short, text[start:end], short_start, start)
    return None


def _long_in_bracket(text: str, bracket: re.Match[str]) -> Definition | None:
    """`SF (long form)`: the long form is all of the bracket up to a comma or semicolon."""
    first = _near(text, bracket.start())
    found = re.search(r"[^\s()\[\],;:]+\Z", text[first : bracket.start()].rstrip())
    if not found or not is_short_form(found.group()):
        return None
    short = found.group()
    end = bracket.start(1) + len(_INNER_END.split(bracket.group(1), maxsplit=1)[0].rstrip())
    words = list(_WORD.finditer(text, bracket.start(1), end))
    while words and words[0].group().lower() in FUNCTION_WORDS:
        del words[0]
    if not 1 <= len(words) <= _most_words(short):
        return None
    start = words[0].start()
    long = text[start:end]
    if _may_mean(long, short) and any(_has_in_order(long, letters) for letters in _letters(short)):
        return Definition(short, long, first + found.start(), start)
    return None


def _near(text: str, end: int) -> int:
    """Where what may belong to a bracket at `end` begins, at a white space: no long text is read for each bracket."""
    if end <= _REACH:
        return 0
    space = _SPACE.search(text, end - _REACH, end)
    return space.start() if space else end - _REACH


def _most_words(short: str) -> int:
    return min(len(short) + 5, 2 * len(short))


def _letters(short: str) -> Iterator[str]:
    """The letters and digits to find, folded: those of the short form, then those without its plural."""
    folded = "".join(fold_letter(c) for c in short if c.isalnum())
    yield folded
    if short.endswith("s") and len(folded) > 2:
        yield folded[:-1]
    if len(folded) >= 4 and len(folded) % 2 == 0 and folded[::2] == folded[1::2]:
        yield folded[::2]


def _begin(text: str, letters: str, earliest: int, end: int) -> int | None:
    """Where the shortest long form that ends at `end` begins; None where the letters are not there in order."""
    at = end
    for place in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= earliest and not (
            fold_letter(text[at]) == letters[place] and (place > 0 or _begins_word(text, at))
        ):
            at -= 1
        if at < earliest:
            return None
    return at


def _has_in_order(long: str, letters: str) -> bool:
    """Whether a long form begins with the first of the letters, and has the others after it in their order."""
    rest = map(fold_letter, long)
    return next(rest) == letters[0] and all(letter in rest for letter in letters[1:])


def _begins_word(text: str, at: int) -> bool:
    """Whether a word that may begin a long form begins there: none does with `de retina` or `por emisión`."""
    if at > 0 and text[at - 1].isalnum():
        return False
    word = _WORD.match(text, at)
    return word is not None and word.group().lower() not in FUNCTION_WORDS


def _may_mean(long: str, short: str) -> bool:
    """Whether a long form is longer than the short form and does not hold it as a word."""
    folded = fold_words(short)
    return len(long) > len(short) and folded not in fold_words(long).split()
