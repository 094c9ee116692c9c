"""Mention files: tab-separated, a header row, no quoting, one mention a row.

Codes: `|` joins codes any of which is right, `+` joins the parts of a composite.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.model import CURIE
from linker.errors import MentionFileError


@dataclass(frozen=True, slots=True)
class GoldMention:
    """A span of a document and the codes an annotator gave it; `document` is empty where the file names none."""

    span: str
    codes: tuple[CURIE, ...]
    document: str = ""

    @property
    def composite(self) -> bool:
        """Whether it stands for several concepts together (`a+b`)."""
        return any("+" in code for code in self.codes)


def read_column(path: Path, column: str) -> Iterator[tuple[int, str]]:
    """The values of one column with their line numbers, the header being line 1. Raises MentionFileError."""
    for line, row in _rows(path, (column,)):
        yield line, row[column]


def read_mentions(
    path: Path,
    *,
    span_column: str = "span",
    code_column: str = "code",
    document_column: str | None = None,
) -> Iterator[GoldMention]:
    """Stream a file's mentions; `document_column` None takes `doc`, `document` or `filename` where there is one.

    Raises MentionFileError naming file, row and column.
    """
    for line, row in _rows(path, (span_column, code_column, *([document_column] if document_column else []))):
        named = document_column or next((c for c in ("doc", "document", "filename") if c in row), None)
        if named and row[named] is None:
            raise MentionFileError(f"{path}:{line} has no {named!r}; complete the row.")
        span, codes = row[span_column].strip(), row[code_column].strip()
        if not span or not codes:
            empty = span_column if not span else code_column
            raise MentionFileError(f"{path}:{line} has an empty {empty!r}; fill it in or remove the row.")
        yield GoldMention(span, tuple(codes.split("|")), row[named] if named else "")


def split_documents(
    mentions: Iterable[GoldMention], dev_share: float
) -> tuple[list[GoldMention], list[GoldMention]]:
    """Training and dev mentions, by document: about `dev_share` of the documents are dev.

    A document's side depends on its name alone, so every command that splits holds the same ones apart.
    Mentions without a document are for training.
    """
    training: list[GoldMention] = []
    dev: list[GoldMention] = []
    for mention in mentions:
        digest = hashlib.blake2b(mention.document.encode(), digest_size=4).digest()
        held_apart = bool(mention.document) and int.from_bytes(digest, "little") < dev_share * 2**32
        (dev if held_apart else training).append(mention)
    return training, dev


def write_mentions(path: Path, mentions: Iterable[GoldMention]) -> int:
    """Write `doc`, `span`, `code` columns; returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("doc\tspan\tcode\n")
        for mention in mentions:
            file.write(f"{mention.document}\t{' '.join(mention.span.split())}\t{'|'.join(mention.codes)}\n")
            count += 1
    return count


def _rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            there = reader.fieldnames or []
            for column in needed:
                if column not in there:
                    raise MentionFileError(
                        f"{path} has no column {column!r}; its columns are {', '.join(there) or 'none'}."
                    )
            for row in reader:
                for column in needed:
                    if row[column] is None:
                        raise MentionFileError(
                            f"{path}:{reader.line_num} has no {column!r}; complete the row."
                        )
                yield reader.line_num, row
    except UnicodeDecodeError:
        raise MentionFileError(
            f"{path}:{_undecodable_line(path)} is not UTF-8; save the file as UTF-8."
        ) from None
    except csv.Error as error:
        raise MentionFileError(
            f"{path}:{reader.line_num + 1} cannot be read ({error}); correct the row."
        ) from None
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None


def _undecodable_line(path: Path) -> int:
    # The error of a stream counts bytes from the start of its buffer, not of the file.
    with path.open("rb") as file:
        for line, content in enumerate(file, 1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return 0
