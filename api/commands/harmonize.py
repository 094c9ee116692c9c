"""`enlace harmonize`: rows of several hospitals, as codes or text, or notes, onto clinical variables."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import (
    AddressOption,
    Engine,
    EngineOption,
    JsonOption,
    WorkersOption,
    check_engine,
)
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from api.harmonizing import Harmonized, Task
    from api.harmonizing_notes import HarmonizedNotes, NotesTask
    from api.ray_engine import Cluster

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
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            metavar="FILE",
            help="The table to write: .parquet or .csv; of notes .jsonl too.",
            show_default=False,
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
    ] = [],  # noqa: B006 - typer copies it
    notes: Annotated[
        str | None,
        typer.Option(
            "--notes",
            help="Or notes: a folder of texts, a .txt, .jsonl, .csv, .tsv or .parquet file.",
            show_default=False,
        ),
    ] = None,
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
    document_column: Annotated[
        str, typer.Option("--document-column", help="What a table or an object of notes calls a note's name.")
    ] = "doc",
    recognizer: Annotated[
        list[str],
        typer.Option(
            "--recognizer",
            help="What finds mentions in notes, as in `enlace annotate`; repeatable.",
        ),
    ] = ["both"],  # noqa: B006 - typer copies it
    min_probability: Annotated[
        float | None,
        typer.Option(
            "--min-probability",
            min=0,
            max=1,
            help="Count no mention of notes whose concept is less likely to be right.",
            show_default=False,
        ),
    ] = None,
    mentioned_only: Annotated[
        bool, typer.Option("--mentioned", help="Of notes, leave out the variables that they do not mention.")
    ] = False,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = "",
    workers: WorkersOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Harmonise rows: each becomes a concept, and the concept its most specific variables, with the is-a path.

    Beside the output are written the concept map (`.map.csv`), to be reviewed and applied with --map, and the
    summary (`.summary.html`, `.summary.json`). A run that was killed continues when it is started again.

    With --notes: each note says of each variable whether it is present, absent, unclear or not mentioned, with the
    sentence that says so.
    """
    if bool(input) == bool(notes):
        raise typer.BadParameter("give rows with --input, or notes with --notes", param_hint="--input")
    check_engine(engine, address, workers, str(output))
    from api.ray_engine import Cluster

    cluster = Cluster(address, workers) if engine is Engine.RAY else None
    if notes:
        for option, given in (("--code-column", code_column), ("--map", concept_map), ("--keep", keep)):
            if given:
                raise typer.BadParameter("is of rows, and not of notes", param_hint=option)
        _notes(
            variables, notes, output, release, document_column, text_column, tuple(recognizer), min_probability,
            mentioned_only, cluster, overwrite, as_json,
        )  # fmt: skip
        return
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
        done = run(home, task, cluster=cluster, overwrite=overwrite, tell=tell)
    if done.before == done.rows:
        note(f"{output} was complete.")
    elif done.before:
        note(f"{output} was continued after {done.before:,} rows.")
    if as_json:
        import json

        print(json.dumps(done.summary, ensure_ascii=False))
    else:
        _show(task, done)


def _notes(
    variables: Path,
    notes: str,
    output: Path,
    release: str | None,
    document_column: str,
    text_column: str | None,
    recognizers: tuple[str, ...],
    min_probability: float | None,
    mentioned_only: bool,
    cluster: Cluster | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    from api.annotation_file import Broken
    from api.harmonizing_notes import NotesTask, harmonize_notes
    from api.releases import chosen
    from graph.release import default_home
    from graph.variables.files import read
    from linker.annotation.document_sources import Columns

    home = default_home()
    task = NotesTask(
        variables=variables,
        notes=notes,
        output=output,
        release=chosen(home, release or read(variables).release or None),
        columns=Columns(document_column, text_column or "text"),
        recognizers=recognizers,
        min_probability=min_probability,
        mentioned_only=mentioned_only,
    )
    broken = Broken(lambda one: note(f"enlace: {one}"))
    with progress() as tell:
        done = harmonize_notes(home, task, broken, cluster=cluster, overwrite=overwrite, tell=tell)
    if done.before:
        note(f"{output} was continued after {done.before:,} documents.")
    if done.left_out:
        note(f"{done.left_out:,} document{'s were' if done.left_out > 1 else ' was'} left out.")
    if as_json:
        print(task.summary_file.read_text("utf-8"), end="")
    else:
        _show_notes(task, done)


def _show_notes(task: NotesTask, done: HarmonizedNotes) -> None:
    from rich.table import Table

    table = Table("variable", title=f"{done.documents:,} documents on {task.release}", title_justify="left")
    for status in next(iter(done.variables.values()), {}):
        table.add_column(status, justify="right")
    for variable, counts in done.variables.items():
        table.add_row(variable, *(f"{count:,}" for count in counts.values()))
    out().print(table)
    print(f"{task.output}, {task.summary_file.name}")


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
