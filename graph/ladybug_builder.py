"""Builds a release's store in Ladybug: spool the records, then load each table by a few large COPYs."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import ladybug
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from graph.batches import RecordOrBatch
from graph.errors import ReleaseExists, StoreUnavailable
from graph.hierarchy import Hierarchy
from graph.ladybug_schema import NODE_TABLES, RELATION_TABLES, SCHEMA_VERSION, answering
from graph.ordering import TERM_KINDS
from graph.spool import Spool
from graph.spooled_hierarchy import compile_hierarchy
from graph.store import Contents

_Counts: TypeAlias = NDArray[np.int64]

_CONCEPT_COLUMNS = [
    "id", "ordinal", "declared", "active", "semantic_tag", "effective_time", "module", "defined",
    "first_term", "last_term",
]  # fmt: skip
_TERM_COLUMNS = ["key", "concept", "kind", "language", "text", "scope", "id", "acceptability"]
#: The spooled rows of each relation table; their first two columns are its ends, from and to.
_RELATION_ROWS = {
    "IS_A": "is_a",
    "RELATES_TO": "relations",
    "MAPS_TO": "mappings",
    "SUCCEEDED_BY": "successions",
    "MEMBER_OF": "memberships",
}
#: The table that holds the rows of another one from its second end to its first.
_BACKWARDS, _FORWARDS = "MAPPED_FROM", "MAPS_TO"
_ROW_GROUP = 131_072
#: What Ladybug may keep of the file in memory while loading. It takes more for the rows of one COPY.
_BUFFER_BYTES = 512 << 20
#: After so many rows the file is closed and opened again: some of what a COPY takes is freed only then.
_ROWS_AN_OPENING = 500_000


class LadybugBuilder:
    """Writes one release into one Ladybug file. Keeps the `GraphBuilder` protocol.

    Everything is made in a folder `<file>.building` beside the file, which `finish` moves out of it and
    `abandon` removes. How what is amiss in the records is treated:

    - a repeated record is kept once; of several rows for one concept, the one of the greatest effective
      time, and of those the one added last;
    - a relation, mapping, succession or membership whose end no concept record declares is kept (its end
      may be a code of another system, a concrete value or a concept of another ontology); such ids are
      counted as `undeclared`, and `GraphStore.concepts` answers None for them;
    - a term whose concept is not declared is left out and counted as `orphan_terms`.
    """

    def __init__(self, path: Path, building: Path, progress: Callable[[int], None]) -> None:
        """Use `open`."""
        self._path = path
        self._progress = progress
        self._building = building
        self._spool = Spool(building)

    @classmethod
    def open(cls, path: Path, progress: Callable[[int], None] | None = None) -> LadybugBuilder:
        """Start a store that `finish` will leave at `path`. Raises `ReleaseExists` if a file is there.

        `progress` is told how many rows were loaded so far.
        """
        building = path.with_name(path.name + ".building")
        if path.exists():
            raise ReleaseExists(f"There is already a store at {path}; remove it first.")
        try:
            shutil.rmtree(building, ignore_errors=True)
            building.mkdir(parents=True)
        except OSError as error:
            raise StoreUnavailable(f"No store can be written at {path}: {error.strerror}.") from error
        return cls(path, building, progress or (lambda done: None))

    def add(self, records: Iterable[RecordOrBatch]) -> None:
        """Take records, singly or as batches, in any order and any number of calls."""
        self._spool.add(records)

    def compile(self, release: str) -> Hierarchy:
        """Compile the hierarchy of what was added. Raises `HierarchyCycle`, `StoreUnavailable`."""
        with answering(self._path, "being written"):
            self._spool.seal()
            return compile_hierarchy(self._spool, release)

    def finish(self) -> Contents:
        """Load what was added and put the store at its path. Raises `StoreUnavailable` if that fails."""
        # What reading the records took is of no more use.
        _give_back_memory()
        with answering(self._path, "being written"):
            self._spool.seal()
            made = self._building / self._path.name
            with closing(_Loading(made, self._spool, self._building, self._progress)) as loading:
                contents = loading.all()
            os.replace(made, self._path)
        self.abandon()
        return contents

    def abandon(self) -> None:
        """Leave no trace of what was added. Does no harm after `finish`."""
        shutil.rmtree(self._building, ignore_errors=True)


class _Loading:
    """Moves the tables of a spool into a new database, one after another, through Parquet files."""

    def __init__(self, path: Path, spool: Spool, folder: Path, progress: Callable[[int], None]) -> None:
        self._path = path
        self._progress = progress
        self._spool = spool
        self._folder = folder
        self._rows = dict.fromkeys(["Concept", "Term", *_RELATION_ROWS, _BACKWARDS], 0)
        self._rows_at_opening = 0
        self._open()

    def all(self) -> Contents:
        for statement in NODE_TABLES + RELATION_TABLES:
            self._connection.execute(statement)
        ids = self._spool.declared_ids()
        # Terms first, for a concept's row says which are its own; relations last, for they need both ends.
        terms_of, orphans, languages = self._terms(ids)
        active = self._concepts(ids, terms_of)
        for table, name in _RELATION_ROWS.items():
            for rows in self._spool.read(name):
                self._copy(table, rows)
        self._backwards()
        counts = {
            "concepts": len(ids),
            "active_concepts": active,
            "undeclared": self._rows["Concept"] - len(ids),
            "terms": self._rows["Term"],
            "orphan_terms": orphans,
            **{name: self._rows[table] for table, name in _RELATION_ROWS.items()},
        }
        about = {"schema_version": SCHEMA_VERSION, **self._rows}
        for name, value in about.items():
            self._connection.execute(
                "CREATE (:Enlace {about: $about, value: $value})", {"about": name, "value": value}
            )
        self._connection.execute("CHECKPOINT")
        return Contents(counts=counts, languages=languages)

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
        self._database.close()

    def _open(self) -> None:
        self._database = ladybug.Database(self._path, buffer_pool_size=_BUFFER_BYTES)
        self._connection = ladybug.Connection(self._database)

    def _terms(self, ids: pa.Array) -> tuple[_Counts, int, tuple[str, ...]]:
        """Load the terms of `ids`; answer how many each has, how many are of other ids, and languages."""
        terms_of, orphans, before, languages = np.zeros(len(ids), np.int64), 0, 0, set[str]()
        kinds = pa.array([kind.value for kind in TERM_KINDS])
        for rows in self._spool.read("terms"):
            owners = pc.index_in(rows["concept"], value_set=ids)
            terms_of += np.bincount(owners.drop_null().to_numpy(), minlength=len(ids))
            kept = rows.filter(owners.is_valid())
            orphans += rows.num_rows - kept.num_rows
            kept = _numbered(kept, "key", before)
            before += kept.num_rows
            kept = kept.append_column("kind", kinds.take(kept["rank"].combine_chunks()))
            languages.update(pc.unique(kept["language"]).to_pylist())
            self._copy("Term", kept.select(_TERM_COLUMNS))
        return terms_of, orphans, tuple(sorted(languages))

    def _concepts(self, ids: pa.Array, terms_of: _Counts) -> int:
        """Load the rows of all concepts; answer how many are active."""
        rows_before, terms_before, active = 0, 0, 0
        for rows in self._spool.read("concepts"):
            # Undeclared ids are not among `ids`, and have no terms.
            at = pc.index_in(rows["id"], value_set=ids).fill_null(-1).to_numpy()
            counts = np.append(terms_of, 0)[at]
            last = terms_before + np.cumsum(counts) - 1
            rows = _numbered(rows, "ordinal", rows_before)
            rows = rows.append_column("first_term", pa.array(last - counts + 1))
            rows = rows.append_column("last_term", pa.array(last))
            self._copy("Concept", rows.select(_CONCEPT_COLUMNS))
            rows_before += rows.num_rows
            terms_before += int(counts.sum())
            active += pc.sum(rows["active"]).as_py()
        return active

    def _backwards(self) -> None:
        """Load the table that is kept in both directions a second time, by its other end."""
        name = _RELATION_ROWS[_FORWARDS]
        for rows in self._spool.read(name, by="target"):
            source, target, *others = rows.column_names
            self._copy(_BACKWARDS, rows.select([target, source, *others]))

    def _copy(self, table: str, rows: pa.Table) -> None:
        """Load rows into a table by one COPY; what that holds in memory grows with them."""
        if not rows.num_rows:
            return
        path = self._folder / f"{table}.parquet"
        pq.write_table(rows, path, row_group_size=_ROW_GROUP)
        self._connection.execute(f"COPY {table} FROM '{_quoted(path)}'")
        path.unlink()
        self._rows[table] += rows.num_rows
        loaded = sum(self._rows.values())
        if loaded - self._rows_at_opening >= _ROWS_AN_OPENING:
            self.close()
            self._open()
            self._rows_at_opening = loaded
        _give_back_memory()
        self._progress(loaded)


def _give_back_memory() -> None:
    """Let the system have what was freed, which allocators keep for a next time.

    Arrow's system pool is the C library's, so that NumPy's and Ladybug's memory is meant too.
    """
    pa.default_memory_pool().release_unused()
    pa.system_memory_pool().release_unused()


def _numbered(rows: pa.Table, name: str, start: int) -> pa.Table:
    return rows.append_column(name, pa.array(np.arange(start, start + rows.num_rows)))


def _quoted(path: Path) -> str:
    # COPY takes a pattern in a string literal.
    return glob.escape(str(path)).replace("\\", "\\\\").replace("'", "\\'")
