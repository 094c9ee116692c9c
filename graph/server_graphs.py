"""The graphs that the releases of one ENLACE_HOME have at Neo4j servers, from their first row to their last.

A server's graph is no file that a rename puts in place or `rm` takes away, so each is noted here before its
first row is written, in `releases/.graphs/<key>.json`, and struck off when it is removed. A noted graph
that no release's folder names is what a killed import left or what a newer import replaced; cleaning
removes it. Nothing at a server is ever removed that is not noted here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from graph import neo4j_address
from graph import neo4j_releases as releases
from graph.errors import ReleaseBusy, ReleaseDamaged, StoreUnavailable
from graph.neo4j_address import Neo4jAddress
from graph.neo4j_builder import Neo4jBuilder
from graph.neo4j_connection import WRITE_PATIENCE_S, Connection
from graph.release import GRAPHS_FOLDER, ReleaseHome
from graph.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class Leftover:
    """A graph that no release names. It was removed, or `problem` says why not."""

    release: str
    address: Neo4jAddress
    problem: StoreUnavailable | None = None


class ServerGraph:
    """An import's graph at a server. Keeps the `Destination` protocol."""

    def __init__(self, home: ReleaseHome, name: str, address: Neo4jAddress) -> None:
        """`address` has no key: each import makes one."""
        self._home = home
        self._name = name
        self._address = address.with_key(releases.new_key(name))
        self._noted = False

    def check(self) -> None:
        """Raises `StoreUnavailable` where the server or the database cannot be used."""
        with closing(Connection.open(self._address)) as connection:
            connection.read("RETURN 1")

    def clean(self, progress: Callable[[int], None]) -> None:
        """Remove what killed imports and replaced releases of this home left at the server."""
        for leftover in clean(self._home, at=self._address, progress=progress):
            if leftover.problem:
                raise leftover.problem

    def builder(self, progress: Callable[[int], None]) -> Neo4jBuilder:
        """The builder of the graph, which is noted before it begins."""
        folder = self._home.staging_folder(self._name)
        neo4j_address.write(folder, self._address)
        _note(self._home, self._name, self._address)
        self._noted = True
        return Neo4jBuilder.open(self._address, self._name, folder / "spool", progress)

    @contextmanager
    def published(self) -> Iterator[None]:
        """People see the new graph instead of the former one; both are there until the next cleaning."""
        former = _address_in(self._home.releases_folder / self._name)
        # If the former one is at another server, there is none of its key here, and nothing changes.
        former_key = former.key if former else ""
        with closing(Connection.open(self._address, patience_s=WRITE_PATIENCE_S)) as connection:
            try:
                releases.publish(connection, self._address.key, former_key)
                yield
            except BaseException:
                with suppress(StoreUnavailable):
                    releases.restore(connection, former_key)
                raise
        self._noted = False

    def close(self) -> None:
        """Remove the graph if it is not its release's, now or, if the server is away, by the next cleaning."""
        if self._noted:
            self._noted = False
            with suppress(StoreUnavailable):
                _remove(self._home, self._address)


def clean(
    home: ReleaseHome,
    *,
    name: str | None = None,
    at: Neo4jAddress | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Leftover]:
    """Remove the graphs that no release names, and tell which; those of imports under way stay.

    With `name` only those of that release; with `at` only those at that server and database, asked with its
    credentials. Where a server is away or refuses, the leftover's `problem` says so, and it stays noted.
    `progress` is told how many nodes went.
    """
    found = []
    problems: dict[str, StoreUnavailable] = {}
    for path in sorted((home.releases_folder / GRAPHS_FOLDER).glob("*.json")):
        noted = _read_note(path)
        if noted is None or (name is not None and noted[0] != name):
            continue
        release, address = noted
        if at is not None and address.place != at.place:
            continue
        address = address.moved() if at is None else at.with_key(address.key)
        if address.place in problems:
            # Asked again, it would let us wait again, or lock the user out for a wrong password.
            found.append(Leftover(release, address, problems[address.place]))
            continue
        try:
            with home.lock(release):
                home.recover(release)
                if not path.exists():
                    continue
                named = _address_in(home.releases_folder / release)
                if named and named.key == address.key:
                    _let_be_whole(address)
                elif _remove(home, address, progress, elsewhere=address.place != noted[1].place):
                    found.append(Leftover(release, address))
        except ReleaseBusy:
            continue
        except StoreUnavailable as problem:
            problems[address.place] = problem
            found.append(Leftover(release, address, problem))
    return found


def _remove(
    home: ReleaseHome,
    address: Neo4jAddress,
    progress: Callable[[int], None] | None = None,
    *,
    elsewhere: bool = False,
) -> bool:
    """Remove a graph, strike it off, and tell whether there was one; if none is `elsewhere`, it stays noted."""
    with closing(Connection.open(address)) as connection:
        there = releases.exists(connection, address.key)
        if there:
            releases.remove(connection, address.key, progress)
    if there or not elsewhere:
        _note_path(home, address).unlink(missing_ok=True)
    return there


def _let_be_whole(address: Neo4jAddress) -> None:
    """Undo the publishing of an import that was killed before its release was in its place."""
    with closing(Connection.open(address)) as connection:
        releases.restore(connection, address.key)


def _address_in(folder: Path) -> Neo4jAddress | None:
    try:
        return neo4j_address.read(folder)
    except (ReleaseDamaged, StoreUnavailable):
        return None


# Notes ---------------------------------------------------------------------------------------------------


def _note(home: ReleaseHome, name: str, address: Neo4jAddress) -> None:
    path = _note_path(home, address)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps({"release": name, "url": address.url}) + "\n").encode())
    except OSError as error:
        raise StoreUnavailable(f"Nothing can be written at {path}: {error.strerror}.") from error


def _read_note(path: Path) -> tuple[str, Neo4jAddress] | None:
    """The release and the address that a note tells; None where it was struck off or is not understood."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return str(said["release"]), Neo4jAddress.parse(said["url"])
    except (OSError, ValueError, KeyError, TypeError, StoreUnavailable):
        return None


def _note_path(home: ReleaseHome, address: Neo4jAddress) -> Path:
    return home.releases_folder / GRAPHS_FOLDER / f"{address.key}.json"
