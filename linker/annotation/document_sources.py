"""Documents from where people keep them: folders, JSON Lines, tables, single files, a stream.

    a folder               every `.txt` in it and below, by name; the document is its path without the ending; mentions
                           that brat marked in the `.ann` beside it come with it
    *.jsonl, *.jsonl.gz    an object a line, `{"doc": …, "text": …}`
    *.csv, *.tsv           a column with the names and one with the texts
    *.parquet, *.pq        the same
    any other file         one document, named as the file
    -                      the standard input: JSON Lines where it begins with `{`, else one document

Everything is read as a stream, and texts exactly as they are, line ends included. A document that cannot be read, or
is empty, or has more than 5 MB, is told as a `BrokenDocument` in its place, and the rest goes on.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as parquet

from graph.manifest import sha256_of
from linker.annotation import brat_documents
from linker.annotation.model import Document
from linker.errors import DocumentsError, MentionFileError

MAXIMUM_BYTES = 5_000_000
"""Of a document's text in UTF-8. A longer one is an archive, and not a note."""
_LONGEST_LINE = 8 * MAXIMUM_BYTES
"""Bytes of a line of JSON, whose characters may take six bytes each."""
_GZIP = b"\x1f\x8b"
_PARQUET_ROWS = 256
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class BrokenDocument:
    """A document that cannot be annotated: where it is, and what is amiss, as a sentence."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place} {self.reason}"


Read: TypeAlias = Document | BrokenDocument


@dataclass(frozen=True, slots=True)
class Columns:
    """What the names and the texts of documents are called, in tables and in the objects of JSON Lines."""

    document: str = "doc"
    text: str = "text"


def documents(source: str, columns: Columns, standard_input: IO[bytes] | None = None) -> Iterator[Read]:
    """The documents of a file, a folder or `-`. Raises DocumentsError where nothing of it can be read."""
    if source == STANDARD_INPUT:
        if standard_input is None:
            raise DocumentsError(
                "There is no standard input to read documents from; name a file or a folder."
            )
        yield from _of_stream(standard_input, columns)
        return
    path = Path(source)
    try:
        if path.is_dir():
            yield from _of_folder(path)
        elif _is_json_lines(path):
            with path.open("rb") as file, _unpacked(file) as lines:
                yield from _of_json_lines(str(path), lines, columns)
        elif path.suffix.lower() in (".csv", ".tsv"):
            yield from _of_csv(path, columns)
        elif path.suffix.lower() in (".parquet", ".pq"):
            yield from _of_parquet(path, columns)
        else:
            yield _of_file(path, path.stem)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DocumentsError(f"{path} cannot be read: {reason}.") from None


def fingerprint(source: str) -> str:
    """What tells a source from one that was changed: the digest of a file, of a folder's names, sizes and times.

    The standard input has none. Raises DocumentsError.
    """
    if source == STANDARD_INPUT:
        return STANDARD_INPUT
    path = Path(source)
    try:
        if not path.is_dir():
            return sha256_of(path)
        digest = hashlib.sha256()
        for text in files_of(path):
            for one in filter(Path.is_file, (text, text.with_suffix(".ann"))):
                state = one.stat()
                digest.update(f"{one.relative_to(path)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
        return digest.hexdigest()
    except OSError as error:
        raise DocumentsError(f"{path} cannot be read: {error.strerror or error}.") from None


def files_of(folder: Path) -> list[Path]:
    """The texts of a folder and of the folders in it, by name. Raises DocumentsError where there is none."""
    found = sorted(path for path in folder.rglob("*.txt") if path.is_file())
    if not found:
        raise DocumentsError(f"{folder} has no .txt file; name a folder of texts, or a file.")
    return found


def _of_folder(folder: Path) -> Iterator[Read]:
    for path in files_of(folder):
        read = _of_file(path, path.relative_to(folder).with_suffix("").as_posix())
        yield _with_marks(read, path) if path.with_suffix(".ann").is_file() else read


def _with_marks(read: Read, path: Path) -> Read:
    """A document with the mentions of the brat file beside it."""
    if isinstance(read, BrokenDocument):
        return read
    try:
        return replace(read, spans=brat_documents.read(path).spans)
    except MentionFileError as error:
        return BrokenDocument(str(path), f"has marks that cannot be read: {error}")


def _of_file(path: Path, name: str) -> Read:
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        return BrokenDocument(str(path), f"cannot be read: {error.strerror or error}.")
    return _of_bytes(str(path), name, content)


def _of_bytes(place: str, name: str, content: bytes) -> Read:
    try:
        return _checked(place, name, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        if len(content) > MAXIMUM_BYTES:
            return _too_long(place)
        return BrokenDocument(place, f"is not UTF-8 (byte {error.start:,}).")


def _checked(place: str, name: object, text: object) -> Read:
    """A document, if its name and text are text and its text is neither empty nor too long."""
    if not isinstance(name, str) or not isinstance(text, str):
        return BrokenDocument(place, "has no name or no text.")
    try:
        if len(text) > MAXIMUM_BYTES or len(text.encode()) > MAXIMUM_BYTES:
            return _too_long(place)
        name.encode()
    except UnicodeEncodeError:
        return BrokenDocument(place, "is not UTF-8.")
    if not text.strip():
        return BrokenDocument(place, "is empty.")
    return Document(name, text)


def _too_long(place: str) -> BrokenDocument:
    return BrokenDocument(place, f"is longer than {MAXIMUM_BYTES // 1_000_000} MB; divide it.")


def _of_stream(stream: IO[bytes], columns: Columns) -> Iterator[Read]:
    buffered = io.BufferedReader(_Raw(stream))
    with _unpacked(buffered) as lines:
        if lines.peek(1)[:1] == b"{":
            yield from _of_json_lines("standard input", lines, columns)
        else:
            yield _of_bytes("standard input", "stdin", lines.read(MAXIMUM_BYTES + 1))


class _Raw(io.RawIOBase):
    """A stream that may be nothing but readable."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


