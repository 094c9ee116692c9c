"""Records on disk between a loader and a store: taken in any order, read back sorted and once each.

A store's bulk loader wants its rows in order and without repeats; a loader gives records as its source
files have them. The spool keeps one Arrow file a table, and sorts by ranges of the first key, so that
memory is bounded by `ROWS_IN_MEMORY` rows whatever the size of the release.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.model import IS_A, Concept, Mapping, Record, Relation, Succession, Term, TermKind

ROWS_IN_MEMORY = 2_000_000
_ROWS_A_BATCH = 65_536
#: One row in so many is looked at to choose the ranges.
_SAMPLE = 256

#: The order in which a concept's terms are told.
TERM_KINDS = (TermKind.FSN, TermKind.PREFERRED, TermKind.SYNONYM, TermKind.DEFINITION)
_TERM_RANK = {kind: rank for rank, kind in enumerate(TERM_KINDS)}


@dataclass(frozen=True, slots=True)
class _Table:
    """How records become rows: Arrow fields in sorting order, and the column of each field."""

    schema: pa.Schema
    columns: Callable[[list[Any]], list[list[Any]]]
    distinct_by: tuple[str, ...]
    """Rows alike in these are one; the last in sorting order stays."""


def _schema(**fields: pa.DataType) -> pa.Schema:
    return pa.schema(list(fields.items()))


_TEXT = pa.string()

_TABLES: dict[str, _Table] = {
    "concepts": _Table(
        _schema(
            id=_TEXT,
            declared=pa.bool_(),
            effective_time=_TEXT,
            active=pa.bool_(),
            semantic_tag=_TEXT,
            module=_TEXT,
            defined=pa.bool_(),
        ),
        lambda rows: [
            [r.id for r in rows],
            [True] * len(rows),
            [r.effective_time for r in rows],
            [r.active for r in rows],
            [r.semantic_tag for r in rows],
            [r.module for r in rows],
            [r.defined for r in rows],
        ],
        ("id",),
    ),
    "terms": _Table(
        _schema(concept=_TEXT, rank=pa.int8(), language=_TEXT, text=_TEXT, scope=_TEXT, id=_TEXT),
        lambda rows: [
            [r.concept for r in rows],
            [_TERM_RANK[r.kind] for r in rows],
            [r.language for r in rows],
            [r.text for r in rows],
            [r.scope.value for r in rows],
            [r.id for r in rows],
        ],
        ("concept", "rank", "language", "text", "scope", "id"),
    ),
    "is_a": _Table(
        _schema(child=_TEXT, parent=_TEXT),
        lambda rows: [[r.source for r in rows], [r.target for r in rows]],
        ("child", "parent"),
    ),
    "relations": _Table(
        _schema(source=_TEXT, target=_TEXT, type=_TEXT, role_group=pa.int64()),
        lambda rows: [
            [r.source for r in rows],
            [r.target for r in rows],
            [r.type for r in rows],
            [r.group for r in rows],
        ],
        ("source", "target", "type", "role_group"),
    ),
    "mappings": _Table(
        _schema(
            concept=_TEXT,
            target=_TEXT,
            kind=_TEXT,
            map_group=pa.int64(),
            priority=pa.int64(),
            rule=_TEXT,
            advice=_TEXT,
        ),
        lambda rows: [
            [r.concept for r in rows],
            [r.target for r in rows],
            [r.kind for r in rows],
            [r.group for r in rows],
            [r.priority for r in rows],
            [r.rule for r in rows],
            [r.advice for r in rows],
        ],
        ("concept", "target", "kind", "map_group", "priority", "rule", "advice"),
    ),
    "successions": _Table(
        _schema(retired=_TEXT, successor=_TEXT, kind=_TEXT),
        lambda rows: [[r.retired for r in rows], [r.successor for r in rows], [r.kind.value for r in rows]],
        ("retired", "successor", "kind"),
    ),
}

_TABLE_OF: dict[type[Any], str] = {
    Concept: "concepts",
    Term: "terms",
    Relation: "relations",
    Mapping: "mappings",
    Succession: "successions",
}

#: The columns that speak of a concept or a code without declaring it.
_REFERENCES = {
    "is_a": ("child", "parent"),
    "relations": ("source", "target"),
    "mappings": ("concept", "target"),
    "successions": ("retired", "successor"),
}


class Spool:
    """Add records, then `seal`, then read each table. Not safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """`folder` exists and is this spool's own."""
        self._folder = folder
        self._waiting: dict[str, list[Any]] = defaultdict(list)
        self._writers: dict[str, pa.RecordBatchFileWriter] = {}
        self._rows: dict[str, int] = dict.fromkeys(_TABLES, 0)

    def add(self, records: Iterable[Record]) -> None:
        """Take records of any kind. Raises TypeError for anything else."""
        for record in records:
            table = _TABLE_OF.get(type(record))
            if table is None:
                raise TypeError(f"{type(record).__name__} is not a record of the concept graph.")
            if table == "relations" and record.type == IS_A:  # type: ignore[union-attr]
                table = "is_a"
            rows = self._waiting[table]
            rows.append(record)
            if len(rows) >= _ROWS_A_BATCH:
                self._flush(table)

    def seal(self) -> None:
        """End the adding: ids spoken of that no record declares become undeclared rows of `concepts`."""
        for table in _TABLES:
            self._flush(table)
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

    def _flush(self, table: str) -> None:
        rows = self._waiting.pop(table, None)
        if rows:
            self._write(table, _TABLES[table].columns(rows))

    def _write(self, table: str, columns: Sequence[Any]) -> None:
        schema = _TABLES[table].schema
        writer = self._writers.get(table)
        if writer is None:
            writer = self._writers[table] = pa.ipc.new_file(str(self._path(table)), schema)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
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
