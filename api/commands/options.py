"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

ReleaseOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--release", "-r", metavar="NAME", help="The release; by default the current one."),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
