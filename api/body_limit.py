"""Refuses request bodies beyond a size, before they are in memory."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_codes import code_of
from api.errors import RequestTooLarge


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
            await self._refusal()(scope, receive, send)
            return
        received = 0
        answering = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLarge:
            if answering:
                raise
            await self._refusal()(scope, receive, send)

    def _refusal(self) -> JSONResponse:
        error = RequestTooLarge(
            f"The request's body has more than {self._most:,} bytes; send it in several requests."
        )
        said = {"message": str(error), "extensions": {"code": code_of(error)}}
        return JSONResponse(
            {"data": None, "errors": [said]}, status_code=413, headers={"Connection": "close"}
        )


class _TooLarge(Exception):
    pass


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
