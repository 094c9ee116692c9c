"""Records on disk between a loader and a store: taken in any order, read back sorted and once each.

A store's bulk loader wants its rows in order and without repeats; a loader gives records as its source
files have them. The spool keeps one Arrow file a table. To be read, a large table is first parted into files of
ranges of its first key, then each is sorted, so that memory is bounded by `BYTES_IN_MEMORY` of rows and what
sorting them takes, whatever the size of the release.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.batches import RecordBatch, RecordOrBatch, batch_of
from graph.model import IS_A, Concept, Membership, Record, Relation, Succession, Term
from graph.model import Mapping as CodeMapping
from graph.ordering import TERM_KINDS

BYTES_IN_MEMORY = 64 << 20
_ROWS_A_BATCH = 65_536
#: One row in so many is looked at to choose the ranges.
_SAMPLE = 256

_TERM_RANKS = pa.array([kind.value for kind in TERM_KINDS])


@dataclass(frozen=True, slots=True)
class _Table:
    """How batches become rows: the kind of record, and the Arrow fields in sorting order.

    A field is read from the batch's column that `renamed` gives it, else from the one of its own name;
    `declared` and `rank` are computed.
    """

    kind: type[Any]
    schema: pa.Schema
    distinct_by: tuple[str, ...]
    """Rows alike in these are one; the last in sorting order stays."""
    renamed: Mapping[str, str]


def _table(
    kind: type[Any],
    /,
    *,
    distinct_by: tuple[str, ...] = (),
    renamed: Mapping[str, str] = MappingProxyType({}),
    **fields: pa.DataType,
) -> _Table:
    return _Table(kind, pa.schema(list(fields.items())), distinct_by or tuple(fields), renamed)


_TEXT, _NUMBER = pa.string(), pa.int64()

_TABLES: dict[str, _Table] = {
    "concepts": _table(
        Concept,
        id=_TEXT,
        declared=pa.bool_(),
        effective_time=_TEXT,
        active=pa.bool_(),
        semantic_tag=_TEXT,
        module=_TEXT,
        defined=pa.bool_(),
        distinct_by=("id",),
    ),
    "terms": _table(
        Term,
        concept=_TEXT,
        rank=pa.int8(),
        language=_TEXT,
        text=_TEXT,
        scope=_TEXT,
        id=_TEXT,
        acceptability=_TEXT,
    ),
    "is_a": _table(
        Relation, child=_TEXT, parent=_TEXT, id=_TEXT, renamed={"child": "source", "parent": "target"}
    ),
    "relations": _table(
        Relation,
        source=_TEXT,
        target=_TEXT,
        type=_TEXT,
        role_group=_NUMBER,
        id=_TEXT,
        renamed={"role_group": "group"},
    ),
    "mappings": _table(
        CodeMapping,
        concept=_TEXT,
        target=_TEXT,
        kind=_TEXT,
        map_group=_NUMBER,
        priority=_NUMBER,
        rule=_TEXT,
        advice=_TEXT,
        id=_TEXT,
        renamed={"map_group": "group"},
    ),
    "successions": _table(Succession, retired=_TEXT, successor=_TEXT, kind=_TEXT, id=_TEXT),
    "memberships": _table(Membership, member=_TEXT, refset=_TEXT, id=_TEXT),
}

_TABLE_OF: dict[type[Any], str] = {
    Concept: "concepts",
    Term: "terms",
    Relation: "relations",
    CodeMapping: "mappings",
    Succession: "successions",
    Membership: "memberships",
}

#: The columns that speak of a concept or a code without declaring it.
_REFERENCES = {
    "is_a": ("child", "parent"),
    "relations": ("source", "target"),
    "mappings": ("concept", "target"),
    "successions": ("retired", "successor"),
    "memberships": ("member", "refset"),
}


class Spool:
    """Add records, then `seal`, then read each table. Not safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """`folder` exists and is this spool's own."""
        self._folder = folder
        self._waiting: dict[type[Any], list[Record]] = defaultdict(list)
        self._writers: dict[str, pa.RecordBatchFileWriter] = {}
        self._rows: dict[str, int] = dict.fromkeys(_TABLES, 0)
        self._sealed = False

    def add(self, records: Iterable[RecordOrBatch]) -> None:
        """Take records of any kind, singly or as batches. Raises TypeError for anything else."""
        for record in records:
            if isinstance(record, RecordBatch):
                # What came before it is written before it: of two equal concept rows, the last one counts.
                self._flush(record.kind)
                self._take(record)
                continue
            kind = type(record)
            if kind not in _TABLE_OF:
                raise TypeError(f"{kind.__name__} is not a record of the concept graph.")
            rows = self._waiting[kind]
            rows.append(record)
            if len(rows) >= _ROWS_A_BATCH:
                self._flush(kind)

    def seal(self) -> None:
        """End the adding: ids spoken of that no record declares become undeclared rows of `concepts`.

        Doing it again changes nothing.
        """
        if self._sealed:
            return
        for kind in _TABLE_OF:
            self._flush(kind)
        for table in _REFERENCES:
            self._close(table)
        ids = self._spoken_of()
        for start in range(0, len(ids), _ROWS_A_BATCH):
            some = ids[start : start + _ROWS_A_BATCH]
            no, blank = [False] * len(some), [""] * len(some)
            self._write("concepts", [some, no, blank, no, blank, blank, no])
        for table in _TABLES:
            self._close(table)
        self._sealed = True

    def declared_ids(self) -> pa.Array:
        """The distinct ids that concept records declare, in no order. After `seal`."""
        found = [
            rows.filter(rows["declared"])["id"] for rows in self._batches("concepts", ["id", "declared"])
        ]
        return pc.unique(pa.chunked_array(found, _TEXT))

    def read(self, table: str, by: str | None = None) -> Iterator[pa.Table]:
        """The rows of a table, sorted by its columns from the left, once each, in parts of bounded size, none empty.

        With `by` they are sorted by that column first. `concepts` has one row an id: a declared one before
        one only spoken of, then the one of the greatest effective time, then the one added last.
        """
        if not self._rows[table]:
            return
        schema, keys = _TABLES[table].schema, _sorting_keys(table)
        if by is not None:
            keys = [by, *(key for key in keys if key != by)]
        bounds = self._bounds(table, keys[0])
        if bounds:
            parts: Iterable[list[pa.RecordBatch]] = self._parted(table, keys[0], bounds)
        else:
            parts = [list(self._batches(table))]
        for batches in parts:
            rows = pa.Table.from_batches(batches, schema)
            # Neither the parts nor this name must hold what is sorted already.
            batches.clear()
            rows = _sorted(rows, keys)
            yield _distinct(rows, _TABLES[table].distinct_by)

    def _spoken_of(self) -> pa.Array:
        """The distinct ids that relations and the like speak of."""
        found = pa.array([], _TEXT)
        for table, columns in _REFERENCES.items():
            for column in columns:
                parts = [found, *(pc.unique(rows[column]) for rows in self._batches(table, [column]))]
                found = pc.unique(pa.chunked_array(parts, _TEXT))
        return found

    def _parted(self, table: str, key: str, bounds: Sequence[str]) -> Iterator[list[pa.RecordBatch]]:
        """The rows of each range between bounds of `key`, in the order of the ranges, through files of their own."""
        schema = _TABLES[table].schema
        paths = [self._folder / f"{table}.{number}.arrow" for number in range(len(bounds) + 1)]
        writers = [pa.ipc.new_file(str(path), schema) for path in paths]
        try:
            for batch in self._batches(table):
                # Stable, so that rows of one key keep the order in which they came.
                batch = batch.take(_order(batch[key]))
                cuts = [_first_not_below(batch[key], bound) for bound in bounds]
                for writer, (low, high) in zip(writers, pairwise([0, *cuts, len(batch)]), strict=True):
                    if low < high:
                        writer.write_batch(batch.slice(low, high - low))
        finally:
            for writer in writers:
                writer.close()
        for path in paths:
            batches = list(_read(path))
            if batches:
                yield batches
            path.unlink()

    def _flush(self, kind: type[Any]) -> None:
        rows = self._waiting.pop(kind, None)
        if rows:
            self._take(batch_of(rows))

    def _take(self, batch: RecordBatch) -> None:
        columns, table = batch.columns, _TABLE_OF[batch.kind]
        if table == "relations":
            is_a = pc.equal(columns["type"], IS_A)
            self._write_batch("is_a", columns.filter(is_a))
            columns = columns.filter(pc.invert(is_a))
        self._write_batch(table, columns)

    def _write_batch(self, table: str, columns: pa.RecordBatch) -> None:
        if not columns.num_rows:
            return
        spec = _TABLES[table]
        arrays = []
        for name in spec.schema.names:
            if name == "declared":
                arrays.append(pa.repeat(True, columns.num_rows))
            elif name == "rank":
                arrays.append(pc.index_in(columns["kind"], value_set=_TERM_RANKS))
            else:
                arrays.append(columns[spec.renamed.get(name, name)])
        self._write(table, arrays)

    def _write(self, table: str, columns: Sequence[Any]) -> None:
        schema = _TABLES[table].schema
        writer = self._writers.get(table)
        if writer is None:
            writer = self._writers[table] = pa.ipc.new_file(str(self._path(table)), schema)
        arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        writer.write_batch(pa.record_batch(arrays, schema=schema))
        self._rows[table] += len(arrays[0])

    def _close(self, table: str) -> None:
        writer = self._writers.pop(table, None)
        if writer is not None:
            writer.close()

    def _batches(self, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a closed table as they were written; all columns or some."""
        if self._rows[table]:
            yield from _read(self._path(table), columns)

    def _path(self, table: str) -> Path:
        return self._folder / f"{table}.arrow"

    def _bounds(self, table: str, key: str) -> list[str]:
        """Values of `key` that cut a table into parts of about BYTES_IN_MEMORY; none where it is small enough."""
        parts = -(-self._path(table).stat().st_size // BYTES_IN_MEMORY)
        if parts == 1:
            return []
        sampled = [
            batch[key].take(pa.array(np.arange(0, len(batch), _SAMPLE)))
            for batch in self._batches(table, [key])
        ]
        keys = pa.chunked_array(sampled, _TEXT).combine_chunks()
        keys = keys.take(pc.sort_indices(keys))
        return sorted({keys[number * len(keys) // parts].as_py() for number in range(1, parts)})


def _read(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    # Read, not mapped: what is mapped counts as this process's memory for as long as it is.
    with pa.OSFile(str(path)) as file:
        with pa.ipc.open_file(file) as reader:
            names = reader.schema.names
            fields = None if columns is None else [names.index(column) for column in columns]
        options = pa.ipc.IpcReadOptions(included_fields=fields)
        with pa.ipc.open_file(file, options=options) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)


def _array(column: Any, type: pa.DataType) -> pa.Array:
    if not isinstance(column, pa.Array):
        return pa.array(column, type)
    return column if column.type == type else column.cast(type)


def _sorting_keys(table: str) -> list[str]:
    # Two concept rows of one id and one effective time keep the order in which they came: the sort is stable.
    return ["id", "declared", "effective_time"] if table == "concepts" else list(_TABLES[table].distinct_by)


def _order(keys: pa.Array) -> pa.Array:
    """The stable order of one column."""
    return pc.array_sort_indices(keys)


def _first_not_below(ordered: pa.Array, bound: str) -> int:
    """The place of the first of sorted texts that is not below `bound`."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if ordered[middle].as_py() < bound:
            low = middle + 1
        else:
            high = middle
    return low


def _sorted(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    rows = rows.combine_chunks()
    return rows.take(pc.sort_indices(rows, sort_keys=[(key, "ascending") for key in keys]))


def _distinct(rows: pa.Table, by: Sequence[str]) -> pa.Table:
    """`rows` without those that are alike in `by` to the next one."""
    if rows.num_rows < 2:
        return rows
    last: NDArray[np.bool_] = np.zeros(rows.num_rows, np.bool_)
    last[-1] = True
    for column in by:
        values = rows[column].combine_chunks()
        last[:-1] |= pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
    return rows if last.all() else rows.filter(pa.array(last))
