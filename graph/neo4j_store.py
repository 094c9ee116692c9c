"""Reads a release's graph in Neo4j.

A question is one statement for all its ids, unwound and looked up by the index over (release, id); reading
all goes by pages along that index. Paths are never followed: `graph.hierarchy` answers what is above and
below. Every statement tells at its end the state of the release, so that a graph that is being removed is
never taken for one that has fewer rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from typing import Any, TypeVar

from graph import neo4j_releases as releases
from graph.batches import decode_acceptability
from graph.errors import ReleaseDamaged, StoreUnavailable
from graph.model import (
    CURIE,
    IS_A,
    Concept,
    Mapping,
    Membership,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)
from graph.neo4j_address import Neo4jAddress
from graph.neo4j_connection import Connection
from graph.neo4j_schema import CODE, CONCEPT, READABLE
from graph.ordering import TERM_KINDS, Key, mapping_key, membership_key, relation_key, succession_key

#: Ids asked for in one statement, and concepts read in one where all are wanted.
_IDS_A_QUESTION = 5_000
_CONCEPTS_A_PAGE = 5_000

_STATE = "MATCH (release:Release {key: $release}) RETURN release.state, rows"

_CONCEPT = "n.id, n.active, n.semantic_tag, n.effective_time, n.module, n.defined"
_TERM = "n.id, t.text, t.language, t.kind, t.scope, t.id, t.acceptability"
_RELATION = "n.id, r.type, t.id, r.role_group, r.id"
_MAPPING = "r.kind, r.map_group, r.priority, r.rule, r.advice, r.id"

_LOOK_UP = "UNWIND $ids AS id MATCH (n:{labels} {{release: $release, id: id}})"
_CONCEPTS = f"{_LOOK_UP.format(labels=CONCEPT)} WITH collect([{_CONCEPT}]) AS rows {_STATE}"


def _following(path: str, columns: str, labels: str = f"{CONCEPT}|{CODE}") -> str:
    """The statement for what is at the end of `path`, which begins at `n`, of each of `$ids`."""
    return f"{_LOOK_UP.format(labels=labels)} MATCH {path} WITH collect([{columns}]) AS rows {_STATE}"


_TERMS = _following("(n)-[:HAS_TERM]->(t)", _TERM, CONCEPT)
_RELATIONS = _following("(n)-[r:RELATES_TO]->(t)", _RELATION)
_MAPPINGS = _following("(n)-[r:MAPS_TO]->(t)", f"n.id, t.id, {_MAPPING}")
_MAPPED_FROM = _following("(n)<-[r:MAPS_TO]-(c)", f"c.id, n.id, {_MAPPING}")
_SUCCESSORS = _following("(n)-[r:SUCCEEDED_BY]->(t)", "n.id, t.id, r.kind, r.id")
_PREDECESSORS = _following("(n)<-[r:SUCCEEDED_BY]-(c)", "c.id, n.id, r.kind, r.id")
_MEMBERSHIPS = _following("(n)-[r:MEMBER_OF]->(t)", "t.id, n.id, r.id")
_MEMBERS = _following("(n)<-[r:MEMBER_OF]-(c)", "n.id, c.id, r.id")


def _page(label: str, columns: str) -> str:
    """The statement for `columns` of one node more than a page has; the last one begins the next page."""
    return (
        f"MATCH (n:{label}) USING INDEX SEEK n:{label}(release, id) "
        # Ordered by both, so that the index's own order serves and only a page is read.
        "WHERE n.release = $release AND n.id >= $start WITH n ORDER BY n.release, n.id LIMIT $limit "
        f"WITH collect([n.id, {columns}]) AS rows {_STATE}"
    )


_KINDS = {kind.value: kind for kind in TermKind}
_SCOPES = {scope.value: scope for scope in SynonymScope}
_SUCCESSION_KINDS = {kind.value: kind for kind in SuccessionKind}
_RANK = {kind.value: rank for rank, kind in enumerate(TERM_KINDS)}

_R = TypeVar("_R")


class Neo4jStore:
    """A release's graph at a server, read-only. Keeps the `GraphStore` protocol.

    Threads may share it. Every method raises `StoreUnavailable` once the store is closed or while the server
    does not answer, and answers again when the server does; `ReleaseDamaged` if the graph was removed.
    """

    def __init__(self, connection: Connection) -> None:
        """Use `open`."""
        self._connection = connection
        self._closed = False

    @classmethod
    def open(cls, address: Neo4jAddress) -> Neo4jStore:
        """Open the graph of the address's key.

        Raises `StoreUnavailable` where there is no server that can be asked, `ReleaseDamaged` where it has
        no whole graph of that key.
        """
        connection = Connection.open(address)
        try:
            releases.check_readable(connection, address.key)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def concepts(self, ids: Sequence[CURIE]) -> list[Concept | None]:
        """The concept of each id; None where the release declares none."""
        found = {row[0]: Concept(*row) for row in self._ask(_CONCEPTS, ids)}
        return [found.get(id) for id in ids]

    def terms(self, ids: Sequence[CURIE]) -> list[tuple[Term, ...]]:
        """All terms of each id, in the order that the port tells."""
        rows_of: dict[CURIE, list[Any]] = {id: [] for id in ids}
        for row in self._ask(_TERMS, ids):
            rows_of[row[0]].append(row[1:])
        terms_of = {id: tuple(_terms(id, rows)) for id, rows in rows_of.items()}
        return [terms_of[id] for id in ids]

    def relations(self, ids: Sequence[CURIE]) -> list[tuple[Relation, ...]]:
        """The outgoing relations of each id other than is-a."""
        found = (Relation(*row) for row in self._ask(_RELATIONS, ids))
        return _by_id(ids, found, lambda relation: relation.source, relation_key)

    def mappings(self, ids: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The codes of other systems that each id maps to."""
        found = (Mapping(*row) for row in self._ask(_MAPPINGS, ids))
        return _by_id(ids, found, lambda mapping: mapping.concept, mapping_key)

    def mapped_from(self, targets: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The mappings that lead to each code of another system."""
        found = (Mapping(*row) for row in self._ask(_MAPPED_FROM, targets))
        return _by_id(targets, found, lambda mapping: mapping.target, mapping_key)

    def successors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """What stands for each retired id."""
        found = map(_succession, self._ask(_SUCCESSORS, ids))
        return _by_id(ids, found, lambda succession: succession.retired, succession_key)

    def predecessors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """The retired ids that each id stands for."""
        found = map(_succession, self._ask(_PREDECESSORS, ids))
        return _by_id(ids, found, lambda succession: succession.successor, succession_key)

    def memberships(self, ids: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """The refsets that hold each id."""
        found = (Membership(*row) for row in self._ask(_MEMBERSHIPS, ids))
        return _by_id(ids, found, lambda membership: membership.member, membership_key)

    def members(self, refsets: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """What each refset holds."""
        found = (Membership(*row) for row in self._ask(_MEMBERS, refsets))
        return _by_id(refsets, found, lambda membership: membership.refset, membership_key)

    def scan_concepts(self) -> Iterator[Concept]:
        """Every declared concept, active and retired, ordered by id."""
        columns = "n.active, n.semantic_tag, n.effective_time, n.module, n.defined"
        return (Concept(*row) for row in self._scan_label(CONCEPT, columns))

    def scan_terms(self) -> Iterator[Term]:
        """Every term, ordered by concept id."""
        columns = f"[(n)-[:HAS_TERM]->(t) | [{_TERM.removeprefix('n.id, ')}]]"
        for id, rows in self._scan_label(CONCEPT, columns):
            yield from _terms(id, rows)

    def scan_mappings(self) -> Iterator[Mapping]:
        """Every mapping, ordered by concept id."""
        for id, rows in self._scan(f"[(n)-[r:MAPS_TO]->(t) | [t.id, {_MAPPING}]]"):
            yield from sorted((Mapping(id, *row) for row in rows), key=mapping_key)

    def scan_is_a(self) -> Iterator[tuple[CURIE, CURIE]]:
        """Every is-a relation as (child, parent), ordered, each pair once."""
        for id, parents in self._scan("[(n)-[:IS_A]->(t) | t.id]"):
            yield from ((id, parent) for parent in sorted(set(parents)))

    def scan_relations(self) -> Iterator[Relation]:
        """Every relation, is-a too, ordered by source."""
        columns = "[(n)-[r:IS_A]->(t) | [t.id, r.id]], [(n)-[r:RELATES_TO]->(t) | [r.type, t.id, r.role_group, r.id]]"
        for id, is_a, others in self._scan(columns):
            found = [Relation(id, IS_A, parent, 0, row_id) for parent, row_id in is_a]
            found.extend(Relation(id, *row) for row in others)
            yield from sorted(found, key=relation_key)

    def scan_successions(self) -> Iterator[Succession]:
        """Every succession, ordered by the retired id."""
        for id, rows in self._scan("[(n)-[r:SUCCEEDED_BY]->(t) | [t.id, r.kind, r.id]]"):
            yield from sorted((_succession([id, *row]) for row in rows), key=succession_key)

    def scan_memberships(self) -> Iterator[Membership]:
        """Every membership, ordered by member."""
        for id, rows in self._scan("[(n)-[r:MEMBER_OF]->(t) | [t.id, r.id]]"):
            yield from sorted((Membership(refset, id, row_id) for refset, row_id in rows), key=membership_key)

    def close(self) -> None:
        """Let go of the server."""
        self._closed = True
        self._connection.close()

    def _ask(self, statement: str, ids: Sequence[CURIE]) -> Iterator[Any]:
        """The rows of `statement` for some ids; one that comes twice is asked once."""
        distinct = list(dict.fromkeys(ids))
        for start in range(0, len(distinct), _IDS_A_QUESTION):
            yield from self._rows(statement, ids=distinct[start : start + _IDS_A_QUESTION])
        if not distinct:
            self._check_open()

    def _scan(self, columns: str) -> Iterator[Any]:
        """The id and the `columns` of every node with an id, ordered by id: concepts and codes apart, then merged."""
        return merge(
            self._scan_label(CONCEPT, columns), self._scan_label(CODE, columns), key=lambda row: row[0]
        )

    def _scan_label(self, label: str, columns: str) -> Iterator[Any]:
        statement, start = _page(label, columns), ""
        while True:
            rows = self._rows(statement, start=start, limit=_CONCEPTS_A_PAGE + 1)
            yield from rows[:_CONCEPTS_A_PAGE]
            if len(rows) <= _CONCEPTS_A_PAGE:
                return
            start = rows[-1][0]

    def _rows(self, statement: str, **parameters: Any) -> list[Any]:
        self._check_open()
        address = self._connection.address
        found = self._connection.read(statement, release=address.key, **parameters)
        if not found or found[0][0] not in READABLE:
            raise ReleaseDamaged(
                f"The graph {address.key!r} was removed from Neo4j at {address}, for the release was loaded "
                "again; open it again."
            )
        rows: list[Any] = found[0][1]
        return rows

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(
                f"The store in Neo4j at {self._connection.address} was closed; open the release again."
            )


def _by_id(
    ids: Sequence[CURIE], records: Iterable[_R], id_of: Callable[[_R], CURIE], key: Callable[[_R], Key]
) -> list[tuple[_R, ...]]:
    """The records of each id, sorted."""
    found: dict[CURIE, list[_R]] = {id: [] for id in ids}
    for record in records:
        found[id_of(record)].append(record)
    told = {id: tuple(sorted(some, key=key)) for id, some in found.items()}
    return [told[id] for id in ids]


def _terms(concept: CURIE, rows: list[Any]) -> Iterator[Term]:
    """The terms of one concept from rows of text, language, kind, scope, id and acceptability, in order."""
    rows.sort(key=lambda row: (_RANK[row[2]], row[1], row[0], row[3], row[4], row[5]))
    for text, language, kind, scope, id, acceptability in rows:
        held_by = decode_acceptability(acceptability) if acceptability else ()
        yield Term(concept, text, language, _KINDS[kind], _SCOPES[scope], id, held_by)


def _succession(row: Sequence[Any]) -> Succession:
    retired, successor, kind, id = row
    return Succession(retired, successor, _SUCCESSION_KINDS[kind], id)
