"""What a Neo4j server may do to an import and to a reader: each one clear sentence, and all goes on after it."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from neo4j_graphs import Graphs
from neo4j_server import Launched, Server
from store_contract import BARE, CONCEPTS, INFARCTION, RECORDS

import graph.neo4j_builder
import graph.neo4j_connection
from api.error_codes import code_of
from graph.errors import (
    EnlaceError,
    StoreExhausted,
    StoreUnauthorized,
    StoreUnavailable,
    StoreUnsupported,
)
from graph.importing import import_release
from graph.model import Release
from graph.neo4j_address import Neo4jAddress
from graph.neo4j_connection import Connection
from graph.release import ReleaseHome
from graph.store import open_store

RELEASE = "enlace-outage"


def check_sentence(error: EnlaceError, code: str) -> None:
    """One sentence for a person, with no trace of the driver's own words, and a code for a program."""
    assert code_of(error) == code
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Neo." not in text
    assert "Traceback" not in text


# Connecting ------------------------------------------------------------------------------------------------


def test_a_server_that_is_away() -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.raises(StoreUnavailable, match="does not answer; start it, or correct") as told:
            open_store(f"neo4j://127.0.0.1:{bound.getsockname()[1]}#es@1f")
    check_sentence(told.value, "STORE_UNAVAILABLE")


def test_a_host_that_is_none() -> None:
    with pytest.raises(StoreUnavailable, match="does not answer") as told:
        open_store("bolt://no-such-host.invalid#es@1f")
    check_sentence(told.value, "STORE_UNAVAILABLE")


def test_a_wrong_password(neo4j_server: Server) -> None:
    address = Neo4jAddress.parse(neo4j_server.uri_with_credentials.replace(neo4j_server.password, "no"))
    with pytest.raises(StoreUnauthorized, match="set NEO4J_USER and NEO4J_PASSWORD") as told:
        Connection.open(address)
    check_sentence(told.value, "STORE_UNAUTHORIZED")


