"""Where a release's graph is at a Neo4j server: the server's address, who asks, and the graph's key there.

An address is written `neo4j://host:7687/database#key`; the database and the key may be absent. Credentials
come from the environment (`NEO4J_USER`, `NEO4J_PASSWORD`) or, for one command, from the address itself. They
are never written to disk and never part of a message.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from graph.errors import ReleaseDamaged, StoreUnavailable

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
#: In a release's folder, in place of a store's file.
FILE = "store.json"

_PORT = 7687
_SCHEMA_VERSION = 1
_EXAMPLE = "neo4j://localhost:7687"


@dataclass(frozen=True, slots=True)
class Neo4jAddress:
    """`key` names one graph among those at the server; empty where none is meant."""

    server: str
    """Scheme, host and port, `neo4j://localhost:7687`, with a routing policy's query if there is one."""
    database: str = ""
    """Empty for the user's home database, which in the Community edition is the only one."""
    key: str = ""
    user: str = field(default="", compare=False)
    password: str = field(default="", compare=False, repr=False)

    @classmethod
    def parse(cls, url: str) -> Neo4jAddress:
        """Read an address. Raises `StoreUnavailable` where it is none; the message repeats no password."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORT
        except ValueError as error:
            raise StoreUnavailable(
                f"The store's address has a wrong host or port; write {_EXAMPLE}."
            ) from error
        if parts.scheme not in SCHEMES:
            raise StoreUnavailable(
                f"{parts.scheme or 'That'}:// is no kind of store; write {_EXAMPLE}, or one of "
                f"{', '.join(SCHEMES[1:])}."
            )
        database = unquote(parts.path.strip("/"))
        if not parts.hostname or "/" in database:
            raise StoreUnavailable(f"The store's address names no host and database; write {_EXAMPLE}/neo4j.")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        query = f"?{parts.query}" if parts.query else ""
        return cls(
            server=f"{parts.scheme}://{host}:{port}{query}",
            database=database,
            key=unquote(parts.fragment),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @property
    def place(self) -> str:
        """The server and the database, for messages and files: without credentials and key."""
        server, question, query = self.server.partition("?")
        database = f"/{quote(self.database, safe='')}" if self.database else ""
        return f"{server}{database}{question}{query}"

    @property
    def url(self) -> str:
        """All but the credentials."""
        return f"{self.place}#{quote(self.key, safe='@')}" if self.key else self.place

    def __str__(self) -> str:
        return self.place

    def with_key(self, key: str) -> Neo4jAddress:
        """The same server and database, another graph."""
        return replace(self, key=key)

    def moved(self) -> Neo4jAddress:
        """The same graph at the server that `NEO4J_URI` names, if it is set: a server may move, and a container
        knows it by another name. Its database counts if it names one. Raises `StoreUnavailable`.
        """
        elsewhere = os.environ.get("NEO4J_URI")
        if not elsewhere:
            return self
        there = Neo4jAddress.parse(elsewhere)
        return replace(there, database=there.database or self.database, key=self.key)

    def credentials(self) -> tuple[str, str] | None:
        """User and password: the address's own, or the environment's; None where neither has a password."""
        user = self.user or os.environ.get("NEO4J_USER") or "neo4j"
        password = self.password or os.environ.get("NEO4J_PASSWORD") or ""
        return (user, password) if password else None


def write(folder: Path, address: Neo4jAddress) -> None:
    """Note in a release's folder where its graph is."""
    said = {"schema_version": _SCHEMA_VERSION, "url": address.url}
    (folder / FILE).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Neo4jAddress | None:
    """Where the graph of the release in `folder` is, as it was written; None where it is a file of the folder.

    Raises `ReleaseDamaged`, `StoreUnavailable`.
    """
    path = folder / FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        version, url = said["schema_version"], str(said["url"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseDamaged(f"{path} cannot be read; load the release again.") from error
    if version != _SCHEMA_VERSION:
        raise ReleaseDamaged(
            f"{path} has schema version {version} and this Enlace reads {_SCHEMA_VERSION}; "
            "load the release again."
        )
    return Neo4jAddress.parse(url)
