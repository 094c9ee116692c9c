"""The ASGI application: the browser at /, /graphql with GraphiQL for browsers; /health, /metrics and /admin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import administration, health
from api.access import Access
from api.body_limit import BodyLimit
from api.error_codes import HTTP_INVALID
from api.garbage import settled
from api.graphql_endpoint import GraphQLEndpoint
from api.metrics import Metrics
from api.refusals import refusal_of
from api.request_limits import RequestLimits
from api.request_trace import RequestTrace
from api.schema.build import build_schema
from api.served_releases import ServedReleases
from api.service import Service
from api.service_limits import ServiceLimits
from api.settings import Settings
from api.tables.endpoint import table_routes
from api.tokens import TokenFile
from api.web import browser_files, graphiql_files
from graph.release import OpenRelease, ReleaseHome


def create_app(settings: Settings) -> Starlette:
    """The application that serves releases, which are opened read-only once it starts.

    Where the current one does not open then, it is tried again, and requests are answered with NOT_READY.
    Its linker opens in the background.
    """
    home = ReleaseHome(settings.home)
    metrics = Metrics()
    limits = ServiceLimits.of(settings)

    def serve(opened: OpenRelease) -> Service:
        return Service(opened, limits, batched=metrics.link_batches.observe)

    served = ServedReleases(
        home,
        serve,
        pinned=settings.release,
        most_open=settings.max_open_releases,
        verify=settings.verify,
        told=metrics.serving,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with settled(served.parts_open):
            await served.start()
            yield
            await served.close()

    cors = [
        Middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
            max_age=600,
        )
    ]
    return Starlette(
        routes=[
            *browser_files.routes("/", "/browser/{name}"),
            Route("/graphql", GraphQLEndpoint(build_schema(settings), served, settings)),
            graphiql_files.route("/graphiql/{name}"),
            *table_routes("/tables", served, settings),
            *health.routes(served, metrics if settings.metrics else None),
            administration.route(home, served),
        ],
        middleware=[
            Middleware(RequestTrace, metrics=metrics, settings=settings),
            *(cors if settings.origins else []),
            Middleware(Access, tokens=TokenFile(settings.home), settings=settings),
            Middleware(RequestLimits, settings=settings),
            Middleware(BodyLimit, most=settings.max_body_bytes),
        ],
        exception_handlers={HTTPException: _no_such_page},
        lifespan=lifespan,
    )


async def _no_such_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = (
        "This page is asked with another method."
        if error.status_code == 405
        else "There is no such page; queries go to /graphql."
    )
    answer = refusal_of(sentence, {"code": HTTP_INVALID}, error.status_code)
    answer.headers.update(error.headers or {})
    return answer
