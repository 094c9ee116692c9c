"""The sections of a note: which heading a text stands under, and what that heading says of it.

A heading is one of `sections.tsv` at the beginning of a line or a sentence, with a colon behind it or nothing more on
its line; a line in capitals, or a short one that ends with a colon, is a heading of which nothing is known. A section
reaches to the next heading. What its heading asserts (`Antecedentes familiares`) ends before that: at an empty
line that follows text, and where the text begins to tell (`Paciente de 70 años que …`, `Acude por …`), by the list too.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from linker.annotation.folding import fold_in_place
from linker.annotation.model import Assertion
from linker.errors import ContextRulesError

LIST_FILE = Path(__file__).with_name("sections.tsv")

_CAPITALS = re.compile(
    r"^[ \t]*+((?=[^a-záéíóúüñ\n]*[A-ZÁÉÍÓÚÜÑ]{4})[^a-záéíóúüñ\n.]{4,60}?)[ \t]*+:?[ \t\r]*+$", re.MULTILINE
)
_SHORT_LINE = re.compile(r"^[ \t]*+([^\W\d_][^\n.:;,]{2,50}?)[ \t]*+:[ \t\r]*+$", re.MULTILINE)
#: In the list, of what is no heading but ends what the one before it asserts.
_ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Section:
    """`text[body:end]` under the heading `text[start:heading_end]`; what that asserts is said up to `said_until`."""

    start: int
    heading_end: int
    body: int
    end: int
    said_until: int
    assertions: tuple[Assertion, ...]


class Headings:
    """The headings that are known, and what each says of what stands under it."""

    def __init__(self, assertions: Mapping[str, tuple[Assertion, ...]], ends: Sequence[str]) -> None:
        """`ends` are the beginnings of lines and sentences that end what a heading asserts."""
        self._assertions = {_key(heading): said for heading, said in assertions.items()}
        begins = r"(?:^[ \t]*+(?:[-–•*>·]|\d{1,2}[.)]|)[ \t]*+|(?<=[.;])[ \t]++)"
        closes = r"(?:[ \t]*+(?::|\.?[-–—][ \t]|\r?$))"
        self._known = re.compile(f"{begins}({_one_of(self._assertions)}){closes}", re.MULTILINE)
        tells = rf"(?:\n[ \t\r]*|\.[ \t]+)(?:{_one_of(map(_key, ends))})\b"
        self._tells = re.compile(rf"{tells}|\n[ \t\r]*\n" if ends else r"\n[ \t\r]*\n")

    @classmethod
    def open(cls, path: Path = LIST_FILE) -> Headings:
        """Read the list. Raises ContextRulesError."""
        found, ends = dict[str, tuple[Assertion, ...]](), list[str]()
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        except (OSError, UnicodeDecodeError) as error:
            raise ContextRulesError(f"{path} cannot be read: {error}.") from None
        for number, row in enumerate(rows, 2):
            heading, said = row.get("heading"), row.get("assertion")
            if heading and said == _ENDS:
                ends.append(heading)
                continue
            try:
                found[heading or ""] = tuple(Assertion(one) for one in (said or "").split(",") if one)
            except ValueError:
                known = ", ".join([*Assertion, _ENDS])
                raise ContextRulesError(
                    f"{path}:{number} is no heading and assertion ({known}, or none); correct the line."
                ) from None
        return cls(found, ends)

    def sections(self, text: str) -> Sections:
        """The sections of a text."""
        return Sections(list(self._sections(text)))

    def _sections(self, text: str) -> Iterator[Section]:
        folded = fold_in_place(text)
        known = {found.start(1): found for found in self._known.finditer(folded)}
        headings = {at: (found.end(1), found.end()) for at, found in known.items()}
        for pattern in (_CAPITALS, _SHORT_LINE):
            for found in pattern.finditer(text):
                headings.setdefault(found.start(1), (found.end(1), found.end()))
        starts = sorted(headings)
        for at, following in zip(starts, [*starts[1:], len(text)], strict=bool(starts)):
            heading_end, body = headings[at]
            body = min(body, following)
            said = self._assertions.get(_key(folded[at:heading_end]), ()) if at in known else ()
            until = following
            if said:
                first = next(
                    (place for place in range(body, following) if not text[place].isspace()), following
                )
                tells = self._tells.search(folded, first, following)
                until = tells.start() if tells else following
            yield Section(at, heading_end, body, following, until, said)


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections of one text, in its order. What stands before the first heading is in none."""

    found: Sequence[Section]

    def at(self, place: int) -> Section | None:
        """The section that a place of the text is in."""
        before = bisect_right(self.found, place, key=lambda section: section.start)
        if before == 0:
            return None
        section = self.found[before - 1]
        return section if section.body <= place < section.end else None


def _one_of(phrases: Iterable[str]) -> str:
    """Any of some phrases, the longer ones first: `antecedentes` begins many."""
    words = sorted(phrases, key=len, reverse=True)
    return "|".join(re.escape(one).replace(r"\ ", r"[ \t]+") for one in words)


def _key(heading: str) -> str:
    return " ".join(fold_in_place(heading).split())
