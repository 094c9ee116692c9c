"""The terminology browser's files, as they are served: HTML, CSS and ES modules, just as they are in the folder.

The pages ask /graphql and nothing else. Their content security policy lets them load nothing from elsewhere, run no
script that is written into a page, and make no markup from text.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "browser"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Browsers ask whether a file has changed, so that a newer server never meets an older page.
    "Cache-Control": "no-cache",
}


@cache
def files() -> dict[str, bytes]:
    """What may be asked for, by name. Nothing else is looked for on disk, so no path can lead out."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _MEDIA_TYPES}


def routes(page: str, file: str) -> list[Route]:
    """The page's address and that of its files, which ends in `{name}`."""
    return [Route(page, _page, methods=["GET"]), Route(file, _file, methods=["GET"])]


async def _page(request: Request) -> Response:
    return _answer(request, (FOLDER / "index.html").read_bytes(), "text/html")


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    content = files().get(name)
    if content is None:
        raise HTTPException(404)
    return _answer(request, content, _MEDIA_TYPES[Path(name).suffix])


def _answer(request: Request, content: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
