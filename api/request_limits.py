"""How many requests are worked on at once, and how long a client may take to send its body."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ClientTooSlow, ServerBusy
from api.refusing import Refused, answering, refuse
from api.settings import Settings

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
            await refuse(error, scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._timed(scope, receive, send)
        finally:
            self._under_way -= 1

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        end = asyncio.get_running_loop().time() + self._seconds
        whole = False

        async def timed() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError:
                raise Refused(
                    ClientTooSlow(
                        f"The body of the request did not come within {self._seconds} s; "
                        "send it again, or less at once."
                    )
                ) from None
            whole = not message.get("more_body", False)
            return message

        await answering(self._app, scope, receive, send, timed)
