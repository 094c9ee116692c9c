"""Hostile requests against a real server at a real port: each is refused and told why, and none holds anything."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import INJECTIONS, asking, get, hostile_requests
from neo4j_server import Server
from served_process import Answer, Serving, raw, serving, wait_for

from graph.importing import import_release
from graph.model import IS_A, Concept, Relation, Term
from graph.release import ReleaseHome
from loaders import demo
from loaders.formats import load

REQUESTS = list(hostile_requests())


@pytest.fixture(scope="module")
def graph_home(tmp_path_factory: pytest.TempPathFactory) -> ReleaseHome:
    """A home with the demonstration release, which has no index, so that the server loads no models."""
    home = ReleaseHome(tmp_path_factory.mktemp("hostile"))
    package = load(demo.render(tmp_path_factory.mktemp("demo")))
    import_release(home, "demo", package.records, sources=package.sources)
    return home


@pytest.fixture(scope="module")
def server(graph_home: ReleaseHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("server")
    with serving(graph_home, folder, ENLACE_RECEIVE_SECONDS="1", ENLACE_ECL_SECONDS="2") as started:
        yield started


def check(what: str, answer: Answer | None) -> None:
    """A refusal is no fault of ours, and says what was refused in the one shape; or it was no harm after all."""
    assert answer is not None, f"{what}: nothing was said"
    assert answer.status < 500, f"{what}: {answer.status} {answer.body[:300]!r}"
    if answer.headers.get("content-type", "").startswith("application/json"):
        said = json.loads(answer.body)
        assert isinstance(said, dict), what
        if answer.status != 200 and "status" not in said:
            assert said["errors"], what
        for error in said.get("errors", ()):
            assert re.fullmatch(r"[A-Z_]+", error["extensions"]["code"]), what
            assert error["extensions"]["code"] != "INTERNAL", f"{what}: {error}"
            assert error["message"], what
            assert len(error["message"]) < 20_000, what
    else:
        assert answer.status in (200, 307), f"{what}: {answer.status} {answer.body[:200]!r}"
    assert "set-cookie" not in answer.headers


def under_way(server: Serving) -> float:
    """Requests that the server is answering, the one that asks for it left out."""
    found = re.search(rb"^enlace_requests_under_way (\S+)", server.fetch("/metrics").body, re.MULTILINE)
    assert found
    return float(found[1]) - 1


def is_quiet(server: Serving) -> bool:
    """Whether the log grows by no line for a moment."""
    before = len(server.lines())
    time.sleep(0.3)
    return len(server.lines()) == before


def test_there_are_enough_of_them() -> None:
    assert len(REQUESTS) >= 300
    assert len({request for _, request in REQUESTS}) >= 300


def test_each_is_refused_and_none_holds_a_worker(server: Serving) -> None:
    async def ask(what: str, request: bytes, gate: asyncio.Semaphore) -> tuple[str, Answer | None]:
        async with gate:
            # The last half of what is no whole request never comes.
            return what, await raw(server.port, request)

    async def ask_all() -> list[tuple[str, Answer | None]]:
        gate = asyncio.Semaphore(10)
        return await asyncio.gather(*(ask(what, request, gate) for what, request in REQUESTS))

    for what, answer in asyncio.run(ask_all()):
        check(what, answer)
    wait_for(lambda: under_way(server) == 0)
    assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
    assert server.fetch("/health/live").status == 200
    assert not [line for line in server.lines() if line["level"] in ("error", "critical")]


def test_the_log_holds_no_line_of_theirs(server: Serving) -> None:
    async def ask() -> None:
        for text in INJECTIONS:
            await raw(server.port, get("/" + "".join(f"%{byte:02x}" for byte in text.encode()[:300])))
            await raw(server.port, asking("query($a: ID!) { concept(id: $a) { id } }", {"a": text}))

    # The line of a request that was answered just before may still come.
    wait_for(lambda: is_quiet(server))
    before = len(server.lines())
    asyncio.run(ask())
    wait_for(lambda: len(server.lines()) >= before + 2 * len(INJECTIONS))
    lines = server.lines()[before:]
    assert len(lines) == 2 * len(INJECTIONS)
    assert {line["message"] for line in lines} == {"answered"}
    assert server.log.read_text("utf-8").isascii()
    assert "passwd" not in "".join(str(line) for line in lines if line["path"] == "/graphql")


def test_connections_that_are_half_open_or_slow_are_closed(server: Serving) -> None:
    whole = asking("{ release { name } }")
    head, _, body = whole.partition(b"\r\n\r\n")
    long = asking("{ release { name } }" + " " * 5_000)
    tries: list[tuple[bytes | float, ...]] = [
        (b"",),
        (b"POST",),
        (b"POST /graphql HTTP/1.1\r\nHost: 127",),
        (head,),
        (head + b"\r\n\r\n",),
        (head + b"\r\n\r\n" + body[:5],),
        tuple(part for byte in whole for part in (bytes([byte]), 0.3))[:20],
        (head + b"\r\n\r\n", *(part for byte in body for part in (bytes([byte]), 0.3)))[:20],
        (
            b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            *(part for i in range(9) for part in (b"X: y\r\n", 0.3)),
        ),
        (long[:2_000], 0.5, long[2_000:2_100]),
    ]

    async def ask_all() -> list[Answer | None]:
        return await asyncio.gather(*(raw(server.port, *parts) for parts in tries for _ in range(5)))

    start = time.monotonic()
    answers = asyncio.run(ask_all())
    assert time.monotonic() - start < 40
    for answer in answers:
        assert answer is not None
        assert (answer.status, answer.codes) == (408, ["CLIENT_TOO_SLOW"])
    wait_for(lambda: under_way(server) == 0)


def test_a_client_that_goes_away_holds_nothing(server: Serving) -> None:
    async def ask_and_go() -> None:
        query = '{ expand(ecl: "*", first: 200) { __typename } }'
        for request in (asking(query), asking(query)[:-5]):
            for _ in range(20):
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(request)
                writer.transport.abort()

    asyncio.run(ask_and_go())
    wait_for(lambda: under_way(server) == 0)
    assert server.name() == "demo"


def test_too_many_connections_are_told(graph_home: ReleaseHome, tmp_path: Path) -> None:
    async def ask(port: int) -> list[Answer | None]:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        try:
            return [await raw(port, get("/health/live")) for _ in range(3)]
        finally:
            for _, writer in held:
                writer.close()

    with serving(graph_home, tmp_path, ENLACE_MAX_CONNECTIONS="20") as server:
        for answer in asyncio.run(ask(server.port)):
            assert answer is not None
            assert (answer.status, answer.codes) == (429, ["SERVER_BUSY"])
            assert answer.headers["retry-after"]
        wait_for(lambda: server.fetch("/health/live").status == 200)


def test_more_requests_than_are_worked_on_at_once(graph_home: ReleaseHome, tmp_path: Path) -> None:
    async def ask(server: Serving) -> list[Answer | None]:
        whole = asking("{ release { name } }")
        held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(4)]
        for _, writer in held:
            writer.write(whole[:-3])
        await asyncio.to_thread(wait_for, lambda: under_way(server) == 4)
        answers = await asyncio.gather(*(raw(server.port, whole) for _ in range(10)))
        for reader, writer in held:
            writer.write(whole[-3:])
            assert (await reader.readline()).split()[1] == b"200"
            writer.close()
        return [*answers, await raw(server.port, whole)]

    with serving(graph_home, tmp_path, ENLACE_MAX_REQUESTS="4", ENLACE_RECEIVE_SECONDS="60") as server:
        *refused, last = asyncio.run(ask(server))
        assert last is not None
        assert last.status == 200
        for answer in refused:
            assert answer is not None
            assert (answer.status, answer.codes) == (429, ["SERVER_BUSY"])
            assert answer.headers["retry-after"]


def test_an_expression_that_takes_too_long_is_stopped(graph_home: ReleaseHome, tmp_path: Path) -> None:
    wild = " OR ".join(
        f'(* {{{{ term = wild:"*{a}*e*{b}*" }}}})' for a in "aeiou" for b in "rstln" for _ in range(8)
    )
    with serving(graph_home, tmp_path, ENLACE_ECL_SECONDS="0") as server:
        said = server.post(
            {"query": "query($e: String!) { contains(ecl: $e, ids: []) }", "variables": {"e": wild}}
        )
        assert said.codes == ["ECL_TOO_SLOW"]
        assert json.loads(said.body)["errors"][0]["extensions"]["argument"] == "ecl"


def test_nothing_that_is_injected_reaches_neo4j(
    neo4j_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import neo4j

    for name, value in neo4j_server.environment.items():
        monkeypatch.setenv(name, value)
    home = ReleaseHome(tmp_path / "home")
    records = [Concept("X:1"), Concept("X:2"), Term("X:2", "dos", "es"), Relation("X:2", IS_A, "X:1")]
    import_release(home, "demo", records, sources=(), store=neo4j_server.uri)
    auth = (neo4j_server.user, neo4j_server.password)

    def nodes() -> int:
        with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
            (record,) = driver.execute_query("MATCH (n) RETURN count(n) AS nodes").records
            return int(record["nodes"])

    requests = [
        (what, request) for what, request in REQUESTS if what.startswith(("id ", "ids ", "language ", "ecl "))
    ]
    assert len(requests) > 100
    before = nodes()

    async def ask_all(port: int) -> list[tuple[str, Answer | None]]:
        gate = asyncio.Semaphore(8)

        async def ask(what: str, request: bytes) -> tuple[str, Answer | None]:
            async with gate:
                return what, await raw(port, request)

        return await asyncio.gather(*(ask(what, request) for what, request in requests))

    try:
        with serving(home, tmp_path, ENLACE_ECL_SECONDS="2") as server:
            for what, answer in asyncio.run(ask_all(server.port)):
                check(what, answer)
            assert nodes() == before
            said = server.ask('{ concept(id: "X:2") { preferredTerm } }')
            assert said == {"data": {"concept": {"preferredTerm": "dos"}}}
    finally:
        home.remove("demo")
