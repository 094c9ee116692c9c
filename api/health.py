"""Whether the process is alive, whether it can answer, and what it measures: for whoever watches it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.metrics import Metrics
from api.served_releases import ServedReleases

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def routes(served: ServedReleases, metrics: Metrics | None) -> list[BaseRoute]:
    """/health, /health/live, /health/ready, and /metrics where there are `metrics`."""

    async def live(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> JSONResponse:
        state = served.state
        # A linker that opens yet will answer soon; one that cannot is no reason to take the graph away.
        status = "ok" if state.current and state.linker != "opening" else "not ready"
        said = {
            "status": status,
            "release": state.current,
            "wanted": state.wanted,
            "linker": state.linker,
            "problem": state.problem,
            "verified": state.verified,
            "open": list(state.open),
        }
        return JSONResponse(said, status_code=200 if status == "ok" else 503)

    async def health(request: Request) -> JSONResponse:
        state = served.state
        said = {
            "status": "ok" if state.current else "not ready",
            "release": state.current,
            "linker": state.linker,
        }
        return JSONResponse(said, status_code=200 if state.current else 503)

    async def measured(request: Request) -> Response:
        assert metrics is not None
        metrics.serving(served.state)
        return Response(metrics.text(), media_type=_PROMETHEUS)

    made: list[BaseRoute] = [
        Route("/health", health),
        Route("/health/live", live),
        Route("/health/ready", ready),
    ]
    if metrics is not None:
        made.append(Route("/metrics", measured))
    return made
