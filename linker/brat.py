"""Brat annotations: a `.ann` file a document. Where the code of a mention is in a note, as CANTEMIST has it:

    T1<TAB>MORFOLOGIA_NEOPLASIA 2719 2740<TAB>Carcinoma microcítico
    #1<TAB>AnnotatorNotes T1<TAB>8041/3

A mention without a note has no code. Lines of other kinds (relations, attributes, events) are passed over. A
mention in several pieces has the offsets of each: `T1 disorder 0 5;9 12`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linker.errors import MentionFileError
from linker.mention_formats import NO_CODE

#: What ends a line of a `.ann` for those who read it; so no mention is written with any of these.
LINE_BREAKS = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
#: The label of a mention without a type: brat's have a name.
UNTYPED = "mention"

_MENTION = re.compile(r"(T\S*)\t(\S+) (\d+(?: \d+;\d+)* \d+)\t(.*)")
_NOTE = re.compile(r"#\S*\tAnnotatorNotes (T\S*)\t(.*)")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One mention: `cell` is its code or codes as the note writes them; `line` is where the mention is.

    `fragments` are its pieces as they are written, `start` and `end` the least and the greatest of their offsets.
    """

    line: int
    label: str
    span: str
    cell: str
    start: int
    end: int
    fragments: tuple[tuple[int, int], ...]


def files(folder: Path) -> list[Path]:
    """The annotation files of a folder, by name."""
    return sorted(folder.glob("*.ann"))


def read(path: Path) -> Iterator[Annotation]:
    """The mentions of one document. Raises MentionFileError naming file and line."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise MentionFileError(f"{path} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    notes = {note[1]: note[2].strip() for note in map(_NOTE.fullmatch, lines) if note}
    for number, line in enumerate(lines, 1):
        if not line.startswith("T"):
            continue
        mention = _MENTION.fullmatch(line)
        if not mention or not mention[4].strip():
            raise MentionFileError(
                f"{path}:{number} is no mention of brat (id, label and offsets, span); correct the line."
            )
        offsets = [int(number) for number in re.findall(r"\d+", mention[3])]
        fragments = tuple(zip(offsets[::2], offsets[1::2], strict=True))
        cell = notes.get(mention[1]) or NO_CODE
        span = mention[4].strip()
        yield Annotation(number, mention[2], span, cell, min(offsets), max(offsets), fragments)
