"""Connections in equal numbers on workers: who sends clients away, how many, and what is known of workers that died."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn import Server

from api.connections import GuardedConnection, ServerConfig
from api.server import listening_socket
from api.worker_balance import WorkerBalance

_BESIDE = 2
"""Other workers, each a process that lives as long as the test."""


@pytest.fixture(scope="module")
def processes() -> Iterator[list[int]]:
    running = [
        subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        for _ in range(_BESIDE)
    ]
    yield [one.pid for one in running]
    for one in running:
        one.communicate()


def sent_away(folder: Path, own: int, others: dict[int, int]) -> int:
    """How many of a worker's clients it sends away if all ask at once."""
    for process, connections in others.items():
        WorkerBalance(folder, process).tell(connections)
    balance = WorkerBalance(folder)
    balance.tell(own)
    return sum(balance.send_away() for _ in range(own))


@pytest.mark.parametrize(
    ("own", "other", "leave"), [(44, 6, 17), (27, 23, 0), (1, 0, 0), (2, 0, 0), (4, 0, 1), (0, 9, 0)]
)
def test_a_worker_with_more_than_its_share_sends_the_rest_away(
    own: int, other: int, leave: int, processes: list[int], tmp_path: Path
) -> None:
    assert sent_away(tmp_path, own, {processes[0]: other}) == leave


@given(own=st.integers(0, 60), others=st.lists(st.integers(0, 60), min_size=_BESIDE, max_size=_BESIDE))
def test_a_worker_keeps_its_share(
    own: int, others: list[int], processes: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("workers")
    left = own - sent_away(folder, own, dict(zip(processes, others, strict=True)))
    share = -(-(own + sum(others)) // (1 + _BESIDE))
    assert left == own or left >= share
    assert left <= max(share + 1, 1.1 * share + 1)


def test_those_who_have_gone_are_not_counted_twice(processes: list[int], tmp_path: Path) -> None:
    other, balance = WorkerBalance(tmp_path, processes[0]), WorkerBalance(tmp_path)
    other.tell(2)
    balance.tell(5)
    assert [balance.send_away() for _ in range(3)] == [False, False, False]
    balance.tell(8)
    assert [balance.send_away() for _ in range(3)] == [True, True, False]
    for connections in (7, 6):
        balance.tell(connections)
        balance.gone()
        other.tell(10 - connections)
    assert not balance.send_away()


def test_a_worker_alone_keeps_all(tmp_path: Path) -> None:
    assert sent_away(tmp_path, 50, {}) == 0


def test_a_worker_that_died_is_forgotten(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert sent_away(tmp_path, 50, {dead.pid: 0}) == 0
    assert not (tmp_path / f"connections-{dead.pid}").exists()


def test_a_client_that_is_sent_away_gets_its_answer_first(processes: list[int], tmp_path: Path) -> None:
    WorkerBalance(tmp_path, processes[0]).tell(0)

    async def application(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def ask(port: int, clients: int) -> list[bytes]:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
        answers = []
        for reader, writer in opened:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answers.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        for _, writer in opened:
            writer.close()
            await writer.wait_closed()
        return answers

    async def whole() -> list[bytes]:
        with listening_socket("127.0.0.1", 0) as bound:
            config = ServerConfig(application, http=GuardedConnection, log_config=None, lifespan="off")
            config.shared = tmp_path
            server = Server(config)
            serving = asyncio.create_task(server._serve([bound]))
            try:
                return await asyncio.wait_for(ask(bound.getsockname()[1], 10), 20)
            finally:
                server.should_exit = True
                await serving

    answers = asyncio.run(whole())
    assert all(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"ok") for answer in answers)
    left = [b"connection: close" not in answer for answer in answers]
    # Some are gone before the next one asks, and the share is of those who are left.
    assert left[:4] == [False] * 4
    assert left[-3:] == [True] * 3
