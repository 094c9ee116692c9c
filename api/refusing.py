"""Ends a request with an error, at once or from within what it still receives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_codes import code_of
from api.refusals import refusal
from api.request_trace import trace_of
from graph.errors import EnlaceError


class Refused(Exception):
    """Ends a request from within its `receive`; `answering` answers with its error."""

    def __init__(self, error: EnlaceError) -> None:
        super().__init__(str(error))
        self.error = error


async def refuse(error: EnlaceError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with an error, which the log then knows."""
    trace_of(scope).codes.append(code_of(error))
    await refusal(error)(scope, receive, send)


async def answering(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, received: Callable[[], Awaitable[Message]]
) -> None:
    """Let `app` answer a request that comes through `received`, or refuse it where that raises Refused.

    Once `app` has begun to answer it is too late to tell what is wrong, and Refused is raised on.
    """
    begun = False

    async def watched(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    try:
        await app(scope, received, watched)
    except Refused as refused:
        if begun:
            raise
        await refuse(refused.error, scope, receive, send)
