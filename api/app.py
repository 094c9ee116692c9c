"""The ASGI application: the terminology browser, /graphql with GraphiQL for browsers, /health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cross_web import HTTPException
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.types.unset import UNSET

from api.body_limit import BodyLimit
from api.error_codes import GRAPHQL_INVALID, code_of
from api.errors import NotReady
from api.schema.build import EnlaceSchema, build_schema
from api.schema.context import RequestContext
from api.served_releases import ServedReleases
from api.service import Service
from api.settings import Settings
from api.web import browser_files, graphiql_files
from graph.release import ReleaseHome


class GraphQLEndpoint(GraphQL[RequestContext, None]):
    """/graphql over POST and GET. There are no subscriptions, so WebSockets are refused."""

    def __init__(self, schema: EnlaceSchema, served: ServedReleases, settings: Settings) -> None:
        super().__init__(
            schema, graphql_ide="graphiql" if settings.graphiql else None, subscription_protocols=()
        )
        self._served = served
        self._settings = settings

    async def run(self, request: Any, context: Any = UNSET, root_value: None = UNSET) -> Any:
        """Answer a request; what is no GraphQL request at all is refused in the shape of GraphQL errors."""
        if request.scope["type"] != "http":
            return await self.reject_websocket(request)
        try:
            async with self._served.leases() as leases:
                return await super().run(request, RequestContext.of(leases, self._settings), root_value)
        except HTTPException as refusal:
            return _refusal(f"{refusal.reason.rstrip('.')}.", GRAPHQL_INVALID, refusal.status_code)
        except NotReady as error:
            return _refusal(str(error), code_of(error), 503)

    def parse_json(self, data: str | bytes) -> Any:
        """The body as JSON: an object, or it is refused."""
        parsed = super().parse_json(data)
        if not isinstance(parsed, dict):
            raise HTTPException(400, "The body of a request is a JSON object with a query")
        return parsed

    async def render_graphql_ide(self, request: Request) -> Response:
        """GraphiQL from this machine; the library's page would load its scripts from the network."""
        return graphiql_files.page()


def _refusal(message: str, code: str, status: int) -> JSONResponse:
    said = {"message": message, "extensions": {"code": code}}
    return JSONResponse({"data": None, "errors": [said]}, status_code=status)


def create_app(settings: Settings) -> Starlette:
    """The application that serves releases, which are opened read-only once it starts.

    Where the current one does not open then, it is tried again, and requests are answered with NOT_READY.
    Its linker opens in the background.
    """
    served = ServedReleases(
        ReleaseHome(settings.home),
        lambda opened: Service(opened, max_waiting_links=settings.max_waiting_links),
        pinned=settings.release,
        most_open=settings.max_open_releases,
        verify=settings.verify,
    )
    endpoint = GraphQLEndpoint(build_schema(settings), served, settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await served.start()
        yield
        await served.close()

    async def health(request: Request) -> JSONResponse:
        state = served.state
        said = {
            "status": "ok" if state.current else "not ready",
            "release": state.current,
            "linker": state.linker,
        }
        return JSONResponse(said, status_code=200 if state.current else 503)

    return Starlette(
        routes=[
            *browser_files.routes("/", "/browser/{name}"),
            Route("/graphql", endpoint),
            graphiql_files.route("/graphiql/{name}"),
            Route("/health", health),
        ],
        middleware=[Middleware(BodyLimit, most=settings.max_body_bytes)],
        lifespan=lifespan,
    )
