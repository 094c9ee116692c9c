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
EclOption: TypeAlias = Annotated[
    str,
    typer.Option("--ecl", help="Link within the concepts of an expression, as '<< 404684003'."),
]
SemanticTagsOption: TypeAlias = Annotated[
    list[str],
    typer.Option("--semantic-tag", help="Link within the concepts of a semantic tag; repeatable."),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

EngineOption: TypeAlias = Annotated[
    Engine, typer.Option("--engine", help="`local` is this process, `ray` the workers of a Ray cluster.")
]
AddressOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--address", help="Of the Ray cluster; by default workers on this machine.", show_default=False
    ),
]
WorkersOption: TypeAlias = Annotated[
    int | None, typer.Option("--workers", min=1, help="Of Ray; by default one a core.", show_default=False)
]


def check_engine(engine: Engine, address: str, workers: int | None, output: str) -> None:
    """Raise BadParameter for options of a cluster without one, and for a stream that a cluster is to write."""
    if engine is Engine.RAY and output == "-":
        raise typer.BadParameter("give a file: the batches of Ray stand beside it", param_hint="--output")
    if engine is Engine.LOCAL and (address or workers):
        raise typer.BadParameter(
            "it goes with --engine ray", param_hint="--address" if address else "--workers"
        )
