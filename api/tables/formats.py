"""How a table is written: CSV, or Arrow's IPC stream. Both are written batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Protocol

import pyarrow as pa


class Writer(Protocol):
    """Writes batches of one schema, one after the other."""

    media_type: str

    def begin(self) -> bytes:
        """What stands before the rows."""
        ...

    def rows(self, rows: Sequence[tuple[object, ...]]) -> bytes:
        """Some rows; their values stand in the order of the schema's columns."""
        ...

    def end(self) -> bytes:
        """What stands behind the rows."""
        ...


class CsvWriter:
    """CSV in UTF-8 as RFC 4180 has it, with line feeds; `true` or `false`, and empty for what is not there."""

    media_type = "text/csv; charset=utf-8; header=present"

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def begin(self) -> bytes:
        """The names of the columns."""
        return self._written([tuple(self._schema.names)])

    def rows(self, rows: Sequence[tuple[object, ...]]) -> bytes:
        """A line a row."""
        return self._written(rows)

    def end(self) -> bytes:
        """Nothing."""
        return b""

    @staticmethod
    def _written(rows: Sequence[tuple[object, ...]]) -> bytes:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
        return out.getvalue().encode()


class ArrowWriter:
    """Arrow's IPC stream, a record batch a batch."""

    media_type = "application/vnd.apache.arrow.stream"

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._sink = io.BytesIO()
        self._writer = pa.ipc.new_stream(self._sink, schema)

    def begin(self) -> bytes:
        """The schema."""
        return self._taken()

    def rows(self, rows: Sequence[tuple[object, ...]]) -> bytes:
        """One record batch."""
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        return self._taken()

    def end(self) -> bytes:
        """The mark of the end."""
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        written = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return written


#: By the ending of a table's address.
FORMATS: dict[str, Callable[[pa.Schema], Writer]] = {"csv": CsvWriter, "arrows": ArrowWriter}


def ending_accepted(accept: str) -> str:
    """The ending for an Accept header; CSV unless Arrow is what it asks for."""
    return "arrows" if "application/vnd.apache.arrow.stream" in accept else "csv"


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value
