"""`enlace serve`: a release answers over GraphQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            "-r",
            metavar="NAME",
            help="The release, whatever becomes current later; by default the current one, also when it changes.",
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to listen at; by default 127.0.0.1, this machine only."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="By default 8000; 0 takes a free one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Server processes; by default 1.")
    ] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option(
            "--settings", metavar="FILE", help="A TOML file of settings; docs/serving.md lists them."
        ),
    ] = None,
    allow_anonymous: Annotated[
        bool,
        typer.Option(
            "--allow-anonymous", help="Let everybody who reaches the server read and link without a token."
        ),
    ] = False,
) -> None:
    """Serve a release over GraphQL, with GraphiQL for browsers, until interrupted.

    Limits and defaults can be set in a file or in the environment: ENLACE_PORT, ENLACE_MAX_MENTIONS and so on.
    """
    from api.settings import Settings

    settings = Settings.of(
        release,
        file=settings_file,
        host=host,
        port=port,
        workers=workers,
        allow_anonymous="always" if allow_anonymous else None,
    )
    # After the settings, so that a wrong one is told before the web libraries are loaded.
    from api.server import run

    run(settings)
