"""What is told of each request: its id, a line in the log, its metrics, and headers that keep browsers careful."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_codes import INTERNAL
from api.logs import REQUEST_ID
from api.metrics import Metrics
from api.refusals import refusal_of
from api.settings import Settings

_LOG = logging.getLogger("enlace.requests")
_KEY = "enlace.trace"
#: Ids that are taken over from a client; others could make a log hard to read.
_SANE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,64}")
#: Characters of a path, a query or variables in a log line.
_LOGGED = 2_000

_HEADERS = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
    }
)


@dataclass(slots=True)
class Trace:
    """What is known of a request under way."""

    scopes: frozenset[str] = frozenset()
    """What its token, or none, allows."""
    token: str = ""
    """The name of its token."""
    codes: list[str] = field(default_factory=list)
    """Of the errors in its answer."""
    query: str = ""
    variables: dict[str, Any] = field(default_factory=dict)


def trace_of(scope: Scope) -> Trace:
    """The trace of a request."""
    made: Trace = scope.setdefault(_KEY, Trace())
    return made


class RequestTrace:
    """ASGI middleware, outside all others.

    What raises within is a fault of ours: it is logged, and answered with 500.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, settings: Settings) -> None:
        self._app = app
        self._metrics = metrics
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and tell how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = trace_of(scope)
        request_id = _given_id(scope) or secrets.token_hex(8)
        reset = REQUEST_ID.set(request_id)
        started = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        self._metrics.under_way.inc()
        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            status = status or 499
            raise
        except Exception:
            _LOG.exception("Fault %s", request_id)
            trace.codes.append(INTERNAL)
            if not status:
                sentence = f"Something went wrong inside the server; it is logged as {request_id}."
                await refusal_of(sentence, {"code": INTERNAL, "id": request_id}, 500)(scope, receive, watched)
        finally:
            self._metrics.under_way.dec()
            # A client that went away before it was answered is told as nginx tells it.
            self._tell(scope, trace, status or 499, time.perf_counter() - started)
            REQUEST_ID.reset(reset)

    def _tell(self, scope: Scope, trace: Trace, status: int, seconds: float) -> None:
        path = str(scope["path"])
        self._metrics.answered(path, status, seconds, trace.codes)
        if not self._settings.log_requests:
            return
        said: dict[str, object] = {
            "method": scope["method"],
            "path": path[:_LOGGED],
            "status": status,
            "ms": round(1000 * seconds, 1),
        }
        if trace.codes:
            said["codes"] = sorted(set(trace.codes))
        if trace.token:
            said["token"] = trace.token
        if trace.query:
            said |= {"query": trace.query[:_LOGGED], "variables": str(trace.variables)[:_LOGGED]}
        _LOG.info("answered", extra={"said": said})


def _given_id(scope: Scope) -> str:
    """The id that a client gave its request, if it is one that a log can bear."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE.fullmatch(value):
            return str(value, "ascii")
    return ""
