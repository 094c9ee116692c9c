"""How many requests are worked on at once, and how long a client may take to send its body."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_codes import code_of
from api.errors import ClientTooSlow, ServerBusy
from api.refusals import refusal
from api.request_trace import trace_of
from api.settings import Settings
from graph.errors import EnlaceError

#: Always answered: who watches the server must be told that it is busy.
_ALWAYS = ("/health", "/health/live", "/health/ready", "/metrics")


class RequestLimits:
    """ASGI middleware: answers 429 where too many requests are under way, and 408 where a body does not come."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._most = settings.max_requests
        self._seconds = settings.receive_seconds
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in its time."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._most:
            error = ServerBusy(
                f"{self._under_way} requests are under way already; try again in some seconds."
            )
            await _refuse(error, scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._timed(scope, receive, send)
        finally:
            self._under_way -= 1

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        end = asyncio.get_running_loop().time() + self._seconds
        whole = answering = False

        async def timed() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError:
                raise _TooSlow from None
            whole = not message.get("more_body", False)
            return message

        async def watched(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._app(scope, timed, watched)
        except _TooSlow:
            if answering:
                raise
            error = ClientTooSlow(
                f"The body of the request did not come within {self._seconds} s; send it again, or less at once."
            )
            await _refuse(error, scope, receive, send)


class _TooSlow(Exception):
    pass


async def _refuse(error: EnlaceError, scope: Scope, receive: Receive, send: Send) -> None:
    trace_of(scope).codes.append(code_of(error))
    await refusal(error)(scope, receive, send)
