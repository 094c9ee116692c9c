"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer


class Engine(StrEnum):
    """What does the work of a long run."""

    LOCAL = "local"
    """This process."""
    RAY = "ray"
    """Workers of a Ray cluster (`api.ray_engine`)."""


ReleaseOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--release", "-r", metavar="NAME", help="The release; by default the current one."),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
