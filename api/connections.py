"""Connections that send nothing, little or too much: closed in time, so that they hold nothing but a socket.

uvicorn sets no limit to how long the head of a request may take, nor to how long it may be. And connections that are
too many in one of several workers are closed after an answer, so that their clients find another.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from pathlib import Path

from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.error_codes import HTTP_INVALID
from api.errors import ClientTooSlow, RequestTooLarge, ServerBusy
from api.refusals import refusal, refusal_of
from api.worker_balance import WorkerBalance

_MOST_HEAD_BYTES = 65_536
_LINGER_S = 1.0
_REASONS = {400: "Bad Request", 408: "Request Timeout", 413: "Content Too Large", 429: "Too Many Requests"}


class ServerConfig(Config):
    """uvicorn's settings, and ours for connections; workers get a copy."""

    receive_seconds: float = 10
    """What a client may take to send the head of a request."""
    most_connections: int = 1000
    """To one process."""
    shared: Path | None = None
    """A folder that all workers share, where there are several."""

    @cached_property
    def balance(self) -> WorkerBalance | None:
        """What tells each worker how many connections the others have; first asked for in a worker."""
        return WorkerBalance(self.shared) if self.shared else None


class GuardedConnection(HttpToolsProtocol):
    """uvicorn's protocol with a limit to the time and the size of a request's head."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _refused = False
    _sent_away = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; refuse where there are too many connections."""
        super().connection_made(transport)
        assert isinstance(self.config, ServerConfig)
        self._tell_balance()
        if len(self.connections) > self.config.most_connections:
            self._refuse(refusal(ServerBusy("Too many connections are open; try again in some seconds.")))
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)
        if self._sent_away and (balance := self._tell_balance()):
            balance.gone()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and count those of a head that is not whole yet."""
        if self._refused:
            return
        if self._timer is None and self._idle():
            self._wait_for_head()
        waiting = self._timer is not None
        super().data_received(data)
        if waiting and self._timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                error = RequestTooLarge(f"The head of the request has more than {_MOST_HEAD_BYTES:,} bytes.")
                self._refuse(refusal(error))

    def on_headers_complete(self) -> None:
        """The head is whole; where this worker has too many connections, this is the last request of this one."""
        self._stop_waiting()
        super().on_headers_complete()
        assert isinstance(self.config, ServerConfig)
        balance = self.config.balance
        if balance and self.cycle is not None and not self._sent_away and balance.send_away():
            self._sent_away = True
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the shape of all errors."""
        self._refuse(refusal_of("This is no HTTP request that can be read.", {"code": HTTP_INVALID}, 400))

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that asks nothing more; at once where the client does not even read its answer."""
        if not self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            super().timeout_keep_alive_handler()

    def _tell_balance(self) -> WorkerBalance | None:
        assert isinstance(self.config, ServerConfig)
        balance = self.config.balance
        if balance:
            balance.tell(len(self.connections))
        return balance

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_head(self) -> None:
        assert isinstance(self.config, ServerConfig)
        self._head_bytes = 0
        self._timer = self.loop.call_later(self.config.receive_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        seconds = self.config.receive_seconds if isinstance(self.config, ServerConfig) else 0
        self._refuse(refusal(ClientTooSlow(f"No whole request came within {seconds:g} s; send it again.")))

    def _refuse(self, answer: Response) -> None:
        self._stop_waiting()
        if self._refused or self.transport.is_closing():
            return
        answer.headers["Connection"] = "close"
        head = f"HTTP/1.1 {answer.status_code} {_REASONS[answer.status_code]}\r\n".encode("ascii")
        fields = b"".join(b"%b: %b\r\n" % field for field in answer.raw_headers)
        self.transport.write(head + fields + b"\r\n" + bytes(answer.body))
        # What the client still sends is thrown away for a moment: closing at once would make its machine throw
        # away the answer.
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            # The head was whole and the body is not: nobody waits for what the application says.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.close)
