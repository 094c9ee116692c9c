"""`enlace serve`: a release answers over GraphQL."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.options import ReleaseOption


def serve(
    release: ReleaseOption = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Server processes.")] = 1,
) -> None:
    """Serve a release over GraphQL, with GraphiQL for people, until interrupted."""
    raise NotImplementedError
