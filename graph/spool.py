"""Records on disk between a loader and a store: taken in any order, read back sorted and once each.

A store's bulk loader wants its rows in order and without repeats; a loader gives records as its source
files have them. The spool keeps one Arrow file a table, and sorts by ranges of the first key, so that
memory is bounded by `ROWS_IN_MEMORY` rows whatever the size of the release.
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
from graph.model import IS_A, Concept, Membership, Record, Relation, Succession, Term, TermKind
from graph.model import Mapping as CodeMapping

ROWS_IN_MEMORY = 2_000_000
_ROWS_A_BATCH = 65_536
#: One row in so many is looked at to choose the ranges.
_SAMPLE = 256

#: The order in which a concept's terms are told.
TERM_KINDS = (TermKind.FSN, TermKind.PREFERRED, TermKind.SYNONYM, TermKind.DEFINITION)
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
        """End the adding: ids spoken of that no record declares become undeclared rows of `concepts`."""
        for kind in _TABLE_OF:
            self._flush(kind)
        for table in _REFERENCES:
            self._close(table)
        spoken_of = [
            pc.unique(self._mapped(table)[column]).cast(_TEXT)
            for table, columns in _REFERENCES.items()
            if self._rows[table]
            for column in columns
        ]
        ids = pc.unique(pa.chunked_array(spoken_of, _TEXT)) if spoken_of else pa.array([], _TEXT)
        for start in range(0, len(ids), _ROWS_A_BATCH):
            some = ids[start : start + _ROWS_A_BATCH]
            no, blank = [False] * len(some), [""] * len(some)
            self._write("concepts", [some, no, blank, no, blank, blank, no])
        for table in _TABLES:
            self._close(table)

    def declared_ids(self) -> pa.Array:
        """The distinct ids that concept records declare, in no order. After `seal`."""
        found = pa.array([], _TEXT)
        if self._rows["concepts"]:
            rows = self._mapped("concepts")
            found = pc.unique(rows.filter(rows["declared"])["id"])
        return found

    def read(self, table: str) -> Iterator[pa.Table]:
        """The rows of a table, sorted by its columns from the left, once each, in parts of bounded size, none empty.

        `concepts` has one row an id: a declared one before one only spoken of, then the one of the
        greatest effective time, then the one added last.
        """
        if not self._rows[table]:
            return
        spec, rows = _TABLES[table], self._mapped(table)
        key = spec.schema.names[0]
        bounds: list[str | None] = [None, *self._bounds(rows[key]), None]
        for low, high in pairwise(bounds):
            part = rows if low is high is None else _between(rows, key, low, high)
            if part.num_rows:
                yield _distinct(_sorted(part, _sorting_keys(table)), spec.distinct_by)

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

    def _mapped(self, table: str) -> pa.Table:
        return pa.ipc.open_file(pa.memory_map(str(self._path(table)))).read_all()

    def _path(self, table: str) -> Path:
        return self._folder / f"{table}.arrow"

    def _bounds(self, keys: pa.ChunkedArray) -> list[str]:
        parts = -(-len(keys) // ROWS_IN_MEMORY)
        if parts == 1:
            return []
        sample = pc.sort_indices(some := keys.take(pa.array(np.arange(0, len(keys), _SAMPLE))))
        cuts = [some[sample[i * len(some) // parts].as_py()].as_py() for i in range(1, parts)]
        return sorted(set(cuts))


def _array(column: Any, type: pa.DataType) -> pa.Array:
    if not isinstance(column, pa.Array):
        return pa.array(column, type)
    return column if column.type == type else column.cast(type)


def _sorting_keys(table: str) -> list[str]:
    # Two concept rows of one id and one effective time keep the order in which they came: the sort is stable.
    return ["id", "declared", "effective_time"] if table == "concepts" else list(_TABLES[table].distinct_by)


def _between(rows: pa.Table, key: str, low: str | None, high: str | None) -> pa.Table:
    """The rows with low <= key < high, read a batch at a time."""
    parts = []
    for batch in rows.to_batches():
        keys, keep = batch[key], None
        if low is not None:
            keep = pc.greater_equal(keys, low)
        if high is not None:
            below = pc.less(keys, high)
            keep = below if keep is None else pc.and_(keep, below)
        parts.append(batch.filter(keep))
    return pa.Table.from_batches(parts, rows.schema)


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