def test_no_password(neo4j_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    with pytest.raises(StoreUnauthorized) as told:
        Connection.open(Neo4jAddress.parse(neo4j_server.uri))
    check_sentence(told.value, "STORE_UNAUTHORIZED")


@pytest.mark.parametrize("scheme", ["neo4j", "bolt"])
def test_a_database_that_is_not_there(neo4j_server: Server, tmp_path: Path, scheme: str) -> None:
    url = f"{neo4j_server.uri_with_credentials}/clinic".replace("neo4j://", f"{scheme}://")
    with pytest.raises(StoreUnavailable, match="has no such database") as told:
        import_release(ReleaseHome(tmp_path), RELEASE, BARE, sources=[], store=url)
    check_sentence(told.value, "STORE_UNAVAILABLE")
    with pytest.raises(StoreUnavailable, match="has no such database"):
        open_store(f"{url}#es@1f")


#: A server's side of a Bolt handshake at version 4.4, and its answer to the first message, HELLO.
_VERSION_4_4 = bytes([0, 0, 4, 4])


def _hello(agent: str) -> bytes:
    def text(said: str) -> bytes:
        encoded = said.encode("ascii")
        return bytes([0xD0, len(encoded)]) + encoded

    success = b"\xb1\x70\xa2" + text("server") + text(agent) + text("connection_id") + text("bolt-1")
    return len(success).to_bytes(2, "big") + success + b"\0\0"


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """The address of something that gives each message the next of `answers`, whatever it says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            try:
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        for one in answers:
                            if not connection.recv(65_536):
                                break
                            connection.sendall(one)
                        else:
                            while connection.recv(65_536):
                                pass
            except OSError:
                pass

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"bolt://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Neo4j/4.4.42", r"is Neo4j 4\.4\.42; upgrade it to Neo4j 5\.26 or later"),
        ("Neo4j/5.25.1", r"is Neo4j 5\.25\.1; upgrade it"),
        ("Memgraph/3.1", r"is Memgraph/3\.1; Neo4j 5\.26 or later is wanted"),
    ],
)
def test_a_server_of_the_wrong_version(agent: str, words: str) -> None:
    with answering(_VERSION_4_4, _hello(agent)) as url, pytest.raises(StoreUnsupported, match=words) as told:
        open_store(f"{url}#es@1f")
    check_sentence(told.value, "STORE_UNSUPPORTED")


def test_a_server_of_the_web() -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    with answering(page) as url, pytest.raises(StoreUnavailable) as told:
        open_store(f"{url}#es@1f")
    check_sentence(told.value, "STORE_UNAVAILABLE")


# Asking ----------------------------------------------------------------------------------------------------


def test_a_server_that_runs_out_of_memory(launched_neo4j: Launched | None, neo4j_server: Server) -> None:
    if launched_neo4j is None:
        pytest.skip("how much memory the server at NEO4J_URI has is not for a test to find out")
    address = Neo4jAddress.parse(neo4j_server.uri_with_credentials)
    with closing(Connection.open(address, patience_s=0)) as connection:
        with pytest.raises(StoreExhausted, match="ran out of memory while answering; give it more") as told:
            connection.read(
                "UNWIND range(1, 5000000) AS n WITH collect(toString(n)) AS texts RETURN size(texts)"
            )
        assert connection.read("RETURN 1 AS one")[0]["one"] == 1
    check_sentence(told.value, "STORE_EXHAUSTED")


def test_a_statement_that_fails_is_told_in_a_sentence(neo4j_server: Server) -> None:
    address = Neo4jAddress.parse(neo4j_server.uri_with_credentials)
    failing = pytest.raises(StoreUnavailable, match="failed while answering: ")
    with closing(Connection.open(address)) as connection, failing as told:
        connection.read("RETURN nothing")
    check_sentence(told.value, "STORE_UNAVAILABLE")


# A server that goes away -------------------------------------------------------------------------------------


class Line:
    """A line to the server, which can be cut and mended; its `url` is the server's as seen through it."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.uri_with_credentials)
        assert parts.hostname
        assert parts.port
        self._there = (parts.hostname, parts.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._whole = True
        credentials = parts.netloc.rpartition("@")[0]
        # Not neo4j://, for the server would tell the way round the line.
        self.url = f"bolt://{credentials}@127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._connect)
        self._thread.start()

    def cut(self) -> None:
        self._whole = False
        while self._open:
            _hang_up(self._open.pop())

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        _hang_up(self._listening)
        self._thread.join()
        self.cut()

    def _connect(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                if not self._whole:
                    here.close()
                    continue
                there = socket.create_connection(self._there)
                self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=_forward, args=(one, other)).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while said := source.recv(65_536):
            target.sendall(said)
    _hang_up(source)
    _hang_up(target)


def _hang_up(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@pytest.fixture
def home(tmp_path: Path, neo4j_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseHome]:
    """A home whose imports take many batches, and give up soon; its releases go at the end."""
    monkeypatch.delenv("NEO4J_URI", raising=False)
    for name, value in neo4j_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(graph.neo4j_builder, "_ROWS_A_BATCH", 2)
    monkeypatch.setattr(graph.neo4j_builder, "WRITE_PATIENCE_S", 0.5)
    monkeypatch.setattr(graph.neo4j_connection, "READ_PATIENCE_S", 0.5)
    yield ReleaseHome(tmp_path / "home")
    with Graphs(neo4j_server, tmp_path / "spools") as graphs:
        for key in graphs.states(RELEASE):
            graphs.remove(key)


def load(home: ReleaseHome, url: str, in_the_middle: Callable[[], None] = lambda: None) -> Release:
    def progress(stage: str, done: int) -> None:
        if stage == "graph" and done > 5:
            in_the_middle()

    return import_release(home, RELEASE, RECORDS, sources=[], store=url, progress=progress)


def test_a_server_that_goes_away_in_the_middle_and_comes_back(
    home: ReleaseHome, neo4j_server: Server, tmp_path: Path
) -> None:
    with closing(Line(neo4j_server)) as line:
        first = load(home, line.url)
        with home.open(RELEASE) as opened:
            assert opened.store.concepts([INFARCTION]) == CONCEPTS[:1]
            before = list(opened.store.scan_terms())

            with pytest.raises(StoreUnavailable, match=r"went away in the middle|does not answer") as away:
                load(home, line.url, line.cut)
            check_sentence(away.value, "STORE_UNAVAILABLE")
            for ask in (
                lambda: opened.store.concepts([INFARCTION]),
                lambda: home.open(RELEASE),
                lambda: load(home, line.url),
            ):
                with pytest.raises(StoreUnavailable, match="does not answer") as told:
                    ask()
                check_sentence(told.value, "STORE_UNAVAILABLE")
            assert home.release(RELEASE) == first

            line.mend()
            assert opened.store.concepts([INFARCTION]) == CONCEPTS[:1]
            again = load(home, line.url)
            assert again.counts == first.counts
            with home.open(RELEASE) as reopened:
                assert list(reopened.store.scan_terms()) == before
        with Graphs(neo4j_server, tmp_path / "spools") as graphs:
            # Of the import that was cut off nothing is left.
            assert sorted(graphs.states(RELEASE).values()) == ["former", "whole"]


@pytest.mark.skipif(sys.platform != "linux", reason="fills a disk as only Linux can")
@pytest.mark.long
def test_a_full_disk_and_a_server_that_was_killed(
    home: ReleaseHome, launched_neo4j: Launched | None, tmp_path: Path
) -> None:
    import resource

    if launched_neo4j is None:
        pytest.skip("the server at NEO4J_URI is not stopped for tests")
    launched, url = launched_neo4j, launched_neo4j.server.uri
    first = load(home, url)

    def fill_the_disk() -> None:
        # No file may grow: to the server this is as a full disk.
        resource.prlimit(launched.process_id, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    with home.open(RELEASE) as opened:
        with pytest.raises(StoreExhausted, match="could not write to its disk; make room") as full:
            load(home, url, fill_the_disk)
        check_sentence(full.value, "STORE_EXHAUSTED")
        launched.stop()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            opened.store.concepts([INFARCTION])
        launched.resume()
        assert opened.store.concepts([INFARCTION]) == CONCEPTS[:1]
    assert load(home, url).counts == first.counts
    with Graphs(launched.server, tmp_path / "spools") as graphs:
        assert sorted(graphs.states(RELEASE).values()) == ["former", "whole"]