# JSON Lines ------------------------------------------------------------------------------------------------


def _is_json_lines(path: Path) -> bool:
    name = path.name.lower()
    if name.endswith((".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".json", ".json.gz")):
        return True
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _unpacked(file: Any) -> io.BufferedReader:
    """What a file holds, unpacked if it is packed."""
    if file.peek(2)[:2] == _GZIP:
        unpacked: Any = gzip.GzipFile(fileobj=file)
        return io.BufferedReader(unpacked)
    return io.BufferedReader(file) if not isinstance(file, io.BufferedReader) else file


def _of_json_lines(source: str, lines: io.BufferedReader, columns: Columns) -> Iterator[Read]:
    number = 0
    while line := lines.readline(_LONGEST_LINE):
        number += 1
        place = f"{source}:{number}"
        if not line.endswith(b"\n") and len(line) == _LONGEST_LINE:
            while (more := lines.readline(_LONGEST_LINE)) and not more.endswith(b"\n"):
                pass
            yield _too_long(place)
            continue
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except UnicodeDecodeError:
            yield BrokenDocument(place, "is not UTF-8.")
            continue
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            yield BrokenDocument(place, "is no object of JSON.")
            continue
        yield _named(place, row.get(columns.document), row.get(columns.text), columns)


def _named(place: str, name: object, text: object, columns: Columns) -> Read:
    for column, value in ((columns.document, name), (columns.text, text)):
        if not isinstance(value, str):
            return BrokenDocument(place, f"has no text {column!r}.")
    return _checked(place, name, text)


# Tables ----------------------------------------------------------------------------------------------------


def _of_csv(path: Path, columns: Columns) -> Iterator[Read]:
    # Bytes that are no UTF-8 become halves of characters, which tell the row that they are in.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline()
        separator = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
        rows = csv.reader(_again(first, file), delimiter=separator)
        try:
            whole = _with_long_fields(rows)
            header = next(whole, [])
            name, text = _columns_among(path, header, columns)
            for row in whole:
                if not row:
                    continue
                place = f"{path}:{rows.line_num}"
                if len(row) != len(header):
                    yield BrokenDocument(place, f"has {len(row)} fields and the header {len(header)}.")
                else:
                    yield _checked(place, row[name], row[text])
        except csv.Error as error:
            raise DocumentsError(
                f"{path}:{rows.line_num} cannot be read ({error}); look for a quote that is never closed."
            ) from None


def _with_long_fields(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows whose fields may hold a document. The limit is one of the whole process, and other tables keep theirs."""
    while True:
        before = csv.field_size_limit(4 * MAXIMUM_BYTES)
        try:
            row = next(rows, None)
        finally:
            csv.field_size_limit(before)
        if row is None:
            return
        yield row


def _again(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _columns_among(path: Path, there: list[str], columns: Columns) -> tuple[int, int]:
    for column in (columns.document, columns.text):
        if column not in there:
            raise DocumentsError(
                f"{path} has no column {column!r}; its columns are {', '.join(there) or 'none'}. "
                "Name others with --document-column and --text-column."
            )
    return there.index(columns.document), there.index(columns.text)


def _of_parquet(path: Path, columns: Columns) -> Iterator[Read]:
    try:
        with parquet.ParquetFile(path) as file:
            _columns_among(path, list(file.schema_arrow.names), columns)
            row = 0
            for batch in file.iter_batches(_PARQUET_ROWS, columns=[columns.document, columns.text]):
                names, texts = (batch.column(name) for name in (columns.document, columns.text))
                for name, text in zip(names.cast(pa.string()), texts, strict=True):
                    row += 1
                    yield _of_cell(f"{path} row {row}", name.as_py(), text)
    except pa.ArrowException as error:
        told = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise DocumentsError(f"{path} cannot be read as Parquet: {told}.") from None


def _of_cell(place: str, name: object, cell: Any) -> Read:
    try:
        return _checked(place, name, cell.as_py())
    except UnicodeDecodeError:
        return BrokenDocument(place, "is not UTF-8.")
