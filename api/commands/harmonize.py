"""`enlace harmonize`: rows of several hospitals, as codes or text, onto clinical variables."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import JsonOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from api.harmonizing import Harmonized, Task

_SYSTEM = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


class Profile(StrEnum):
    """Which historical associations are followed from a retired code."""

    MIN = "min"
    MOD = "mod"
    MAX = "max"


def harmonize(
    variables: Annotated[
        Path,
        typer.Option(
            "--variables", metavar="FILE", help="Variables: .yaml, .csv or .tsv.", show_default=False
        ),
    ],
    input: Annotated[
        list[Path],
        typer.Option(
            "--input",
            metavar="FILE",
            help="Rows: .csv, .tsv or .parquet; repeatable, a source each.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", metavar="FILE", help="The table to write: .parquet or .csv.", show_default=False
        ),
    ],
    code_column: Annotated[str | None, typer.Option("--code-column", help="The column with codes.")] = None,
    text_column: Annotated[
        str | None,
        typer.Option("--text-column", help="The column with text, used where the code tells nothing."),
    ] = None,
    system: Annotated[
        str, typer.Option("--system", help="The codes' system, as SNOMEDCT, ICD10, UMLS or HP.")
    ] = "",
    system_column: Annotated[
        str | None, typer.Option("--system-column", help="Or the column that names each code's system.")
    ] = None,
    keep: Annotated[
        list[str], typer.Option("--keep", metavar="COLUMN", help="A column to keep; repeatable.")
    ] = [],  # noqa: B006 - typer copies it
    release: Annotated[
        str | None,
        typer.Option(
            "--release", "-r", metavar="NAME", help="By default the variables' own, else the current one."
        ),
    ] = None,
    history: Annotated[
        Profile, typer.Option("--history", help="The history profile by which retired codes are replaced.")
    ] = Profile.MOD,
    least_score: Annotated[
        float, typer.Option("--min-score", min=0, max=1, help="Texts linked with a lower score are declined.")
    ] = 0.1,
    margin: Annotated[
        float,
        typer.Option(
            "--margin",
            min=0,
            max=1,
            help="Candidates as close to the best as this are meant by a text as well.",
        ),
    ] = 0.0,
    concept_map: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="A reviewed concept map to apply.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Harmonise rows: each becomes a concept, and the concept its most specific variables, with the is-a path.

    Beside the output are written the concept map (`.map.csv`), to be reviewed and applied with --map, and the
    summary (`.summary.html`, `.summary.json`). A run that was killed continues when it is started again.
    """
    if not code_column and not text_column:
        raise typer.BadParameter("give --code-column, --text-column or both", param_hint="--code-column")
    if code_column and not (system or system_column):
        raise typer.BadParameter(
            "say of which system the codes are, or which column says it", param_hint="--system"
        )
    if system and not _SYSTEM.fullmatch(system):
        raise typer.BadParameter("a system is a prefix of ids, like SNOMEDCT or ICD10", param_hint="--system")
    from api.harmonizing import Task
    from api.harmonizing import harmonize as run
    from api.releases import chosen
    from graph.ecl.syntax import HistoryProfile
    from graph.release import default_home
    from graph.variables.files import read
    from linker.harmonization.rows import Columns

    home = default_home()
    task = Task(
        variables=variables,
        inputs=tuple(input),
        columns=Columns(code_column, text_column, system_column, system, tuple(dict.fromkeys(keep))),
        output=output,
        release=chosen(home, release or read(variables).release or None),
        history=HistoryProfile(f"HISTORY-{history.value.upper()}"),
        least_score=least_score,
        margin=margin,
        concept_map=concept_map,
    )
    with progress() as tell:
        done = run(home, task, overwrite=overwrite, tell=tell)
    if done.before == done.rows:
        note(f"{output} was complete.")
    elif done.before:
        note(f"{output} was continued after {done.before:,} rows.")
    if as_json:
        import json

        print(json.dumps(done.summary, ensure_ascii=False))
    else:
        _show(task, done)


def _show(task: Task, done: Harmonized) -> None:
    from rich.table import Table

    by_status: dict[str, list[int]] = done.summary["by_status"]  # type: ignore[assignment]
    table = Table("status", title=f"{done.rows:,} rows on {task.release}", title_justify="left")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for status, rows in by_status.items():
        table.add_row(status, f"{sum(rows):,}", f"{100 * sum(rows) / max(1, done.rows):.1f} %")
    out().print(table)
    print(f"{task.output}, {task.map_file.name}, {task.summary_file.name}, {task.page_file.name}")
