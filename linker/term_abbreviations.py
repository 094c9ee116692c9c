"""Abbreviations that a terminology's own terms give away.

    IRA - insuficiencia renal aguda     the abbreviation before a dash, as SNOMED CT writes it
    insuficiencia renal aguda (IRA)     a definition, as in a document (`linker.document_abbreviations`)
    IRA, insuficiencia renal aguda      two terms of one concept, the one the initials of the other in capitals

They are gathered when a release is indexed, and kept beside the index in the form of `abbreviations.tsv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from linker.abbreviations import Abbreviations
from linker.content_words import FUNCTION_WORDS
from linker.document_abbreviations import definitions, is_short_form
from linker.normalization import fold, fold_words

ABBREVIATIONS_FILE = "abbreviations.tsv"
_DASH = re.compile(r"(\S+) [-–] (\S.*)")


def gather(terms_of_concepts: Iterable[Sequence[tuple[str, str]]]) -> Iterator[tuple[str, str, str]]:
    """(abbreviation, expansion, language) rows, each once, from the (text, language) terms of each concept."""
    given: set[tuple[str, str]] = set()
    for terms in terms_of_concepts:
        for short, long, language in _of_concept(terms):
            key = short, fold_words(long)
            if key not in given:
                given.add(key)
                yield short, long, language


def write(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """Write rows in the form of `abbreviations.tsv`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        out.writerow(("abbreviation", "expansion", "language"))
        out.writerows(tuple(" ".join(cell.split()) for cell in row) for row in rows)


def with_those_of_terms(index_folder: Path, listed: Abbreviations) -> Abbreviations:
    """`listed` and those of an index's terms; an index that was made without them has none."""
    path = index_folder / ABBREVIATIONS_FILE
    return listed.and_those_of(Abbreviations.open(path)) if path.is_file() else listed


def _of_concept(terms: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for text, language in terms:
        dashed = _DASH.fullmatch(text)
        if dashed and is_short_form(dashed.group(1)) and _is_initials(dashed.group(1), dashed.group(2)):
            yield dashed.group(1), dashed.group(2), language
        for one in definitions(text):
            yield one.short, one.long, language
    shorts = [text for text, _ in terms if text.isupper() and is_short_form(text)]
    if not shorts:
        return
    written_out = {_initials(text): (text, language) for text, language in reversed(terms) if " " in text}
    for short in shorts:
        if fold(short) in written_out:
            yield short, *written_out[fold(short)]


def _is_initials(short: str, long: str) -> bool:
    """Whether the first letters agree: in `IgA - inmunoglobulina A` too, but not in `C3 - vértebra`."""
    return fold(short)[:1] == fold(long)[:1] and len(long) > len(short)


def _initials(text: str) -> str:
    """The first letters of the content words, folded."""
    return "".join(word[0] for word in fold_words(text).split() if word not in FUNCTION_WORDS)
