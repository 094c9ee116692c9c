"""`enlace serve` as a real process, and clients that ask it in ways that libraries would not."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interrupts import hearing_interrupts

from graph.release import ReleaseHome

SCRIPT = Path(sys.executable).with_name("enlace")


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def codes(self) -> list[str]:
        """Of the errors in it."""
        return [error["extensions"]["code"] for error in json.loads(self.body).get("errors", ())]


@dataclass(frozen=True)
class Serving:
    """A server process that said where it listens."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].partition("/")[0])

    def ask(self, query: str, **variables: object) -> Any:
        """The answer to a query, as JSON, whatever its status."""
        return json.loads(self.post({"query": query, "variables": variables}).body)

    def name(self) -> str:
        """Of the release that answers."""
        return str(self.ask("{ release { name } }")["data"]["release"]["name"])

    def post(self, said: object, **headers: str) -> Answer:
        return self.fetch("/graphql", json.dumps(said).encode(), **headers)

    def fetch(self, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.url.removesuffix("/") + path
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", **named})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, dict(refused.headers), refused.read())

    def lines(self) -> list[dict[str, Any]]:
        """What the server logged."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def workers(self) -> list[int]:
        """The process ids of its workers, where there are several."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in _command_line(child)]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and wait; its exit status."""
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def serving(
    home: ReleaseHome, folder: Path, *options: str, release: str | None = "demo", **environment: str
) -> Iterator[Serving]:
    """A server at a free port, from `folder`, ended on leaving."""
    log = folder / "server.log"
    named = ("--release", release) if release else ()
    with log.open("w") as errors:
        process = subprocess.Popen(
            hearing_interrupts([SCRIPT, "serve", *named, "--port", "0", *options]),
            cwd=folder,
            env={**os.environ, "ENLACE_HOME": str(home.path), "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout
        told = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", told)
        assert found, log.read_text()
        server = Serving(found[0], process, log)
        # Until then connections wait, and what happens meanwhile happens to a server that starts.
        assert server.fetch("/health/live").status == 200, log.read_text()
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Return once a condition holds. Fails where it does not in so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


async def raw(port: int, *parts: bytes | float) -> Answer | None:
    """What a server answers to bytes, with pauses of so many seconds between; None where it only closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    # From the start: an answer that comes while there is more to send would be lost with the connection.
    answer = asyncio.create_task(_answer(reader))
    try:
        for part in parts:
            if answer.done():
                break
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            else:
                await asyncio.wait([answer], timeout=part)
        return await answer
    except ConnectionError:
        return await answer
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Answer | None:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Answer(int(lines[0].split()[1]), headers, body)


def _command_line(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
