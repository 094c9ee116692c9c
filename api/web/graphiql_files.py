"""GraphiQL's files, as they are served: the page is ours, GraphiQL and React come as an installed package.

The package is named for Django and needs none of it: it holds GraphiQL's published bundle and React's, so that
the page works without a network. Its files are served as they are.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "graphiql"
_PACKAGE = "graphene_django_graphiql_static"

#: What may be asked for, with its type. Nothing else is looked for on disk, so no path can lead out.
MEDIA_TYPES = {
    "graphiql.min.js": "text/javascript",
    "graphiql.min.css": "text/css",
    "react.production.min.js": "text/javascript",
    "react-dom.production.min.js": "text/javascript",
    "page.js": "text/javascript",
    "page.css": "text/css",
}

#: Scripts and styles of our own only; GraphiQL writes style attributes, and its font and icons are data URLs.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page() -> Response:
    """The page that a browser gets at /graphql."""
    return Response(
        (FOLDER / "index.html").read_bytes(),
        media_type="text/html",
        headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"},
    )


def route(path: str) -> Route:
    """The route under which the page's files are found; `path` ends in `{name}`."""
    return Route(path, _file, methods=["GET"])


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in MEDIA_TYPES:
        raise HTTPException(404)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=3600"}
    own = FOLDER / name
    content = own.read_bytes() if own.is_file() else bundled(name)
    return Response(content, media_type=MEDIA_TYPES[name], headers=headers)


def bundled(name: str) -> bytes:
    """A file of the installed GraphiQL package."""
    return resources.files(_PACKAGE).joinpath("static", _PACKAGE, name).read_bytes()
