"""Spans marked in documents, of files that are told by their header or shape, with or without codes.

What `linker.mentions` reads, and the files that mark spans alone: subtrack 1 of DisTEMIST, subtask 1 of SympTEMIST
and MedProcNER. Of a folder of brat's annotation files the texts are read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linker import brat, mention_formats
from linker.errors import MentionFileError
from linker.mentions import table_rows

_PREFIX = "es-"


@dataclass(frozen=True, slots=True)
class MarkedSpan:
    """A span of a document, as an annotator marked it; `label` is empty where the file has none.

    `start` and `end` are characters of the document, the end exclusive.
    """

    document: str
    start: int
    end: int
    span: str
    label: str


def document_name(name: str) -> str:
    """A document's name without the prefix that some corpora add: one case has one name in all of them."""
    return name.removeprefix(_PREFIX)


def read_marked(path: Path) -> Iterator[MarkedSpan]:
    """Stream a file's spans, or those of a folder of brat's files. Raises MentionFileError naming file, row, column."""
    if path.is_dir():
        for file in brat.files(path):
            for one in brat.read(file):
                yield MarkedSpan(file.stem, one.start, one.end, one.span, one.label)
        return
    try:
        format = mention_formats.told(path)
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    if format is mention_formats.DOCUMENT_CODES:
        raise MentionFileError(f"{path} {format.refusal}.")
    for line, row in table_rows(path, (format.span, format.start, format.end), format.header):
        start, end = format.offsets(row)
        named = mention_formats.named_first(format.documents, row)
        if start is None or end is None or end <= start:
            raise MentionFileError(
                f"{path}:{line} has no place of a span in {format.start!r} and {format.end!r}; complete the row."
            )
        if not named or not row[named]:
            raise MentionFileError(
                f"{path}:{line} names no document; give the table a column {format.documents[0]!r}."
            )
        yield MarkedSpan(row[named], start, end, row[format.span], (row.get("label") or "").strip())


def brat_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The documents of a folder of brat's files with their texts, line ends as they are. Raises MentionFileError."""
    for file in brat.files(folder):
        path = file.with_suffix(".txt")
        try:
            yield path.stem, path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise MentionFileError(f"{path} is not UTF-8; save the file as UTF-8.") from None
        except OSError as error:
            raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None
