"""`enlace compare-runs`: which of two evaluations is better, and whether by more than chance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.terminal import note, out


def compare_runs(
    first: Annotated[Path, typer.Argument(help="Figures that `enlace evaluate --json` wrote.")],
    second: Annotated[Path, typer.Argument(help="Others on the same mentions, or the same file.")],
    system: Annotated[str, typer.Option("--system", help="The system of the first file.")] = "enlace",
    against: Annotated[
        str | None, typer.Option("--against", help="The system of the second file; by default the same.")
    ] = None,
) -> None:
    """Show by how much the first run is better than the second, at each k.

    The difference is paired: both are resampled by the same documents, and its interval is 95 %. One that holds zero
    is no difference to rely on. With the same file twice and --against, two systems of one run are compared.
    """
    from api.evaluation_tables import comparison_table
    from linker.evaluation.runs import Run, compare

    runs = Run.read(first), Run.read(second)
    found = compare(*runs, system, against)
    apart = [name for name in runs[0].membership if name not in {one.subset for one in found}]
    names = f"{first.name}, {system}", f"{second.name}, {against or system}"
    out().print(comparison_table(found, *names))
    if apart:
        note(
            f"Not compared, because the runs have other mentions in them: {'; '.join(apart)} "
            "(an index or training mentions that differ make other mentions unseen)."
        )
