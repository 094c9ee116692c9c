"""Where an import puts its graph: into a file of the release's folder, or to a Neo4j server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from graph.neo4j_address import Neo4jAddress
from graph.release import STORE_FILE, ReleaseHome
from graph.store import GraphBuilder


class Destination(Protocol):
    """One import's graph, from its first record to the moment when its release is in its place."""

    def check(self) -> None:
        """See whether the graph can be put there. Raises `StoreUnavailable`."""
        ...

    def clean(self, progress: Callable[[int], None]) -> None:
        """Remove what killed imports left there. Raises `StoreUnavailable`."""
        ...

    def builder(self, progress: Callable[[int], None]) -> GraphBuilder:
        """The builder of the graph; `progress` is told how many rows it wrote so far."""
        ...

    @contextmanager
    def published(self) -> Iterator[None]:
        """Let everybody see the graph; if the release then does not get into its place, all is as before."""
        ...

    def close(self) -> None:
        """End the import; a graph that was not published goes. Raises nothing."""
        ...


class EmbeddedGraph:
    """A file in the staging folder, which goes where that folder goes."""

    def __init__(self, staging: Path) -> None:
        self._path = staging / STORE_FILE

    def check(self) -> None:
        """Nothing needs to be done."""

    def clean(self, progress: Callable[[int], None]) -> None:
        """Nothing needs to be done."""

    def builder(self, progress: Callable[[int], None]) -> GraphBuilder:
        """The builder of the file."""
        from graph.ladybug_builder import LadybugBuilder

        return LadybugBuilder.open(self._path, progress)

    @contextmanager
    def published(self) -> Iterator[None]:
        """Nothing needs to be done."""
        yield

    def close(self) -> None:
        """Nothing needs to be done."""


def destination(home: ReleaseHome, name: str, store: str | None) -> Destination:
    """Where the release `name` is imported to: `store` is a server's address, or None for the embedded store.

    Raises `StoreUnavailable` for what is no address. Neo4j's driver is loaded only for a server.
    """
    if store is None:
        return EmbeddedGraph(home.staging_folder(name))
    address = Neo4jAddress.parse(store)
    from graph.server_graphs import ServerGraph

    return ServerGraph(home, name, address)
