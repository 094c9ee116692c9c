"""A connection to a Neo4j server: opened with a check of its version, its errors told in one sentence each.

Everything is asked in managed transactions: the driver repeats what may be repeated (a lost connection, a
deadlock, a server that is starting) for a bounded time, and a statement takes its values as parameters.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import neo4j
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    Forbidden,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    UnsupportedServerProduct,
)

from graph.errors import StoreExhausted, StoreUnauthorized, StoreUnavailable, StoreUnsupported
from graph.neo4j_address import Neo4jAddress
from graph.neo4j_schema import OLDEST_VERSION

#: How long a question, and a batch of an import, may be tried again while the server does not answer.
READ_PATIENCE_S = 5.0
WRITE_PATIENCE_S = 60.0
_CONNECT_PATIENCE_S = 5.0

_WANTED = "Neo4j {}.{} or later".format(*OLDEST_VERSION)

# What the driver logs of a lost connection is told as an error of ours.
logging.getLogger("neo4j").addHandler(logging.NullHandler())


class Connection:
    """Asks one database of one server. Safe to share between threads, not between processes."""

    def __init__(self, address: Neo4jAddress, driver: neo4j.Driver) -> None:
        """Use `open`."""
        self.address = address
        self._driver = driver

    @classmethod
    def open(cls, address: Neo4jAddress, *, patience_s: float | None = None) -> Connection:
        """Connect and look at the server. `patience_s` is how long a transaction is tried again, by default short.

        Raises `StoreUnauthorized`, `StoreUnsupported`, `StoreUnavailable`.
        """
        patience_s = READ_PATIENCE_S if patience_s is None else patience_s
        with answering(address, "being connected to"):
            driver = neo4j.GraphDatabase.driver(
                address.server,
                auth=address.credentials(),
                max_transaction_retry_time=patience_s,
                connection_timeout=_CONNECT_PATIENCE_S,
                connection_acquisition_timeout=_CONNECT_PATIENCE_S + patience_s,
                user_agent="enlace",
            )
            try:
                info = driver.get_server_info()
                _check_version(address, info.agent)
            except BaseException:
                driver.close()
                raise
        return cls(address, driver)

    def read(self, statement: str, **parameters: Any) -> list[neo4j.Record]:
        """The records of a statement that changes nothing."""
        with answering(self.address, "answering"), self._session() as session:
            return session.execute_read(_run, statement, parameters)

    def write(self, statement: str, **parameters: Any) -> list[neo4j.Record]:
        """The records of a statement, once its transaction is committed."""
        with answering(self.address, "being written"), self._session() as session:
            return session.execute_write(_run, statement, parameters)

    def close(self) -> None:
        """Let go of the server. Calling it twice does no harm."""
        self._driver.close()

    def _session(self) -> neo4j.Session:
        return self._driver.session(
            database=self.address.database or None,
            # Each session sees what the others have written, in a cluster too.
            bookmark_manager=self._driver.execute_query_bookmark_manager,
            # What the server thinks of a statement is not for who runs a command. (Old servers lack this.)
            notifications_min_severity="OFF",
        )


def _run(
    transaction: neo4j.ManagedTransaction, statement: str, parameters: dict[str, Any]
) -> list[neo4j.Record]:
    return list(transaction.run(statement, parameters))


def _check_version(address: Neo4jAddress, agent: str) -> None:
    """Hold what a server calls itself (`Neo4j/5.26.30`, `Neo4j/2026.09.0`) against what is supported."""
    found = re.match(r"Neo4j/(\d+)\.(\d+)", agent)
    if found is None:
        raise StoreUnsupported(f"What answers at {address} is {agent or 'no Neo4j'}; {_WANTED} is wanted.")
    if (int(found[1]), int(found[2])) < OLDEST_VERSION:
        raise StoreUnsupported(
            f"The server at {address} is {agent.replace('/', ' ')}; upgrade it to {_WANTED}."
        )


# Errors --------------------------------------------------------------------------------------------------

_CREDENTIALS = "set NEO4J_USER and NEO4J_PASSWORD to a user who may read and write there"
_EXHAUSTED = ("OutOfMemory", "MemoryPool", "OutOfDisk", "StackOverFlow")


@contextmanager
def answering(address: Neo4jAddress, doing: str) -> Iterator[None]:
    """Turn what the driver raises while the server is `doing` something into an error of ours."""
    try:
        yield
    except (DriverError, Neo4jError, OSError, ValueError) as error:
        raise told(error, address, doing) from error


def told(error: Exception, address: Neo4jAddress, doing: str) -> StoreUnavailable:
    """The sentence for what the driver raised. None of them repeats a parameter or a password."""
    code = getattr(error, "code", None) or ""
    if isinstance(error, (AuthError, Forbidden)) or ".Security." in code:
        return StoreUnauthorized(f"Neo4j at {address} refused the user or the password; {_CREDENTIALS}.")
    if isinstance(error, UnsupportedServerProduct):
        return StoreUnsupported(f"What answers at {address} is not {_WANTED}.")
    if "DatabaseNotFound" in code:
        return StoreUnavailable(
            f"Neo4j at {address} has no such database; name one that it has, as in {address.server}/neo4j."
        )
    if any(word in code for word in _EXHAUSTED):
        return StoreExhausted(
            f"Neo4j at {address} ran out of memory while {doing}; give it more "
            "(server.memory.heap.max_size, dbms.memory.transaction.total.max) and try again."
        )
    if "TransactionLogError" in code or "needs to be restarted" in str(error):
        return StoreExhausted(
            f"Neo4j at {address} could not write to its disk; make room there if it is full, restart it and "
            "try again."
        )
    if isinstance(error, IncompleteCommit):
        return StoreUnavailable(
            f"Neo4j at {address} went away in the middle of a transaction; repeat the command when it is back."
        )
    if isinstance(error, (ServiceUnavailable, SessionExpired, OSError)):
        return StoreUnavailable(
            f"Neo4j at {address} does not answer; start it, or correct its host and port, and try again."
        )
    if isinstance(error, (ConfigurationError, ValueError)):
        return StoreUnavailable(f"Neo4j at {address} cannot be connected to: {_sentence(error)}.")
    return StoreUnavailable(f"Neo4j at {address} failed while {doing}: {_sentence(error)}.")


def _sentence(error: Exception) -> str:
    text = " ".join(str(getattr(error, "message", None) or error).split())
    return text[:300].rstrip(".") or type(error).__name__
