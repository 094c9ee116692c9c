"""The ASGI application: /graphql, and GraphiQL there for browsers; /health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from api.body_limit import BodyLimit
from api.schema.build import EnlaceSchema, build_schema
from api.schema.context import RequestContext
from api.service import Service
from api.settings import Settings
from api.web import graphiql_files
from graph.release import ReleaseHome


class GraphQLEndpoint(GraphQL[RequestContext, None]):
    """/graphql over POST and GET. There are no subscriptions, so WebSockets are refused."""

    def __init__(self, schema: EnlaceSchema, service: Service, settings: Settings) -> None:
        super().__init__(
            schema, graphql_ide="graphiql" if settings.graphiql else None, subscription_protocols=()
        )
        self._service = service
        self._settings = settings

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext:
        """A context of its own for every request."""
        return RequestContext.of(self._service, self._settings)

    async def render_graphql_ide(self, request: Request) -> Response:
        """GraphiQL from this machine; the library's page would load its scripts from the network."""
        return graphiql_files.page()


def create_app(settings: Settings) -> Starlette:
    """The application that serves the release of `settings`, which is opened here, read-only.

    The linker opens in the background once the application starts. Raises ReleaseNotFound,
    ReleaseDamaged, StoreUnavailable.
    """
    opened = ReleaseHome(settings.home).open(settings.release)
    service = Service(opened, max_waiting_links=settings.max_waiting_links)
    endpoint = GraphQLEndpoint(build_schema(settings), service, settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        await service.close()

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "release": settings.release, "linker": service.linker_state})

    async def to_graphql(request: Request) -> RedirectResponse:
        return RedirectResponse("/graphql")

    return Starlette(
        routes=[
            Route("/", to_graphql),
            Route("/graphql", endpoint),
            graphiql_files.route("/graphiql/{name}"),
            Route("/health", health),
        ],
        middleware=[Middleware(BodyLimit, most=settings.max_body_bytes)],
        lifespan=lifespan,
    )
