"""The graphs at a Neo4j server: each has a `Release` node, which says how far its import got.

A graph is nobody's to read before it is built, and people's who write Cypher only when it is whole. All of
this is done by whoever holds the release's lock in ENLACE_HOME (`graph.release`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from graph.errors import ReleaseDamaged
from graph.neo4j_connection import Connection
from graph.neo4j_schema import AWAIT_INDEXES, CONSTRAINTS, READABLE, SCHEMA_VERSION, State
from graph.store import Contents

#: Concepts removed in one transaction, with their terms and relationships; codes have fewer of both.
_CONCEPTS_A_BATCH = 2_000
_CODES_A_BATCH = 10_000

_BEGIN = (
    "CREATE (:Release {key: $key, name: $name, state: $state, schema_version: $version, started: $started})"
)
_BUILT = "MATCH (r:Release {key: $key}) SET r += $about, r.state = $state"
_PUBLISH = (
    "MATCH (new:Release {key: $key}) SET new.state = $whole "
    "WITH new OPTIONAL MATCH (old:Release {key: $former_key}) SET old.state = $former"
)
_SET_STATE = "MATCH (r:Release {key: $key}) SET r.state = $state"
_STATE = "MATCH (r:Release {key: $key}) RETURN r.state, r.schema_version"
_REMOVE_CONCEPTS = (
    "MATCH (c:Concept) WHERE c.release = $key AND c.id IS NOT NULL WITH c LIMIT $limit "
    "OPTIONAL MATCH (c)-[:HAS_TERM]->(t) DETACH DELETE c, t RETURN count(DISTINCT c) AS removed"
)
_REMOVE_CODES = (
    "MATCH (c:Code) WHERE c.release = $key AND c.id IS NOT NULL WITH c LIMIT $limit "
    "DETACH DELETE c RETURN count(c) AS removed"
)
_REMOVE_RELEASE = "MATCH (r:Release {key: $key}) DELETE r"


def new_key(name: str) -> str:
    """A key for one more import of a release, unlike every other: `snomed-es@3f2a91c0`."""
    return f"{name}@{secrets.token_hex(4)}"


def begin(connection: Connection, key: str, name: str) -> None:
    """Make sure of the constraints, and note that an import of the release begins."""
    for statement in CONSTRAINTS:
        connection.write(statement)
    connection.read(AWAIT_INDEXES)
    connection.write(
        _BEGIN,
        key=key,
        name=name,
        state=State.IMPORTING.value,
        version=SCHEMA_VERSION,
        started=_now(),
    )


def end(connection: Connection, key: str, contents: Contents) -> None:
    """Note that all is written, and what."""
    about: Mapping[str, object] = {
        **contents.counts,
        "languages": list(contents.languages),
        "finished": _now(),
    }
    connection.write(_BUILT, key=key, about=about, state=State.BUILT.value)


def publish(connection: Connection, key: str, former_key: str) -> None:
    """Let the graph be the whole one, and in the same moment that of `former_key` the former one."""
    connection.write(
        _PUBLISH,
        key=key,
        former_key=former_key,
        whole=State.WHOLE.value,
        former=State.FORMER.value,
    )


def restore(connection: Connection, key: str) -> None:
    """Let the graph be the whole one again, if it was taken for the former one."""
    if _state(connection, key) is State.FORMER:
        connection.write(_SET_STATE, key=key, state=State.WHOLE.value)


def exists(connection: Connection, key: str) -> bool:
    """Whether there is such a graph, in whatever state."""
    return _state(connection, key) is not None


def check_readable(connection: Connection, key: str) -> None:
    """Raises `ReleaseDamaged` where the server has no such graph, or none that is whole and understood."""
    address = connection.address
    found = connection.read(_STATE, key=key)
    if not found:
        raise ReleaseDamaged(f"Neo4j at {address} has no graph {key!r}; load the release again.")
    state, version = found[0]
    if state not in READABLE:
        raise ReleaseDamaged(
            f"The graph {key!r} in Neo4j at {address} is not whole but {state}; load the release again."
        )
    if version != SCHEMA_VERSION:
        raise ReleaseDamaged(
            f"The graph {key!r} in Neo4j at {address} has schema version {version} and this Enlace "
            f"reads {SCHEMA_VERSION}; load the release again."
        )


def remove(connection: Connection, key: str, progress: Callable[[int], None] | None = None) -> int:
    """Delete the graph in batches, and answer how many nodes with an id it had; none where there is none.

    Its state goes first, so that who reads it is told at once instead of missing some rows. What a
    killed removal leaves, another one takes. `progress` is told how many are deleted.
    """
    removed = 0
    connection.write(_SET_STATE, key=key, state=State.REMOVING.value)
    for statement, limit in ((_REMOVE_CONCEPTS, _CONCEPTS_A_BATCH), (_REMOVE_CODES, _CODES_A_BATCH)):
        while batch := connection.write(statement, key=key, limit=limit)[0]["removed"]:
            removed += batch
            if progress:
                progress(removed)
    connection.write(_REMOVE_RELEASE, key=key)
    return removed


def _state(connection: Connection, key: str) -> State | None:
    found = connection.read(_STATE, key=key)
    return State(found[0][0]) if found else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
