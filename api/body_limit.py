"""Refuses request bodies beyond a size, before they are in memory."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestTooLarge
from api.refusing import Refused, answering, refuse

#: Times the limit that are read to the end, to tell why they are refused.
_MUCH = 4


class BodyLimit:
    """ASGI middleware: answers 413 in the shape of GraphQL errors where a body has more than `most` bytes.

    The bytes are counted as they come, so a missing or false Content-Length changes nothing.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self._most:
            await self._throw_away(receive, _announced(scope))
            await refuse(self._error(), scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                if message.get("more_body", False):
                    await self._throw_away(receive, received)
                raise Refused(self._error())
            return message

        await answering(self._app, scope, receive, send, counted)

    async def _throw_away(self, receive: Receive, received: int) -> None:
        """Read on where little is left: a client that still sends when the connection closes never reads why."""
        left = _MUCH * self._most - received
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                return

    def _error(self) -> RequestTooLarge:
        return RequestTooLarge(
            f"The request's body has more than {self._most:,} bytes; send it in several requests."
        )


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
