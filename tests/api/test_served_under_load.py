"""A server under load while something happens to it: clients see clear errors at most, then answers, by themselves."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hostile import asking
from neo4j_server import Launched
from served_process import Serving, raw, serving, wait_for

from graph.importing import import_release
from graph.model import IS_A, Concept, Relation, Term
from graph.release import ReleaseHome
from graph.server_graphs import clean

NAME = asking("{ release { name } }")


def records(number: int) -> list[Concept | Term | Relation]:
    """A release of some concepts under one, whose names tell `number`."""
    ids = [f"X:{i}" for i in range(1, 30)]
    return [
        *(Concept(id) for id in ids),
        *(Term(id, f"{id} de {number}", "es") for id in ids),
        *(Relation(id, IS_A, "X:1") for id in ids[1:]),
    ]


@pytest.fixture
def releases(tmp_path: Path) -> ReleaseHome:
    home = ReleaseHome(tmp_path / "home")
    for number, name in enumerate(("one", "two"), 1):
        import_release(home, name, records(number), sources=())
    return home


async def loaded(
    port: int, request: bytes, during: Callable[[], Awaitable[None]], clients: int = 8
) -> list[tuple[int, str]]:
    """The status and the codes of all answers that clients met while `during` ran; 0 where there was none."""
    met: list[tuple[int, str]] = []
    running = True

    async def client() -> None:
        while running:
            try:
                answer = await raw(port, request)
            except OSError:
                answer = None
            met.append((answer.status, " ".join(answer.codes)) if answer else (0, ""))
            if answer is None or answer.codes:
                await asyncio.sleep(0.05)

    asking = [asyncio.create_task(client()) for _ in range(clients)]
    await asyncio.sleep(0.3)
    try:
        await during()
        await asyncio.sleep(0.3)
    finally:
        running = False
        await asyncio.gather(*asking)
    return met


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_for, condition, 180)


def test_a_release_swapped_under_load_drops_no_request(releases: ReleaseHome, tmp_path: Path) -> None:
    async def switch(server: Serving) -> None:
        for name in ("two", "one", "two"):
            releases.set_current(name)
            await until(lambda name=name: {server.name() for _ in range(10)} == {name})
        import_release(releases, "two", [*records(2), Concept("X:99")], sources=())
        await until(
            lambda: all("errors" not in server.ask('{ concept(id: "X:99") { id } }') for _ in range(10))
        )

    with serving(releases, tmp_path, "--workers", "2", release=None) as server:
        met = asyncio.run(loaded(server.port, NAME, lambda: switch(server)))
        assert set(met) == {(200, "")}
        assert len(met) > 50


def test_a_release_that_does_not_open_under_load(releases: ReleaseHome, tmp_path: Path) -> None:
    shutil.rmtree(releases.folder("two") / "hierarchy")

    async def switch(server: Serving) -> None:
        releases.set_current("two")
        await until(lambda: "two" in server.fetch("/health/ready").body.decode())
        releases.set_current("one")
        await until(lambda: b'"problem":""' in server.fetch("/health/ready").body)

    with serving(releases, tmp_path, release=None) as server:
        met = asyncio.run(loaded(server.port, NAME, lambda: switch(server)))
        assert set(met) == {(200, "")}
        assert "serves on" in server.log.read_text()


def test_a_worker_killed_under_load(releases: ReleaseHome, tmp_path: Path) -> None:
    async def kill(server: Serving) -> None:
        before = set(server.workers())
        os.kill(min(before), signal.SIGKILL)
        await until(lambda: len(set(server.workers()) - before) == 1)
        await asyncio.sleep(1)

    with serving(releases, tmp_path, "--workers", "2", release=None) as server:
        wait_for(lambda: b"enlace_workers 2.0" in server.fetch("/metrics").body)
        met = Counter(asyncio.run(loaded(server.port, NAME, lambda: kill(server))))
        assert set(met) <= {(200, ""), (0, "")}
        assert met[0, ""] <= 8, "only what the killed worker was answering is lost"
        wait_for(lambda: b"enlace_workers 2.0" in server.fetch("/metrics").body)
        assert {server.name() for _ in range(20)} == {"one"}


@pytest.mark.long
def test_neo4j_stopped_for_ten_seconds_under_load(
    launched_neo4j: Launched | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if launched_neo4j is None:
        pytest.skip("the server that NEO4J_URI names is not ours to stop")
    neo4j = launched_neo4j.server
    for name, value in neo4j.environment.items():
        monkeypatch.setenv(name, value)
    home = ReleaseHome(tmp_path / "home")
    import_release(home, "demo", records(1), sources=(), store=neo4j.uri)
    request = asking('{ concept(id: "X:2") { preferredTerm } }')

    def answers(server: Serving) -> bool:
        asked = '{ concept(id: "X:3") { preferredTerm } }'
        return all("errors" not in server.ask(asked) for _ in range(5))

    async def stop_and_resume(server: Serving) -> None:
        await until(lambda: answers(server))
        await asyncio.to_thread(launched_neo4j.stop)
        await asyncio.sleep(10)
        await asyncio.to_thread(launched_neo4j.resume)
        await until(lambda: answers(server))

    try:
        with serving(home, tmp_path, "--workers", "2", ENLACE_REMEMBERED_FACTS="0") as server:
            met = Counter(asyncio.run(loaded(server.port, request, lambda: stop_and_resume(server))))
            assert met[200, ""]
            assert met[200, "STORE_UNAVAILABLE"] or met[504, "REQUEST_TOO_SLOW"]
            assert set(met) <= {
                (200, ""),
                (200, "STORE_UNAVAILABLE"),
                (504, "REQUEST_TOO_SLOW"),
                (429, "SERVER_BUSY"),
            }
            assert not [line for line in server.lines() if "trace" in line]
    finally:
        home.remove("demo")
        clean(home)
