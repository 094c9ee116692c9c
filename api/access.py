"""Who may ask: the host that a request names, and its bearer token."""

from __future__ import annotations

import logging

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.error_codes import code_of
from api.errors import HostRefused, ScopeMissing, TokenRefused
from api.refusals import refusal
from api.request_trace import trace_of
from api.settings import Settings
from api.tokens import TokenFile
from graph.errors import EnlaceError

_LOG = logging.getLogger("enlace.access")

#: What may be asked without a token: nothing of it tells what a release holds. The browser's page and files are
#: the same everywhere, and a person gives the token there.
_OPEN = ("/", "/health", "/health/live", "/health/ready")
_OPEN_FOLDER = "/browser/"
#: Of GraphQL's fields, those that link need `link` besides `read`.
_ANONYMOUS = frozenset({"read", "link"})


class Access:
    """ASGI middleware: refuses what may not be asked, and notes for the others what they may."""

    def __init__(self, app: ASGIApp, tokens: TokenFile, settings: Settings) -> None:
        self._app = app
        self._tokens = tokens
        self._hosts = settings.hosts
        self._anonymous = settings.anonymous

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that may be asked."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(HTTPConnection(scope))
        except EnlaceError as error:
            trace_of(scope).codes.append(code_of(error))
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, asked: HTTPConnection) -> None:
        """Raise HostRefused, TokenRefused, ScopeMissing, or TokensUnusable."""
        self._check_host(asked.headers.get("host", ""))
        trace = trace_of(asked.scope)
        path = str(asked.scope["path"])
        is_open = path in _OPEN or path.startswith(_OPEN_FOLDER)
        said = asked.headers.get("authorization")
        if said is not None and not is_open:
            kind, _, given = said.partition(" ")
            token = self._tokens.who(given.strip()) if kind.lower() == "bearer" else None
            if token is None:
                raise TokenRefused("The token of the request is not known here; it may have been removed.")
            trace.scopes, trace.token = frozenset(token.scopes), token.name
        elif self._anonymous:
            trace.scopes = _ANONYMOUS
        elif not is_open:
            raise TokenRefused(
                "This server is asked with a token: send the header `Authorization: Bearer …`."
            )
        if is_open:
            return
        needed = "admin" if path.startswith("/admin") else "read"
        if needed not in trace.scopes:
            raise ScopeMissing(needed)

    def _check_host(self, host: str) -> None:
        """Refuse other names than the server's: a page that has its own name lead here could read answers."""
        if self._hosts is None:
            return
        name = host.lower()
        if not name.endswith("]"):
            name = name.rpartition(":")[0] or name
        if name not in self._hosts:
            raise HostRefused(
                "The request's Host header names another server; ask by one of this server's names, or allow more "
                "with the setting allowed_hosts."
            )
