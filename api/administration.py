"""/admin/releases: which releases there are, and which of them is current. Needs a token with the scope `admin`."""

from __future__ import annotations

import asyncio
import logging

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.errors import ArgumentRejected, NoReleaseChosen
from api.refusals import refusal
from api.request_trace import trace_of
from api.served_releases import ServedReleases
from graph.errors import EnlaceError, ReleaseNotFound
from graph.release import ReleaseHome

_LOG = logging.getLogger("enlace.admin")


def route(home: ReleaseHome, served: ServedReleases) -> Route:
    """GET tells the releases; POST with `{"current": NAME}` or `{"back": true}` makes another current."""

    async def releases(request: Request) -> Response:
        try:
            if request.method == "POST":
                name = await asyncio.to_thread(_choose, home, await request.body())
                _LOG.warning("%r made release %r current.", trace_of(request.scope).token, name)
                await served.follow()
            return JSONResponse(await asyncio.to_thread(_told, home, served))
        except EnlaceError as error:
            return refusal(error)

    return Route("/admin/releases", releases, methods=["GET", "POST"])


def _choose(home: ReleaseHome, body: bytes) -> str:
    """Make another release current; its name. Raises ArgumentRejected, ReleaseNotFound, NoReleaseChosen."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if said == {"back": True}:
        name = home.former()
        if name is None:
            raise NoReleaseChosen("There is no former release here; name the one that is to be current.")
    elif isinstance(said, dict) and set(said) == {"current"} and isinstance(said["current"], str):
        name = said["current"]
    else:
        raise ArgumentRejected("current", 'Send {"current": "NAME"}, or {"back": true}.')
    if name not in (known := home.names()):
        raise ReleaseNotFound(name[:100], known, argument="current")
    home.set_current(name)
    return name


def _told(home: ReleaseHome, served: ServedReleases) -> dict[str, object]:
    state = served.state
    return {
        "releases": home.names(),
        "current": home.current(),
        "former": home.former(),
        "served": {"current": state.current, "open": list(state.open), "problem": state.problem},
    }
