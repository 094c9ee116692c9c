"""Tab-separated tables with a header row: columns found by name, rows checked and numbered.

Most terminologies write no quotes, and a `"` is an ordinary character (RF2, Babelon, the *TEMIST gazetteers);
a few write spreadsheet quoting, in which a field may hold line ends. The caller says which.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from loaders.errors import ColumnMissing, RowMalformed, SourceEmpty
from loaders.rejections import CUT_OFF, Rejections

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
    absence of trailing fields whose columns are not asked for.

    Raises SourceEmpty, ColumnMissing, and RowMalformed for a row with too few or too many fields.
    """
    records = _quoted_records(lines, file) if quoted else plain_records(lines)
    header = next(records, None)
    if header is None:
        raise SourceEmpty(file)
    layout = Layout.of(header[1], file=file, columns=columns, optional=optional)
    for line, fields in records:
        yield line, layout.take(line, fields)


def whole_lines(lines: Iterable[str], file: str, rejections: Rejections) -> Iterator[str]:
    """The lines of a file but a last one without an end, which is rejected: it may have been cut off.

    The first line is always given.
    """
    for number, line in enumerate(lines, start=1):
        if number == 1 or line.endswith("\n"):
            yield line
        else:
            rejections.add(file, number, CUT_OFF, line)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns that a caller wants stand in a table's rows."""

    file: str
    names: tuple[str, ...]
    """The header's, without blank ones at its end."""
    needed: int
    """How many fields a row must have."""
    places: tuple[int, ...]
    """The place of each wanted column; for an optional one that is not there, just behind the last."""

    @classmethod
    def of(
        cls,
        header: Sequence[str],
        *,
        file: str,
        columns: Sequence[str],
        optional: Sequence[str] = (),
        required: Sequence[str] = (),
    ) -> Layout:
        """The layout that a header row tells. Raises ColumnMissing.

        `required` are columns that must be there besides those that are taken.
        """
        names = [name.strip() for name in header]
        while names and not names[-1]:
            names.pop()
        required = [*required, *columns]
        missing = [name for name in dict.fromkeys(required) if name not in names]
        if missing:
            raise ColumnMissing(file, missing, names)
        places = [names.index(name) if name in names else len(names) for name in (*columns, *optional)]
        present = [*required, *(name for name in optional if name in names)]
        return cls(file, tuple(names), max(map(names.index, present)) + 1, tuple(places))

    def take(self, line: int, fields: list[str]) -> tuple[str, ...]:
        """The wanted fields of a row. Raises RowMalformed for too few fields or too many."""
        width = len(self.names)
        if len(fields) != width:
            fields = self._fitted(line, fields)
        # An absent optional column is read from a blank put after the row's last field.
        fields.append("")
        return tuple([fields[place] for place in self.places])

    def _fitted(self, line: int, fields: list[str]) -> list[str]:
        """The row's fields, cut or filled up to the header's. Raises RowMalformed where that would lose text."""
        width = len(self.names)
        if len(fields) < self.needed:
            raise RowMalformed(
                self.file,
                line,
                f"has {len(fields)} fields of {width} and ends before its column {self.names[self.needed - 1]}",
            )
        if any(field.strip() for field in fields[width:]):
            raise RowMalformed(self.file, line, f"has {len(fields)} fields, and the header names {width}")
        return fields[:width] + [""] * (width - len(fields))


def header_of(text: str) -> tuple[str, ...]:
    """The column names on the first line of `text`."""
    return tuple(name.strip().strip('"') for name in text.split("\n", 1)[0].split("\t"))


def plain_records(lines: Iterable[str], first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of each line that is not blank, without quoting; `first` is the first's."""
    for number, line in enumerate(lines, start=first):
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
