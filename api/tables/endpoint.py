"""/tables/expand, /tables/concepts and /tables/link, as CSV or Arrow: a release's answers without GraphQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import MappingProxyType

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.error_codes import code_of
from api.errors import RequestTooSlow, ScopeMissing
from api.refusals import refusal
from api.request_trace import trace_of
from api.served_releases import ServedReleases
from api.service import Service
from api.settings import Settings
from api.tables import rows
from api.tables.formats import FORMATS, Writer, ending_accepted
from api.tables.parameters import Parameters
from api.tables.rows import Table
from graph.errors import EnlaceError

TABLES: MappingProxyType[str, Callable[[Service, Settings, Parameters], Awaitable[Table]]] = MappingProxyType(
    {"expand": rows.expand, "concepts": rows.concepts, "link": rows.link}
)
#: A whole table is sent in so many times what another request may take.
_PATIENCE = 10


class TableEndpoint:
    """One table in one format, or in that which the Accept header asks for."""

    def __init__(self, name: str, ending: str | None, served: ServedReleases, settings: Settings) -> None:
        self._name, self._table = name, TABLES[name]
        self._needs = "link" if name == "link" else "read"
        self._ending = ending
        self._served = served
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the release that answers is leased until the last row is sent."""
        request, trace = Request(scope, receive), trace_of(scope)
        seconds = self._settings.request_seconds
        async with self._served.leases() as leases:
            try:
                if self._needs not in trace.scopes:
                    raise ScopeMissing(self._needs)
                given = await Parameters.of(request)
                async with _time(seconds):
                    service = await leases.service(given.text("release", "") or None)
                    table = await self._table(service, self._settings, given)
            except ClientDisconnect:
                return
            except EnlaceError as error:
                trace.codes.append(code_of(error))
                await refusal(error)(scope, receive, send)
                return
            ending = self._ending or ending_accepted(request.headers.get("accept", ""))
            writer = FORMATS[ending](table.schema)
            headers = {
                "Enlace-Release": service.release.name,
                "Content-Disposition": f'inline; filename="{self._name}.{ending}"',
                "Vary": "Accept",
            }
            response = StreamingResponse(_written(table, writer), 200, headers, writer.media_type)
            # A client that reads slowly, or not at all, must not keep a release open.
            async with asyncio.timeout(_PATIENCE * seconds):
                await response(scope, receive, send)


@asynccontextmanager
async def _time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise RequestTooSlow(
            f"The request took more than {seconds} s, which is as long as one may; ask for less at once."
        ) from None


def table_routes(prefix: str, served: ServedReleases, settings: Settings) -> list[Route]:
    """The routes of all tables in all formats below a path."""
    return [
        Route(
            f"{prefix}/{name}{'.' + ending if ending else ''}",
            TableEndpoint(name, ending, served, settings),
            methods=["GET", "POST"],
        )
        for name in TABLES
        for ending in (None, *FORMATS)
    ]


async def _written(table: Table, writer: Writer) -> AsyncIterator[bytes]:
    yield writer.begin()
    if table.first:
        yield await asyncio.to_thread(writer.rows, table.first)
    async for batch in table.rest:
        yield await asyncio.to_thread(writer.rows, batch)
    yield writer.end()
