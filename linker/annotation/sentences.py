"""Where sentences end in clinical notes.

Notes are not prose: lines are items of a list, headings have no full stop, decimals, initials (`E. coli`) and
abbreviations (`Dr.`, `p. ej.`) have one. So a line break ends a sentence unless the next line goes on in lower
case, and a full stop does unless what is before it is known to be cut short.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from linker.annotation.folding import fold_in_place

MAXIMUM_CHARACTERS = 2_000
"""A longer sentence is divided at a blank: it is a table or a list that lost its line ends."""
LIST_FILE = Path(__file__).with_name("sentence_abbreviations.tsv")

#: A full stop, question or exclamation mark with what closes after it, or a line break.
_END = re.compile(r"(?:\.{2,}|[.!?…])[)\]»”\"']*|\n")
_WORD_BEFORE = re.compile(r"[^\W_]+(?:[./][^\W_]+)*\Z")
_BULLET = re.compile(r"[ \t]*(?:[-–—•·*+>o▪]|\(?\d{1,2}[.)]|[a-z]\))[ \t]")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
#: What a sentence may begin with after a space: no lower case letter.
_BEGINS = re.compile(r"\s++[(\[«“\"'¿¡*•–—-]*+[ \t]*+(?:[A-ZÁÉÍÓÚÜÑ0-9]|\Z)")
#: What stands before the number of an item.
_ITEM = re.compile(r"(?:\n|\A)[ \t]*\Z")
_SPACES = re.compile(r"\s*")
#: Words that hardly ever stand after an initial or an abbreviation, and often begin a sentence.
_STARTERS = re.compile(
    r"\s+(?:El|La|Los|Las|Lo|Un|Una|Unos|Unas|Se|En|Al|A|Con|Sin|No|Su|Sus|Por|Para|Tras|Ante|Dado|Dada|Como|"
    r"Ha|Hace|Desde|Durante|Es|Fue|Este|Esta|Estos|Estas|Ningun[oa]?|Niega|Refiere|Presenta|Paciente|Ingresa)\b"
)
#: What a single letter after it belongs to, so that a full stop ends the sentence: `hepatitis C.`
_LETTERED = re.compile(
    r"\b(?:hepatitis|vitaminas?|tipos?|grupos?|grados?|estadios?|estadi[oa]je|clase|factor|child(?:-pugh)?|virus|"
    r"influenza|gripe|proteina|cadena|lado|caso)[ \t]+\Z"
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text in order, as (start, end) without the blanks around them.

    Everything but blanks is in one of them, and no two overlap.
    """
    folded = fold_in_place(text)
    start = 0
    for found in _END.finditer(text):
        end = found.end()
        ends = _line_ends(text, found.start()) if found.group() == "\n" else _stop_ends(text, folded, found)
        if ends:
            yield from _stripped(text, start, end)
            start = end
    yield from _stripped(text, start, len(text))


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    first = _SPACES.match(text, start, end)
    assert first
    start = first.end()
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > MAXIMUM_CHARACTERS:
        blank = text.rfind(" ", start + 1, start + MAXIMUM_CHARACTERS)
        cut = blank if blank > 0 else start + MAXIMUM_CHARACTERS
        yield from _stripped(text, start, cut)
        rest = _SPACES.match(text, cut, end)
        assert rest
        start = rest.end()
    if start < end:
        yield start, end


def _line_ends(text: str, at: int) -> bool:
    """Whether a line break ends a sentence: not in the midst of a wrapped one."""
    if _BLANK_LINE.match(text, at):
        return True
    rest = _SPACES.match(text, at + 1)
    assert rest
    following = text[rest.end() : rest.end() + 1]
    before = text[max(0, at - 2) : at].rstrip()[-1:]
    return before in ".:;!?" or not following.islower() or bool(_BULLET.match(text, at + 1))


def _stop_ends(text: str, folded: str, found: re.Match[str]) -> bool:
    """Whether a full stop or its like ends a sentence."""
    at, end = found.start(), found.end()
    if end == len(text) or text[end] in "\r\n":
        return True
    before = _WORD_BEFORE.search(text, max(0, at - 30), at)
    word = folded[before.start() : at] if before else ""
    if not text[end].isspace():
        # A missing space: `hipernefroma.Riñón`. Not `p.Arg`, `13.Q`, `www.Salud`.
        return (
            found.group() == "."
            and len(word) > 3
            and word.isalpha()
            and text[at - 1].islower()
            and text[end].isupper()
            and text[end + 1 : end + 2].islower()
            and text[end + 2 : end + 3].isalpha()
        )
    if not _BEGINS.match(text, end):
        return False
    if found.group()[0] != "." or found.group().startswith(".."):
        return True
    may_end = _abbreviations().get(word)
    if may_end is not None:
        return may_end and bool(_STARTERS.match(text, end))
    if len(word) == 1 and word.isalpha() and text[at - 1].isupper():
        return bool(_STARTERS.match(text, end)) or bool(
            before and _LETTERED.search(folded, max(0, before.start() - 20), before.start())
        )
    # `1. Fiebre` at the beginning of a line is an item, not a sentence of its own.
    return not (word.isdigit() and _ITEM.search(folded, max(0, at - len(word) - 12), at - len(word)))


@cache
def _abbreviations() -> Mapping[str, bool]:
    """The abbreviations without their last full stop, folded, and whether a sentence may end with each."""
    with LIST_FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {fold_in_place(row["abbreviation"]).rstrip("."): row["may_end"] == "yes" for row in rows}
