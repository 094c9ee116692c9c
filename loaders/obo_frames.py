"""OBO flat files as frames of parsed clauses, each with its line.

fastobo parses; files are cut into frames here, so that memory holds one frame and a line that is no OBO
costs itself and not its frame or its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import fastobo

from loaders.files import SourceFile, open_text
from loaders.rejections import Rejections
from loaders.tables import whole_lines

_FRAME = re.compile(r"\[(\w+)\]\s*(?:!.*)?$")
_NO_CLAUSE = "the line is no OBO clause"


@dataclass(slots=True)
class Frame:
    """One frame: `kind` is Term, Typedef or Instance, or "" for the header; `id` fastobo's identifier."""

    kind: str
    line: int
    id: Any = None
    clauses: list[tuple[int, Any]] = field(default_factory=list)
    """Each with its line."""


def read_frames(file: SourceFile, rejections: Rejections, kinds: frozenset[str]) -> Iterator[Frame]:
    """The header frame, then the frames of `kinds` in the file's order.

    Lines that are no OBO clauses are rejected, and so are frames without an id, frames of a kind that OBO
    does not have, and a last line without an end, which may have been cut off.

    Raises SourceDamaged, SourceEmpty, SourceNotFound.
    """
    started, kind = 1, ""
    lines: list[str] = []
    with open_text(file) as stream:
        for number, line in enumerate(whole_lines(stream, file.name, rejections), start=1):
            if line.startswith("["):
                yield from _frame(file.name, rejections, kinds, kind, started, lines)
                found = _FRAME.match(line)
                if found is None or found[1] not in ("Term", "Typedef", "Instance"):
                    rejections.add(file.name, number, "the frame is of no kind that OBO has", line.strip())
                started, lines = number, []
                kind = found[1] if found else "unknown"
            if not lines or kind in kinds or kind == "":
                lines.append(line)
    yield from _frame(file.name, rejections, kinds, kind, started, lines)


def _frame(
    file: str, rejections: Rejections, kinds: frozenset[str], kind: str, started: int, lines: list[str]
) -> Iterator[Frame]:
    if kind and kind not in kinds:
        return
    # What stands before a clause line is kept, so that the parser names lines as they are.
    numbered = [(started + at, line) for at, line in enumerate(lines) if _holds_clause(line)]
    if kind:
        del numbered[:1]
    whole = _parsed("".join(lines))
    if whole is not None and (not kind or len(whole) == 1):
        found = list(whole.header) if not kind else list(whole[0])
        places = numbered if not kind else numbered[1:]
        id = whole[0].id if kind else None
        # A quoted text may go over several lines; then the frame's line stands for all.
        exact = len(places) == len(found)
        yield Frame(
            kind, started, id, [(places[at][0] if exact else started, one) for at, one in enumerate(found)]
        )
    elif kind:
        yield from _mended(file, rejections, kind, started, numbered)
    else:
        header = Frame("", started)
        for line, text in numbered:
            parsed = _parsed(text)
            if parsed is None:
                rejections.add(file, line, _NO_CLAUSE, text.strip())
            else:
                header.clauses += [(line, clause) for clause in parsed.header]
        yield header


def _mended(
    file: str, rejections: Rejections, kind: str, started: int, numbered: list[tuple[int, str]]
) -> Iterator[Frame]:
    """A frame read line by line, because one of them is no OBO."""
    frame = Frame(kind, started)
    beginning = ""
    for line, text in numbered:
        if not beginning:
            parsed = _parsed(f"[{kind}]\n{text}")
            if parsed is None:
                rejections.add(
                    file, line, "the frame has no id, or one that is no OBO identifier", text.strip()
                )
                return
            beginning, frame.id = f"[{kind}]\n{text}", parsed[0].id
            continue
        parsed = _parsed(beginning + text)
        if parsed is None or len(parsed) != 1:
            rejections.add(file, line, _NO_CLAUSE, text.strip())
        else:
            frame.clauses += [(line, clause) for clause in parsed[0]]
    if beginning:
        yield frame
    else:
        rejections.add(file, started, "the frame has no id, or one that is no OBO identifier", f"[{kind}]")


def _parsed(text: str) -> Any:
    """fastobo's document; None where the text is none."""
    try:
        return fastobo.loads(text, threads=1)
    except (SyntaxError, ValueError):
        return None


def _holds_clause(line: str) -> bool:
    bare = line.strip()
    return bool(bare) and not bare.startswith("!")
