"""A light HTTP client for load: many connections that ask one after the other, in one thread.

What it costs is taken from the server, which has the same cores: so requests are made before, and of answers only
the length is parsed, and the beginning of the body looked at.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import orjson


def post(query: str, variables: dict[str, object], *, host: str = "127.0.0.1") -> bytes:
    """The bytes of a GraphQL request over HTTP/1.1."""
    body = orjson.dumps({"query": query, "variables": variables})
    head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body


@dataclass(slots=True)
class Load:
    """What clients met."""

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    """Of the requests that were answered without an error."""
    errors: dict[str, int] = field(default_factory=dict)
    """How often, by what was said."""

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return len(self.latencies_s) / self.seconds if self.seconds else 0.0

    def percentile_ms(self, share: int) -> float:
        """The latency that `share` % of requests stay below."""
        if len(self.latencies_s) < 2:
            return float("nan")
        return 1000 * statistics.quantiles(self.latencies_s, n=100)[share - 1]


class _Connection(asyncio.Protocol):
    """One request at a time over one connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._held = b""
        self._wanted = -1
        self.ended = False
        """Whether the server said that it closes the connection."""
        self._done: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """The status and the body of the answer."""
        assert self._transport
        self._done = asyncio.get_running_loop().create_future()
        if self._transport.is_closing():
            self._done.set_exception(ConnectionResetError("the server closed the connection"))
        else:
            self._transport.write(request)
        return self._done

    def data_received(self, data: bytes) -> None:
        self._held += data
        if self._wanted < 0:
            end = self._held.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._held[:end].lower()
            self.ended = b"connection: close" in head
            place = head.index(b"content-length:") + 15
            self._wanted = end + 4 + int(head[place : (head.find(b"\r\n", place) + 1 or end + 1) - 1])
        if len(self._held) >= self._wanted and self._done and not self._done.done():
            status = int(self._held[9:12])
            body = self._held[self._held.find(b"\r\n\r\n") + 4 : self._wanted]
            self._held, self._wanted = self._held[self._wanted :], -1
            self._done.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done and not self._done.done():
            self._done.set_exception(ConnectionResetError("the server closed the connection"))

    def close(self) -> None:
        if self._transport:
            self._transport.close()


def _refused(status: int, body: bytes) -> str:
    """What an answer says is wrong; empty where nothing is."""
    if status == 200 and b'"errors":[' not in body:
        return ""
    try:
        return str(orjson.loads(body)["errors"][0]["extensions"]["code"])
    except (ValueError, KeyError, IndexError, TypeError):
        return f"status {status}"


async def load(
    port: int,
    requests: Sequence[bytes],
    *,
    clients: int,
    seconds: float,
    most: int,
    rate: float | None = None,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> Load:
    """`clients` connections ask `requests` in turn for so long, or until so many are answered.

    Each asks when it has its answer; with `rate` at fixed times, so that all together ask so many a second. A latency
    then counts from the time at which the request was due: a client that waits for an answer does not hide that the
    next request waited too. A connection that is lost is made again. `meanwhile` runs beside them, and does not end
    them.
    """
    met = Load()
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    end = start + seconds
    turn = 0

    async def client(place: int) -> None:
        nonlocal turn
        connection: _Connection | None = None
        due = start + place / rate if rate else 0.0
        while time.perf_counter() < end and turn < most:
            if rate:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            request = requests[turn % len(requests)]
            turn += 1
            began = due if rate else time.perf_counter()
            due += clients / rate if rate else 0.0
            try:
                if connection is None:
                    _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
                status, body = await asyncio.wait_for(connection.ask(request), 60)
            except (OSError, TimeoutError) as error:
                met.errors[type(error).__name__] = met.errors.get(type(error).__name__, 0) + 1
                if connection:
                    connection.close()
                connection = None
                await asyncio.sleep(0.05)
                continue
            if connection.ended:
                connection.close()
                connection = None
            if said := _refused(status, body):
                met.errors[said] = met.errors.get(said, 0) + 1
                await asyncio.sleep(0.01)
            else:
                met.latencies_s.append(time.perf_counter() - began)
        if connection:
            connection.close()

    beside = asyncio.ensure_future(meanwhile()) if meanwhile else None
    await asyncio.gather(*(client(place) for place in range(clients)))
    met.seconds = time.perf_counter() - start
    if beside:
        await beside
    return met
