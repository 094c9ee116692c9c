"""Graphs that tests make at a Neo4j server, and take away again from one that is not the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any

from neo4j_server import Server, server_given

from graph import neo4j_releases as releases
from graph.batches import RecordOrBatch
from graph.neo4j_address import Neo4jAddress
from graph.neo4j_builder import Neo4jBuilder
from graph.neo4j_connection import Connection
from graph.neo4j_schema import State
from graph.store import Contents, GraphStore, open_neo4j


class Graphs:
    """Makes graphs, each with a key of its own; on leaving, their stores are closed.

    From a server that `NEO4J_URI` names they are removed too; one that was started for the tests goes anyway.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self._address = Neo4jAddress.parse(server.uri_with_credentials)
        self._folder = folder
        self._somebody_elses = server_given() is not None
        self._until = ExitStack()

    def new_address(self, name: str = "demo") -> Neo4jAddress:
        """An address at which there is no graph yet; what will be there goes with the others."""
        address = self._address.with_key(releases.new_key(name))
        if self._somebody_elses:
            self._until.callback(self.remove, address.key)
        return address

    def builder(self, address: Neo4jAddress, progress: Callable[[int], None] | None = None) -> Neo4jBuilder:
        return Neo4jBuilder.open(address, "demo", self._folder / address.key, progress)

    def write(self, records: Iterable[RecordOrBatch]) -> tuple[Neo4jAddress, Contents]:
        address = self.new_address()
        builder = self.builder(address)
        builder.add(records)
        return address, builder.finish()

    def store(self, records: Iterable[RecordOrBatch]) -> GraphStore:
        return self.open(self.write(records)[0])

    def open(self, address: Neo4jAddress) -> GraphStore:
        store = open_neo4j(address)
        self._until.callback(store.close)
        return store

    def remove(self, key: str, progress: Callable[[int], None] | None = None) -> int:
        with closing(Connection.open(self._address)) as connection:
            return releases.remove(connection, key, progress)

    def ask(self, statement: str, **parameters: Any) -> list[Any]:
        """The records of any statement, which may change something."""
        with closing(Connection.open(self._address)) as connection:
            return list(connection.write(statement, **parameters))

    def set_state(self, address: Neo4jAddress, state: State) -> None:
        self.ask("MATCH (r:Release {key: $key}) SET r.state = $state", key=address.key, state=state.value)

    def nodes_of(self, address: Neo4jAddress) -> int:
        """How many nodes there are of a graph, its release's own left out."""
        found = self.ask("MATCH (n) WHERE n.release = $key RETURN count(n) AS nodes", key=address.key)
        return int(found[0]["nodes"])

    def all_keys(self) -> set[str]:
        """The keys of all graphs of which there is anything at the server."""
        found = self.ask("MATCH (n) WHERE n.release IS NOT NULL RETURN collect(DISTINCT n.release) AS keys")
        told = self.ask("MATCH (r:Release) RETURN collect(r.key) AS keys")
        return {*found[0]["keys"], *told[0]["keys"]}

    def states(self, name: str) -> dict[str, str]:
        """The state of each graph of a release, by key."""
        found = self.ask("MATCH (r:Release {name: $name}) RETURN r.key AS key, r.state AS state", name=name)
        return {record["key"]: record["state"] for record in found}

    def __enter__(self) -> Graphs:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._until.close()
