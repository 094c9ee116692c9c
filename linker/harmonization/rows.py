"""Reads rows to harmonise, CSV or Parquet, streaming, in parts of one size."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from graph import manifest
from linker.errors import RowsError, first_line

#: Bytes of a CSV file read at once. A row must fit in.
_BLOCK = 8 << 20
_PARQUET_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns that are read; `system` may be none where all codes are of one `fixed_system`."""

    code: str | None = None
    text: str | None = None
    system: str | None = None
    fixed_system: str = ""
    keep: tuple[str, ...] = ()

    def named(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys(name for name in (self.code, self.text, self.system, *self.keep) if name))


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one source, in order: `first` is the number of the first, counted from 1.

    `table` has the columns asked for, as text; missing values are empty.
    """

    source: int
    first: int
    table: pa.Table


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, in hex. Raises RowsError if it cannot be read."""
    try:
        return manifest.sha256_of(path)
    except OSError as error:
        raise RowsError(f"{path} cannot be read: {error.strerror or error}.") from None


def parts(sources: Sequence[Path], columns: Columns, rows_a_part: int) -> Iterator[Part]:
    """The rows of files one after another; no part has rows of two files.

    Raises RowsError naming the file, and the row or column.
    """
    for place, path in enumerate(sources):
        first = 1
        for table in _sized(_batches(path, columns.named()), rows_a_part):
            yield Part(place, first, table)
            first += len(table)


def check_columns(sources: Sequence[Path], columns: Columns) -> None:
    """Raise RowsError unless every file can be opened and has the columns asked for."""
    for path in sources:
        named = _parquet_columns(path) if _is_parquet(path) else _header(path)[0]
        for name in columns.named():
            if name not in named:
                raise RowsError(
                    f"{path} has no column {name!r}; its columns are {', '.join(named) or 'none'}."
                )
            if named.count(name) > 1:
                raise RowsError(f"{path} has two columns {name!r}; rename one of them.")


def _sized(batches: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    waiting, rows = list[pa.Table](), 0
    for batch in batches:
        waiting.append(batch)
        rows += len(batch)
        if rows >= size:
            table = pa.concat_tables(waiting)
            whole = rows - rows % size
            for start in range(0, whole, size):
                yield table.slice(start, size)
            rest = table.slice(whole)
            waiting, rows = ([rest] if len(rest) else []), len(rest)
    if rows:
        yield pa.concat_tables(waiting)


def _batches(path: Path, names: Sequence[str]) -> Iterator[pa.Table]:
    batches = _parquet_batches(path, names) if _is_parquet(path) else _csv_batches(path, names)
    for batch in batches:
        yield pa.table({name: _as_text(path, name, batch.column(name)) for name in names})


def _as_text(path: Path, name: str, column: Any) -> Any:
    try:
        text = column.cast(pa.string())
    except pa.ArrowException:
        raise RowsError(
            f"{path} has a column {name!r} of type {column.type}, which is no text; convert it to text."
        ) from None
    return pc.fill_null(text, "")


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


# Parquet ---------------------------------------------------------------------------------------------------


def _parquet_columns(path: Path) -> list[str]:
    return list(_open_parquet(path).schema_arrow.names)


def _open_parquet(path: Path) -> Any:
    try:
        return parquet.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise RowsError(f"{path} cannot be read as Parquet: {first_line(error)}.") from None


def _parquet_batches(path: Path, names: Sequence[str]) -> Iterator[Any]:
    try:
        yield from _open_parquet(path).iter_batches(batch_size=_PARQUET_ROWS, columns=list(names))
    except (OSError, pa.ArrowException) as error:
        raise RowsError(f"{path} cannot be read as Parquet: {first_line(error)}.") from None


# CSV -------------------------------------------------------------------------------------------------------


def _header(path: Path) -> tuple[list[str], str]:
    """The names of a CSV file's columns, and what separates them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
            if not line.strip():
                raise RowsError(f"{path} has no header; write the names of the columns in its first line.")
            separator = max(",;\t", key=line.count)
            return next(csv.reader(chain([line], file), delimiter=separator)), separator
    except UnicodeDecodeError:
        raise RowsError(_not_utf8(path)) from None
    except OSError as error:
        raise RowsError(f"{path} cannot be read: {error.strerror or error}.") from None
    except csv.Error as error:
        raise RowsError(f"{path}:1 cannot be read ({error}); correct the header.") from None


def _csv_batches(path: Path, names: Sequence[str]) -> Iterator[Any]:
    header, separator = _header(path)
    try:
        reader = arrow_csv.open_csv(
            path,
            # One thread, so that a row that cannot be read is told by its number.
            arrow_csv.ReadOptions(use_threads=False, block_size=_BLOCK),
            arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=list(names),
                strings_can_be_null=False,
            ),
        )
        yield from reader
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise RowsError(_why(path, error, len(header))) from None
    except OSError as error:
        raise RowsError(f"{path} cannot be read: {error.strerror or error}.") from None


def _why(path: Path, error: Exception, columns: int) -> str:
    told = first_line(error)
    if "UTF8" in told or "UTF-8" in told:
        return _not_utf8(path)
    if "straddling object" in told:
        return f"{path} has a row of more than {_BLOCK >> 20} MB; look for a quote that is never closed."
    line, fields = _odd_row(path, columns)
    if line:
        return f"{path}:{line} has {fields} fields and the header {columns}; put quotes around fields with separators."
    return f"{path} cannot be read as CSV: {told}."


def _odd_row(path: Path, columns: int) -> tuple[int, int]:
    """The line and fields of the first row that has not as many as the header; 0 where there is none."""
    _, separator = _header(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        line = 1
        for row in rows:
            if row and len(row) != columns:
                return line, len(row)
            line = rows.line_num + 1
    return 0, 0


def _not_utf8(path: Path) -> str:
    with path.open("rb") as file:
        for line, content in enumerate(file, 1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                return f"{path}:{line} is not UTF-8; save the file as UTF-8."
    return f"{path} is not UTF-8; save the file as UTF-8."
