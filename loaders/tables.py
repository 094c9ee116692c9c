"""Tab-separated tables with a header row: columns found by name, rows checked and numbered.

Most terminologies write no quotes, and a `"` is an ordinary character (RF2, Babelon, the *TEMIST gazetteers);
a few write spreadsheet quoting, in which a field may hold line ends. The caller says which.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import TypeAlias

from loaders.errors import ColumnMissing, RowMalformed, SourceEmpty

#: A row's line number (from 1; the header's is 1) and its fields, in the order that the caller named them.
Row: TypeAlias = tuple[int, tuple[str, ...]]


def read_rows(
    lines: Iterable[str],
    *,
    file: str,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    quoted: bool = False,
) -> Iterator[Row]:
    """Each row as (line, fields of `columns` and then of `optional`).

    An optional column that is not there reads as "". `columns` and `optional` together name at
    least two. Blank lines are passed over. Blank fields after the last column are tolerated, and so is the
    absence of trailing fields that nobody requires.

    Raises SourceEmpty, ColumnMissing, and RowMalformed for a row with too few or too many fields.
    """
    records = _quoted_records(lines, file) if quoted else _plain_records(lines)
    header = next(records, None)
    if header is None:
        raise SourceEmpty(file)
    names = [name.strip() for name in header[1]]
    while names and not names[-1]:
        names.pop()
    missing = [name for name in columns if name not in names]
    if missing:
        raise ColumnMissing(file, missing, names)
    width = len(names)
    # An absent optional column is read from a blank put after the row's last field.
    absent = any(name not in names for name in optional)
    take = itemgetter(*(names.index(name) if name in names else width for name in (*columns, *optional)))
    needed = max(names.index(name) for name in columns) + 1
    for line, fields in records:
        if len(fields) != width:
            fields = _fitted(fields, width, needed, file=file, line=line, names=names)
        if absent:
            fields.append("")
        yield line, take(fields)


def header_of(text: str) -> tuple[str, ...]:
    """The column names on the first line of `text`."""
    return tuple(name.strip().strip('"') for name in text.split("\n", 1)[0].split("\t"))


def _plain_records(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, start=1):
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) > 1 or fields[0].strip():
            yield number, fields


def _quoted_records(lines: Iterable[str], file: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter="\t", strict=True)
    started = 1
    try:
        for fields in reader:
            if any(fields):
                yield started, fields
            started = reader.line_num + 1
    except csv.Error as error:
        raise RowMalformed(file, started, f"has quotes that do not match ({error})") from error


def _fitted(
    fields: list[str], width: int, needed: int, *, file: str, line: int, names: Sequence[str]
) -> list[str]:
    """The row's fields, cut or filled up to `width`. Raises RowMalformed where that would lose text."""
    if len(fields) < needed:
        raise RowMalformed(
            file, line, f"has {len(fields)} fields of {width} and ends before its column {names[needed - 1]}"
        )
    if any(field.strip() for field in fields[width:]):
        raise RowMalformed(file, line, f"has {len(fields)} fields, and the header names {width}")
    return fields[:width] + [""] * (width - len(fields))
