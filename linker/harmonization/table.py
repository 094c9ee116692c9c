"""The harmonised table: a row for every row read, in order, with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from linker.errors import RunMismatch
from linker.harmonization.rows import Columns
from linker.harmonization.run import ROW, SOURCE, Run
from linker.harmonization.units import SCHEMA, TOLD

#: Rows written at once, and of a row group in Parquet.
_ROWS = 100_000
#: The columns that every harmonised table has, beside those that are kept.
OWN = (SOURCE, ROW, "system", "code", "text", *TOLD)


def check_names(columns: Columns) -> None:
    """Raise RunMismatch where a column to keep has the name of one that the table has of its own."""
    for name in columns.keep:
        if name in OWN:
            raise RunMismatch(
                f"The harmonised table has a column {name!r} of its own; rename that of the rows to keep it."
            )


def write(
    path: Path, run: Run, sources: Sequence[str], columns: Columns, told: Callable[[int], None]
) -> NDArray[np.int64]:
    """Write the table, as Parquet or CSV by its ending; answer the rows of each unit and source.

    Shape (units, sources). `told` gets the running count of rows.
    """
    of_units = run.units.table()
    units = [of_units.column(name).combine_chunks() for name in TOLD]
    schema = pa.schema(
        [
            (SOURCE, pa.string()),
            (ROW, pa.int64()),
            *((name, pa.string()) for name in columns.keep),
            ("system", pa.string()),
            ("code", pa.string()),
            ("text", pa.string()),
            *(SCHEMA.field(name) for name in TOLD),
        ]
    )
    names, counts, done = (
        pa.array(sources, pa.string()),
        np.zeros((len(run.units), len(sources)), np.int64),
        0,
    )
    with _writer(path, schema) as writer:
        for rows, numbers in _gathered(run):
            source = rows.column(SOURCE).to_numpy()
            keys = numbers.astype(np.int64) * len(sources) + source
            counts += np.bincount(keys, minlength=counts.size).reshape(counts.shape)
            taken = pa.array(numbers)
            table = pa.table(
                [
                    names.take(pa.array(source)),
                    rows.column(ROW),
                    *(rows.column(f"given:{name}") for name in columns.keep),
                    _system(rows, columns),
                    _given(rows, columns.code),
                    _given(rows, columns.text),
                    *(column.take(taken) for column in units),
                ],
                schema=schema,
            )
            writer.write_table(table)
            done += len(table)
            told(done)
    return counts


class _Writes(Protocol):
    def write_table(self, table: pa.Table) -> None: ...
    def __enter__(self) -> _Writes: ...
    def __exit__(self, *raised: object) -> None: ...


def _writer(path: Path, schema: Any) -> _Writes:
    made: _Writes
    if path.suffix.lower() in (".parquet", ".pq") or path.name.endswith(".parquet.tmp"):
        made = parquet.ParquetWriter(path, schema)
    else:
        made = arrow_csv.CSVWriter(path, schema, write_options=arrow_csv.WriteOptions(quoting_style="needed"))
    return made


def _gathered(run: Run) -> Iterator[tuple[pa.Table, NDArray[np.int32]]]:
    """The rows of parts, put together while they are small."""
    tables, numbers, rows = list[pa.Table](), list[NDArray[np.int32]](), 0
    for table, of_rows in run.rows():
        tables.append(table)
        numbers.append(of_rows)
        rows += len(table)
        if rows >= _ROWS:
            yield pa.concat_tables(tables), np.concatenate(numbers)
            tables, numbers, rows = [], [], 0
    if rows:
        yield pa.concat_tables(tables), np.concatenate(numbers)


def _given(rows: pa.Table, name: str | None) -> Any:
    return rows.column(f"given:{name}") if name else pa.array([""] * len(rows), pa.string())


def _system(rows: pa.Table, columns: Columns) -> Any:
    if columns.system:
        return rows.column(f"given:{columns.system}")
    if not columns.code:
        return pa.array([""] * len(rows), pa.string())
    given = pc.not_equal(pc.utf8_trim_whitespace(_given(rows, columns.code)), "")
    return pc.if_else(given, columns.fixed_system, "")
