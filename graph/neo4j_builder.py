"""Builds a release's graph in Neo4j: spool the records, then send them in large batches over two sessions."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from graph import neo4j_releases as releases
from graph.batches import RecordOrBatch
from graph.errors import StoreUnavailable
from graph.hierarchy import Hierarchy
from graph.neo4j_address import Neo4jAddress
from graph.neo4j_connection import WRITE_PATIENCE_S, Connection
from graph.neo4j_schema import CODE, CONCEPT, CREATE_CODES, CREATE_CONCEPTS, EDGES, Edge
from graph.ordering import TERM_KINDS
from graph.spool import Spool
from graph.spooled_hierarchy import compile_hierarchy
from graph.store import Contents

#: As many sessions as keep a server of two cores busy; more wait for each other's locks.
_SESSIONS = 2
#: What goes into one transaction: nodes or relationships, and characters of their text.
_ROWS_A_BATCH = 10_000
_TEXT_A_BATCH = 4_000_000
#: Rows made into Python objects at once.
_ROWS_AT_ONCE = 50_000

_CONCEPT_COLUMNS = ["id", "active", "semantic_tag", "effective_time", "module", "defined"]
_TERM_COLUMNS = ["concept", "text", "language", "rank", "scope", "id", "acceptability"]
_KINDS = [kind.value for kind in TERM_KINDS]

_Row: TypeAlias = list[Any]


class Neo4jBuilder:
    """Writes one graph. Keeps the `GraphBuilder` protocol, and treats what is amiss as `LadybugBuilder` does.

    After `finish` the graph can be opened by its address; `graph.neo4j_releases.publish` shows it to people.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        folder: Path,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Use `open`."""
        self._connection = connection
        self._key = connection.address.key
        self._name = name
        self._folder = folder
        self._spool = Spool(folder)
        self._progress = progress or (lambda done: None)
        self._begun = False

    @classmethod
    def open(
        cls, address: Neo4jAddress, name: str, folder: Path, progress: Callable[[int], None] | None = None
    ) -> Neo4jBuilder:
        """Start a graph of the release `name` at `address`, whose key no graph has yet.

        Records wait in `folder`, which is made and removed; nothing is sent before `finish`. `progress` is
        told how many nodes and relationships were sent. Raises `StoreUnavailable`.
        """
        connection = Connection.open(address, patience_s=WRITE_PATIENCE_S)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except OSError as error:
            connection.close()
            raise StoreUnavailable(f"Nothing can be written at {folder}: {error.strerror}.") from error
        return cls(connection, name, folder, progress)

    def add(self, records: Iterable[RecordOrBatch]) -> None:
        """Take records, singly or as batches, in any order and any number of calls."""
        self._spool.add(records)

    def compile(self, release: str) -> Hierarchy:
        """Compile the hierarchy of what was added. Raises `HierarchyCycle`."""
        self._spool.seal()
        return compile_hierarchy(self._spool, release)

    def finish(self) -> Contents:
        """Send what was added. Raises `StoreUnavailable` if that fails."""
        self._spool.seal()
        self._begun = True
        releases.begin(self._connection, self._key, self._name)
        contents = _Sending(self._connection, self._spool, self._progress).all()
        releases.end(self._connection, self._key, contents)
        self._begun = False
        self.abandon()
        return contents

    def abandon(self) -> None:
        """Leave no trace of what was added. Does no harm after `finish`.

        If the server no longer answers, what was sent stays there, invisible, for `releases.remove`.
        """
        shutil.rmtree(self._folder, ignore_errors=True)
        self._connection.close()
        if self._begun:
            self._begun = False
            # By a new connection: the one that failed would try for long.
            with suppress(StoreUnavailable), closing(Connection.open(self._connection.address)) as connection:
                releases.remove(connection, self._key)


class _Sending:
    """Moves the tables of a spool to a server: nodes first, then one type of relationship after another."""

    def __init__(self, connection: Connection, spool: Spool, progress: Callable[[int], None]) -> None:
        self._connection = connection
        self._spool = spool
        self._progress = progress
        self._declared: pa.Array = spool.declared_ids()
        self._counts: dict[str, int] = {"concepts": len(self._declared)}
        self._languages: set[str] = set()
        self._sent = 0

    def all(self) -> Contents:
        self._counts |= {"active_concepts": 0, "undeclared": 0, "terms": 0, "orphan_terms": 0}
        with self._sending() as send:
            for rows in _batches(self._concepts(), weight=lambda row: 1 + 2 * len(row[6]), text=_text_of):
                send(CREATE_CONCEPTS, rows, sum(1 + 2 * len(row[6]) for row in rows))
        with self._sending() as send:
            for ids in _batches(self._codes(), weight=lambda id: 1, text=len):
                send(CREATE_CODES, ids, len(ids))
        for edge in EDGES:
            self._counts[edge.table] = 0
            # Two sessions for relationships that lead to few nodes would only wait for each other.
            with self._sending() as send:
                for statement, rows in self._edges(edge):
                    send(statement, rows, sum(len(row[1]) for row in rows))
        return Contents(counts=self._counts, languages=tuple(sorted(self._languages)))

    def _concepts(self) -> Iterator[_Row]:
        """The properties of each declared concept, and its terms' in a list at the end."""
        terms = self._terms()
        owner, owned = next(terms, (None, []))
        for rows in self._spool.read("concepts"):
            declared = rows.filter(rows["declared"])
            self._counts["active_concepts"] += pc.sum(declared["active"]).as_py() or 0
            for row in _rows(declared, _CONCEPT_COLUMNS):
                while owner is not None and owner < row[0]:
                    self._counts["orphan_terms"] += len(owned)
                    owner, owned = next(terms, (None, []))
                mine: list[_Row] = []
                if owner == row[0]:
                    mine = owned
                    self._counts["terms"] += len(mine)
                    self._languages.update(term[1] for term in mine)
                    owner, owned = next(terms, (None, []))
                yield [*row, mine]
        while owner is not None:
            self._counts["orphan_terms"] += len(owned)
            owner, owned = next(terms, (None, []))

    def _terms(self) -> Iterator[tuple[str, list[_Row]]]:
        """The terms of each concept id that has some."""
        rows = (row for table in self._spool.read("terms") for row in _rows(table, _TERM_COLUMNS))
        for owner, group in groupby(rows, key=itemgetter(0)):
            yield owner, [[text, lang, _KINDS[rank], *more] for _, text, lang, rank, *more in group]

    def _codes(self) -> Iterator[str]:
        for rows in self._spool.read("concepts"):
            codes = rows.filter(pc.invert(rows["declared"]))["id"]
            self._counts["undeclared"] += len(codes)
            yield from codes.to_pylist()

    def _edges(self, edge: Edge) -> Iterator[tuple[str, list[_Row]]]:
        """Statements and their rows: the edges of one type, by the labels of their ends, grouped by the first."""
        for rows in self._spool.read(edge.table):
            self._counts[edge.table] += rows.num_rows
            source, target = rows.schema.names[:2]
            from_concept, to_concept = self._are_declared(rows[source]), self._are_declared(rows[target])
            for from_label, from_mask in ((CONCEPT, from_concept), (CODE, pc.invert(from_concept))):
                for to_label, to_mask in ((CONCEPT, to_concept), (CODE, pc.invert(to_concept))):
                    some = rows.filter(pc.and_(from_mask, to_mask))
                    statement = edge.create(from_label, to_label)
                    ends = _rows(some, [source, target, *edge.properties])
                    for batch in _batches(ends, weight=lambda end: 1, text=_text_of):
                        yield (
                            statement,
                            [
                                [start, [end[1:] for end in group]]
                                for start, group in groupby(batch, itemgetter(0))
                            ],
                        )

    def _are_declared(self, ids: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.index_in(ids, value_set=self._declared).is_valid()

    @contextmanager
    def _sending(self) -> Iterator[Callable[[str, list[Any], int], None]]:
        """Yield a function that sends rows; on leaving all of them are committed.

        One batch more than there are sessions is made meanwhile. Raises what a session raised.
        """
        under_way: deque[tuple[Future[Any], int]] = deque()

        def settle() -> None:
            future, size = under_way.popleft()
            future.result()
            self._sent += size
            self._progress(self._sent)

        with ThreadPoolExecutor(_SESSIONS, thread_name_prefix="neo4j") as threads:

            def send(statement: str, rows: list[Any], size: int) -> None:
                while len(under_way) > _SESSIONS:
                    settle()
                key = self._connection.address.key
                under_way.append(
                    (threads.submit(self._connection.write, statement, rows=rows, release=key), size)
                )

            try:
                yield send
                while under_way:
                    settle()
            finally:
                for future, _ in under_way:
                    future.cancel()


def _rows(table: pa.Table, columns: list[str]) -> Iterator[_Row]:
    """The rows of some columns as lists; a part of the table is made into Python objects at a time."""
    for batch in table.select(columns).to_batches(_ROWS_AT_ONCE):
        yield from map(list, zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _batches(
    rows: Iterable[Any], *, weight: Callable[[Any], int], text: Callable[[Any], int]
) -> Iterator[list[Any]]:
    """Lists of rows that are no heavier than a transaction should be."""
    batch: list[Any] = []
    rows_left, text_left = _ROWS_A_BATCH, _TEXT_A_BATCH
    for row in rows:
        batch.append(row)
        rows_left -= weight(row)
        text_left -= text(row)
        if rows_left <= 0 or text_left <= 0:
            yield batch
            batch = []
            rows_left, text_left = _ROWS_A_BATCH, _TEXT_A_BATCH
    if batch:
        yield batch


def _text_of(row: _Row) -> int:
    """The characters in a row, the rows within it included."""
    return sum(
        len(value) if isinstance(value, str) else sum(map(_text_of, value)) if isinstance(value, list) else 0
        for value in row
    )
