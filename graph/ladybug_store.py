"""Reads a release's store in Ladybug, by the statements of `graph.ladybug_statements`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ladybug
import pyarrow as pa

from graph import ladybug_statements as statements
from graph.batches import RecordBatch, decode_acceptability
from graph.errors import ReleaseDamaged, StoreUnavailable
from graph.ladybug_schema import SCHEMA_VERSION, answering
from graph.model import (
    CURIE,
    IS_A,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)
from graph.ordering import mapping_key, membership_key, relation_key, succession_key

#: What a reader may keep of the file in memory.
_BUFFER_BYTES = 1 << 30
#: Rows of a table read at once when all are wanted, one by one and as columns. A read range of terms costs a pass
#: over all of them. What concepts relate to is many rows a concept, and a result that fills the buffer above leaves
#: no room in it afterwards, until the file is closed.
_SCAN = 131_072
_SCAN_COLUMNS = MappingProxyType({"Concept": 65_536, "Term": 524_288})

_KINDS = {kind.value: kind for kind in TermKind}
_SCOPES = {scope.value: scope for scope in SynonymScope}
_SUCCESSION_KINDS = {kind.value: kind for kind in SuccessionKind}


class LadybugStore:
    """A release in one Ladybug file, read-only. Keeps the `GraphStore` protocol.

    Threads may share it: each question takes a connection of its own for as long as it lasts. Several
    processes may open the same file. Every method raises `StoreUnavailable` once the store is closed or
    if Ladybug fails. Do not use it in a child of the process that opened it; open it there again.
    """

    def __init__(self, path: Path, database: ladybug.Database) -> None:
        """Use `open`."""
        self._path = path
        self._database = database
        self._lock = threading.Lock()
        self._idle: list[ladybug.Connection] = []
        self._busy = 0
        self._closed = False
        self._about: dict[str, int] = {}

    @classmethod
    def open(cls, path: Path) -> LadybugStore:
        """Open the file at `path`.

        Raises `StoreUnavailable` if there is none or it cannot be read, `ReleaseDamaged` if it is not a
        store or was written by an incompatible version.
        """
        _look_at(path)
        try:
            with answering(path, "being opened"):
                database = ladybug.Database(path, read_only=True, buffer_pool_size=_BUFFER_BYTES)
        except StoreUnavailable as error:
            # What Ladybug calls so is about the file: it is cut, or of another version of Ladybug.
            if "Runtime exception" in str(error):
                raise ReleaseDamaged(f"{str(error).rstrip('.')}; load the release again.") from error
            raise
        store = cls(path, database)
        try:
            store._read_schema()
        except BaseException:
            store.close()
            raise
        return store

    def concepts(self, ids: Sequence[CURIE]) -> list[Concept | None]:
        """The concept of each id; None where the release declares none."""
        if not ids:
            return []
        rows = self._ask(statements.CONCEPTS, ids=list(dict.fromkeys(ids)))
        found = {row[0]: Concept(*row) for row in rows}
        return [found.get(id) for id in ids]

    def terms(self, ids: Sequence[CURIE]) -> list[tuple[Term, ...]]:
        """All terms of each id, in the order that the port tells."""
        if not ids or not self._about["Term"]:
            return [() for _ in ids]
        rows_of: dict[CURIE, list[Any]] = {id: [] for id in ids}
        for row in self._ask(statements.TERMS, ids=list(rows_of)):
            rows_of[row[0]].append(row)
        terms_of = {
            id: tuple(_term(row) for row in sorted(rows, key=lambda row: row[7]))
            for id, rows in rows_of.items()
        }
        return [terms_of[id] for id in ids]

    def relations(self, ids: Sequence[CURIE]) -> list[tuple[Relation, ...]]:
        """The outgoing relations of each id other than is-a."""
        return [_relations(rows) for rows in self._ask_each(statements.RELATIONS, "RELATES_TO", ids)]

    def mappings(self, ids: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The codes of other systems that each id maps to."""
        return [_mappings(rows) for rows in self._ask_each(statements.MAPPINGS, "MAPS_TO", ids)]

    def mapped_from(self, targets: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The mappings that lead to each code of another system."""
        return [_mappings(rows) for rows in self._ask_each(statements.MAPPED_FROM, "MAPPED_FROM", targets)]

    def successors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """What stands for each retired id."""
        return [_successions(rows) for rows in self._ask_each(statements.SUCCESSORS, "SUCCEEDED_BY", ids)]

    def predecessors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """The retired ids that each id stands for."""
        return [_successions(rows) for rows in self._ask_each(statements.PREDECESSORS, "SUCCEEDED_BY", ids)]

    def memberships(self, ids: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """The refsets that hold each id."""
        return [_memberships(rows) for rows in self._ask_each(statements.MEMBERSHIPS, "MEMBER_OF", ids)]

    def members(self, refsets: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """What each refset holds."""
        return [_memberships(rows) for rows in self._ask_each(statements.MEMBERS, "MEMBER_OF", refsets)]

    def scan_concepts(self) -> Iterator[Concept]:
        """Every declared concept, active and retired, ordered by id."""
        for rows in self._ask_ranges(statements.ALL_CONCEPTS, "Concept"):
            rows.sort(key=lambda row: row[0])
            yield from (Concept(*row) for row in rows)

    def scan_terms(self) -> Iterator[Term]:
        """Every term, ordered by concept id."""
        for rows in self._ask_ranges(statements.ALL_TERMS, "Term"):
            rows.sort(key=lambda row: row[7])
            yield from map(_term, rows)

    def scan_mappings(self) -> Iterator[Mapping]:
        """Every mapping, ordered by concept id."""
        for rows in self._ask_ranges(statements.ALL_MAPPINGS, "Concept"):
            yield from _mappings(rows)

    def scan_is_a(self) -> Iterator[tuple[CURIE, CURIE]]:
        """Every is-a relation as (child, parent), ordered, each pair once."""
        for rows in self._ask_ranges(statements.ALL_IS_A, "Concept"):
            yield from sorted({row[:2] for row in rows})

    def scan_relations(self) -> Iterator[Relation]:
        """Every relation, is-a too, ordered by source."""
        both = zip(
            self._ask_ranges(statements.ALL_IS_A, "Concept"),
            self._ask_ranges(statements.ALL_RELATIONS, "Concept"),
            strict=True,
        )
        for is_a, rows in both:
            rows.extend((child, IS_A, parent, 0, id) for child, parent, id in is_a)
            yield from _relations(rows)

    def scan_successions(self) -> Iterator[Succession]:
        """Every succession, ordered by the retired id."""
        for rows in self._ask_ranges(statements.ALL_SUCCESSIONS, "Concept"):
            yield from sorted(map(_succession, rows), key=lambda s: (s.retired, *succession_key(s)))

    def scan_memberships(self) -> Iterator[Membership]:
        """Every membership, ordered by member."""
        for rows in self._ask_ranges(statements.ALL_MEMBERSHIPS, "Concept"):
            yield from _memberships(rows)

    def scan_batches(self, kind: type[Record], columns: Sequence[str] | None = None) -> Iterator[RecordBatch]:
        """Every record of a kind as columns: those named, or all."""
        for statement, table in statements.BATCHES[kind]:
            asked = statements.returning(statement, columns) if columns else statement
            for rows in self._ask_tables(asked, table, _SCAN_COLUMNS[table]):
                for batch in rows.combine_chunks().to_batches():
                    yield RecordBatch(kind, batch)

    def close(self) -> None:
        """Let go of the file, at once or when the last question under way is answered."""
        with self._lock:
            self._closed = True
        self._let_go_if_unused()

    def _read_schema(self) -> None:
        try:
            self._about = dict(self._ask("MATCH (e:Enlace) RETURN e.about, e.value"))
        except StoreUnavailable as error:
            raise ReleaseDamaged(
                f"{self._path} is a Ladybug file but not a store that Enlace wrote; load the release again."
            ) from error
        version = self._about.get("schema_version")
        if version != SCHEMA_VERSION:
            raise ReleaseDamaged(
                f"The store at {self._path} has schema version {version} and this Enlace reads "
                f"{SCHEMA_VERSION}; load the release again."
            )

    def _ask(self, statement: str, **parameters: Any) -> list[Any]:
        with self._connection() as connection, answering(self._path, "answering"):
            return _rows(connection, statement, parameters)

    def _ask_each(self, statement: str, table: str, ids: Sequence[CURIE]) -> list[list[Any]]:
        """The rows of `statement`, which follows `table`, for each id; one that comes twice is asked once."""
        # Ladybug plans a scan of all concepts (9 ms) for following a relation that has no rows.
        if not self._about[table]:
            return [[] for _ in ids]
        with self._connection() as connection, answering(self._path, "answering"):
            found = {id: _rows(connection, statement, {"id": id}) for id in dict.fromkeys(ids)}
        return [found[id] for id in ids]

    def _ask_ranges(self, statement: str, table: str) -> Iterator[list[Any]]:
        """The rows of `statement` by ranges of the ordinals of `table`: one range is in memory at a time."""
        for rows in self._ask_tables(statement, table, _SCAN):
            # By columns, through Arrow: twice as fast as Ladybug's own making of Python rows.
            yield list(zip(*(column.to_pylist() for column in rows.columns), strict=True))

    def _ask_tables(self, statement: str, table: str, size: int) -> Iterator[pa.Table]:
        """As `_ask_ranges`, as columns, `size` ordinals at a time."""
        for low in range(0, self._about[table], size):
            parameters = {"low": low, "high": low + size}
            with self._connection() as connection, answering(self._path, "answering"):
                result = _execute(connection, statement, parameters)
                rows = result.get_as_arrow(size)
                result.close()
            yield rows

    @contextmanager
    def _connection(self) -> Iterator[ladybug.Connection]:
        with self._lock:
            if self._closed:
                raise StoreUnavailable(f"The store at {self._path} was closed; open the release again.")
            connection = self._idle.pop() if self._idle else None
            self._busy += 1
        try:
            if connection is None:
                with answering(self._path, "being connected to"):
                    connection = ladybug.Connection(self._database, num_threads=1)
            yield connection
        finally:
            with self._lock:
                self._busy -= 1
                if connection is not None:
                    self._idle.append(connection)
            self._let_go_if_unused()

    def _let_go_if_unused(self) -> None:
        with self._lock:
            if not self._closed or self._busy or self._database.is_closed:
                return
            with answering(self._path, "being closed"):
                for connection in self._idle:
                    connection.close()
                self._idle.clear()
                self._database.close()


def _look_at(path: Path) -> None:
    """Raise what a path deserves that Ladybug would answer with less clearly, or by making a new file."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError as error:
        raise StoreUnavailable(f"There is no store at {path}; import a release first.") from error
    except OSError as error:
        raise StoreUnavailable(f"The store at {path} cannot be read: {error.strerror}.") from error
    if start != b"LBUG":
        raise ReleaseDamaged(f"{path} is not a Ladybug store; load the release again.")


def _rows(connection: ladybug.Connection, statement: str, parameters: dict[str, Any]) -> list[Any]:
    result = _execute(connection, statement, parameters)
    try:
        return result.get_all()
    finally:
        result.close()


def _execute(
    connection: ladybug.Connection, statement: str, parameters: dict[str, Any]
) -> ladybug.QueryResult:
    result = connection.execute(statement, parameters)
    assert isinstance(result, ladybug.QueryResult)  # a list only where several statements are given
    return result


def _term(row: Sequence[Any]) -> Term:
    concept, text, language, kind, scope, id, acceptability, _ = row
    held_by = decode_acceptability(acceptability) if acceptability else ()
    return Term(concept, text, language, _KINDS[kind], _SCOPES[scope], id, held_by)


def _relations(rows: list[Any]) -> tuple[Relation, ...]:
    return tuple(sorted((Relation(*row) for row in rows), key=relation_key))


def _mappings(rows: list[Any]) -> tuple[Mapping, ...]:
    return tuple(sorted((Mapping(*row) for row in rows), key=mapping_key))


def _memberships(rows: list[Any]) -> tuple[Membership, ...]:
    return tuple(sorted((Membership(*row) for row in rows), key=membership_key))


def _succession(row: Sequence[Any]) -> Succession:
    retired, successor, kind, id = row
    return Succession(retired, successor, _SUCCESSION_KINDS[kind], id)


def _successions(rows: list[Any]) -> tuple[Succession, ...]:
    return tuple(sorted(map(_succession, rows), key=succession_key))
