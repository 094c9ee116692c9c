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
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.types.unset import UNSET

from api.body_limit import BodyLimit
from api.error_codes import GRAPHQL_INVALID
from api.schema.build import EnlaceSchema, build_schema
from api.schema.context import RequestContext
from api.service import Service
from api.settings import Settings
from api.web import browser_files, graphiql_files
from graph.release import ReleaseHome


class GraphQLEndpoint(GraphQL[RequestContext, None]):
    """/graphql over POST and GET. There are no subscriptions, so WebSockets are refused."""

    def __init__(self, schema: EnlaceSchema, service: Service, settings: Settings) -> None:
        super().__init__(
            schema, graphql_ide="graphiql" if settings.graphiql else None, subscription_protocols=()
        )
        self._service = service
        self._settings = settings

    async def run(self, request: Any, context: Any = UNSET, root_value: None = UNSET) -> Any:
        """Answer a request; what is no GraphQL request at all is refused in the shape of GraphQL errors."""
        try:
            return await super().run(request, context, root_value)
        except HTTPException as refusal:
            said = {"message": f"{refusal.reason.rstrip('.')}.", "extensions": {"code": GRAPHQL_INVALID}}
            return JSONResponse({"data": None, "errors": [said]}, status_code=refusal.status_code)

    def parse_json(self, data: str | bytes) -> Any:
        """The body as JSON: an object, or it is refused."""
        parsed = super().parse_json(data)
        if not isinstance(parsed, dict):
            raise HTTPException(400, "The body of a request is a JSON object with a query")
        return parsed

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
