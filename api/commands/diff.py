"""`enlace diff`: what changed from one release to another."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import JsonOption
from api.terminal import progress

if TYPE_CHECKING:
    from api.difference_output import Output


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The former release.", show_default=False)],
    after: Annotated[str, typer.Argument(metavar="B", help="The newer release.", show_default=False)],
    as_json: JsonOption = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write every change into a CSV file; `-` is stdout."),
    ] = None,
    examples: Annotated[
        int, typer.Option("--examples", min=0, help="How many of each change the summary shows.")
    ] = 3,
) -> None:
    """Compare two releases: concepts added, retired, renamed, moved (semantic tag, module) and re-parented.

    Prints a summary; with --json every change, a line each, and with --csv a table of them.
    """
    from api.difference_output import CsvOutput, JsonOutput, Summary, csv_file
    from graph.difference import differences
    from graph.labels import preferred_term
    from graph.release import default_home

    if as_json and str(csv) == "-":
        raise typer.BadParameter("stdout is for JSON or for CSV; name a file.", param_hint="'--csv'")
    home = default_home()
    with ExitStack() as until:
        old = until.enter_context(home.open(before))
        new = until.enter_context(home.open(after))
        outputs: list[Output] = []
        if csv is not None:
            outputs.append(CsvOutput(until.enter_context(csv_file(csv))))
        if as_json:
            outputs.append(JsonOutput(before, after))
        elif str(csv) != "-":
            outputs.append(Summary(before, after, examples))
        counts = Counter[tuple[str, str]]()
        total = max(opened.release.counts.get("concepts", 0) for opened in (old, new))
        with progress() as tell:
            tell("comparing concepts", 0, total)
            for change in differences(
                old.store,
                new.store,
                name=preferred_term,
                progress=lambda done: tell("comparing concepts", done, max(done, total)),
            ):
                counts[change.kind.value, change.aspect] += 1
                for output in outputs:
                    output.take(change)
        for output in outputs:
            output.end(counts)
