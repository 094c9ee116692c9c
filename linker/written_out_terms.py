"""Terms with their abbreviations written out: `TAC craneal` is found as `tomografía axial computarizada craneal` too.

A mention is searched for as it stands and written out (`linker.abbreviations`), and written out it is nearer to a long
term that says less (`tomografía axial computarizada`) than to a short one that says all. So an index has both forms of
terms, as it has of mentions.

An ambiguous abbreviation is read as the concept's other terms have it, by their words. Where they tell of none, or of
several, it is written out only if these differ in little but spelling, and where they tell of none and a word of theirs
begins with it, not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product

from linker.abbreviations import MAXIMUM_READINGS, Abbreviations, listed
from linker.content_words import word_stems
from linker.normalization import fold_words

ALIKE = 0.5
"""Least share of words, cut to their stems, that two spellings of one thing have in common."""

_TOKEN = re.compile(r"[^\W_]+")
_BESIDE = frozenset(("", *" \t\n,.;:/-–()[]\"'¿?"))
"""What may stand beside an abbreviation: `Ca++` is none."""
_ROMAN = re.compile(r"[IVX]+")

Expansions = Mapping[str, Sequence[str]]
"""Of each abbreviation, as it is written."""


def by_language(given: Iterable[tuple[str, str, str]]) -> dict[str, Expansions]:
    """The expansions of each language: those of the list, and after them `given`, as (short, long, language)."""
    rows = [*listed(), *given]
    return {
        language: Abbreviations.of((short, long) for short, long, of in rows if of == language).expansions
        for language in dict.fromkeys(language for *_, language in rows)
    }


def written_out(
    terms: Sequence[tuple[str, str]], expansions: Mapping[str, Expansions]
) -> Iterator[tuple[int, str]]:
    """Of one concept's terms, as (text, language), those with abbreviations: their places, and as they are written out.

    `expansions` are those of each language; a term is written out in its own.
    """
    for place, (text, language) in enumerate(terms):
        short, readings = readings_of_term(text, expansions.get(language, {}))
        if readings:
            others = " ".join(other for other, _ in terms if short.isdisjoint(_TOKEN.findall(other)))
            readings = _told(text, short, readings, others)
        if readings:
            yield place, readings[0]


def readings_of_term(text: str, expansions: Expansions) -> tuple[frozenset[str], tuple[str, ...]]:
    """The abbreviations of a term, and the term with them written out in each way, MAXIMUM_READINGS at most.

    An abbreviation counts only as it is listed, in its capitals. Roman numerals, what has signs at it (`Ca++`), parts
    of words with hyphens (`post-operatorio`), terms of several words in capitals alone, and what the term explains
    itself, as `Electrorretinograma (ERG)`, stay as they are.
    """
    tokens = list(_TOKEN.finditer(text))
    if not any(token.group() in expansions for token in tokens) or (len(tokens) > 1 and text.isupper()):
        return frozenset(), ()
    said = f" {fold_words(text)} "
    pieces: list[Sequence[str]] = []
    short = set()
    end = 0
    for token in tokens:
        longs = expansions.get(token.group(), ())
        if not longs or _stays(text, token):
            continue
        if any(f" {fold_words(long)} " in said for long in longs):
            continue
        short.add(token.group())
        pieces += [(text[end : token.start()],), longs]
        end = token.end()
        # The full stop of a truncation goes with it; after capitals it ends a sentence.
        if text[end : end + 1] == "." and not token.group().isupper():
            end += 1
    if not short:
        return frozenset(), ()
    readings = ("".join(choice) for choice in product(*pieces, (text[end:],)))
    return frozenset(short), tuple(dict.fromkeys(islice(readings, MAXIMUM_READINGS)))


def _stays(text: str, token: re.Match[str]) -> bool:
    if not {text[token.start() - 1 : token.start()], text[token.end() : token.end() + 1]} <= _BESIDE:
        return True
    before, after = text[: token.start()].rstrip(), text[token.end() :].lstrip()
    explained = after[:1] in ("(", "[") or (before[-1:] in ("(", "[") and after[:1] in (")", "]"))
    part = token.group().islower() and (before.endswith("-") or after.startswith("-"))
    return bool(explained or part or _ROMAN.fullmatch(token.group()))


def _told(text: str, short: frozenset[str], readings: Sequence[str], others: str) -> tuple[str, ...]:
    """Those of the readings that the words of the concept's other terms tell of most, if they are alike; else none."""
    said, told = frozenset(word_stems(text)), frozenset(word_stems(others))
    added = [frozenset(word_stems(reading)) - said for reading in readings]
    support = [len(stems & told) / max(1, len(stems)) for stems in added]
    # `Ca` beside *carcinoma*, where only *calcio* is listed, is cut off and no abbreviation.
    begun = tuple(fold_words(one) for one in short)
    if not max(support) and any(word.startswith(begun) for word in fold_words(others).split()):
        return ()
    best = [place for place, share in enumerate(support) if share == max(support)]
    first = added[best[0]]
    alike = all(len(first & added[place]) >= ALIKE * len(first | added[place]) for place in best)
    return tuple(readings[place] for place in best) if alike else ()
