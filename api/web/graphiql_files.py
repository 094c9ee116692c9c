"""GraphiQL's files, as they are served."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "graphiql"

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
        return PlainTextResponse("There is no such file.", status_code=404)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=3600"}
    packed = FOLDER / f"{name}.gz"
    if not packed.is_file():
        return Response((FOLDER / name).read_bytes(), media_type=MEDIA_TYPES[name], headers=headers)
    # Every browser takes gzip; what does not is no browser, and can unpack it itself.
    return Response(
        packed.read_bytes(), media_type=MEDIA_TYPES[name], headers={**headers, "Content-Encoding": "gzip"}
    )
