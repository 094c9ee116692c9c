"""Mention files: tab-separated, no quoting, one mention a row; the columns as `linker.mention_formats` tells them.

A folder of brat's annotation files (`linker.brat`) is read as one.

Codes: `|` joins codes any of which is right, `+` joins the parts of a composite.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.model import CURIE
from linker import brat, mention_formats
from linker.errors import MentionFileError
from linker.mention_formats import NO_CODE, MentionFormat, codes_of


@dataclass(frozen=True, slots=True)
class GoldMention:
    """A span of a document and the codes an annotator gave it; `document` is empty where the file names none.

    `start` and `end` are characters of the document, the end exclusive; None where the file has none.
    """

    span: str
    codes: tuple[CURIE, ...]
    document: str = ""
    start: int | None = None
    end: int | None = None

    @property
    def composite(self) -> bool:
        """Whether it stands for several concepts together (`a+b`)."""
        return any("+" in code for code in self.codes)

    @property
    def coded(self) -> bool:
        """Whether the annotator found a code for it."""
        return self.codes != (NO_CODE,)


@dataclass(frozen=True, slots=True)
class TableSpan:
    """A value of a table's column and its line, the header being line 1; its document and place if they are told."""

    line: int
    text: str
    document: str | None
    start: int | None
    end: int | None


def read_spans(path: Path, column: str, document_column: str | None = None) -> Iterator[TableSpan]:
    """The values of one column.

    Documents are those of `document_column`, else of the first of the columns `doc`, `document` and `filename` that is
    there, else None; places are in the columns that the corpora have them in, else `start` and `end`. Raises
    MentionFileError.
    """
    needed = (column, *([document_column] if document_column else []))
    format = _format(path)
    # The columns of a file without a header have no names.
    format = mention_formats.ANY if format.header else format
    for line, row in table_rows(path, needed):
        named = document_column or mention_formats.named_first(mention_formats.ANY.documents, row)
        yield TableSpan(line, row[column], (row[named] or "") if named else None, *format.offsets(row))


def read_mentions(
    path: Path,
    *,
    span_column: str | None = None,
    code_column: str | None = None,
    document_column: str | None = None,
    prefix: str = "",
) -> Iterator[GoldMention]:
    """Stream a file's mentions. Columns that are not named are those of the file's format.

    In a table of no known corpus these are `span`, `code`, and `doc`, `document` or `filename` if there is one;
    codes that have no prefix get `prefix`. `path` may be a folder of brat's `.ann` files too, whose codes are
    eCIE-O's where they look like it. Raises MentionFileError naming file, row and column.
    """
    if path.is_dir() and brat.files(path):
        yield from _brat_mentions(path, prefix)
        return
    format = _format(path)
    if format.refusal and not code_column:
        raise MentionFileError(f"{path} {format.refusal}.")
    spans, coded = span_column or format.span, code_column or format.code
    needed = (spans, coded, *([document_column] if document_column else []))
    for line, row in table_rows(path, needed, format.header):
        named = document_column or mention_formats.named_first(format.documents, row)
        if named and row[named] is None:
            raise MentionFileError(f"{path}:{line} has no {named!r}; complete the row.")
        span, cell = row[spans].strip(), row[coded].strip()
        if not span or not cell:
            raise MentionFileError(
                f"{path}:{line} has an empty {spans if not span else coded!r}; fill it in or remove the row."
            )
        codes = _codes(path, line, row, format, coded, prefix)
        yield GoldMention(span, codes, row[named] if named else "", *format.offsets(row))


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
        (dev if is_held_out(mention.document, dev_share) else training).append(mention)
    return training, dev


def is_held_out(document: str, dev_share: float) -> bool:
    """Whether a document is a dev document; what has no name is none."""
    digest = hashlib.blake2b(document.encode(), digest_size=4).digest()
    return bool(document) and int.from_bytes(digest, "little") < dev_share * 2**32


def write_mentions(path: Path, mentions: Iterable[GoldMention]) -> int:
    """Write `doc`, `start`, `end`, `span`, `code` columns; returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("doc\tstart\tend\tspan\tcode\n")
        for mention in mentions:
            offsets = ("" if at is None else str(at) for at in (mention.start, mention.end))
            span = " ".join(mention.span.split())
            file.write("\t".join((mention.document, *offsets, span, "|".join(mention.codes))) + "\n")
            count += 1
    return count


def _brat_mentions(folder: Path, prefix: str) -> Iterator[GoldMention]:
    for path in brat.files(folder):
        for one in brat.read(path):
            own = (
                mention_formats.CANTEMIST.prefix("code", {}) if mention_formats.is_ecieo(one.cell) else prefix
            )
            try:
                codes = codes_of(one.cell, own)
            except ValueError as error:
                raise MentionFileError(
                    f"{path}:{one.line} has {error} in {one.cell!r}; write codes between `|` and `+`."
                ) from None
            yield GoldMention(one.span, codes, path.stem, one.start, one.end)


def _format(path: Path) -> MentionFormat:
    try:
        return mention_formats.told(path)
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None


def _codes(
    path: Path, line: int, row: dict[str, str], format: MentionFormat, column: str, prefix: str
) -> tuple[CURIE, ...]:
    try:
        own = format.prefix(column, row)
    except KeyError:
        known = " nor ".join(format.prefix_by_label)
        raise MentionFileError(
            f"{path}:{line} is of the kind {row['label']!r}, which is neither {known}; correct the row."
        ) from None
    # CodiEsp writes the codes of CIE-10 in lower case.
    cell = row[column].strip().upper() if format.prefix_by_label else row[column].strip()
    try:
        return codes_of(cell, own or prefix)
    except ValueError as error:
        raise MentionFileError(
            f"{path}:{line} has {error} in {row[column]!r}; write codes between `|` and `+`."
        ) from None


def table_rows(
    path: Path, needed: Sequence[str], header: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table with their lines, a header being line 1; `header` names the columns of one that has none.

    Raises MentionFileError where a `needed` column is missing, in the table or in a row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(
                file, delimiter="\t", quoting=csv.QUOTE_NONE, fieldnames=list(header) or None
            )
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
