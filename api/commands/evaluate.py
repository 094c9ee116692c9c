"""`enlace evaluate`: how often the right concept is among the first k."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ReleaseOption
from api.terminal import out, progress

if TYPE_CHECKING:
    from rich.table import Table

    from linker.evaluation.evaluation import Evaluation


def evaluate(
    mentions: Annotated[Path, typer.Option("--mentions", help="Annotated mentions, tab-separated.")],
    release: ReleaseOption = None,
    span_column: Annotated[str, typer.Option("--span-column")] = "span",
    code_column: Annotated[str, typer.Option("--code-column")] = "code",
    document_column: Annotated[
        str | None,
        typer.Option(
            "--document-column", help="By default `doc`, `document` or `filename`, if there is one."
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, max=1000, help="Candidates asked for.")] = 200,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here; `-` is stdout.")
    ] = None,
) -> None:
    """Measure accuracy@k and MRR on annotated mentions, with baselines on the same index strings.

    Intervals are 95 %, by bootstrap over documents. Codes are ids of the release; `|` joins codes any of which is
    right.
    """
    from api.releases import chosen
    from graph.release import INDEX_FOLDER, default_home
    from linker.evaluation.evaluation import evaluate as run
    from linker.mentions import read_mentions
    from linker.pipeline import Linker

    home = default_home()
    name = chosen(home, release)
    gold = list(
        read_mentions(
            mentions, span_column=span_column, code_column=code_column, document_column=document_column
        )
    )
    with progress() as tell:
        tell("opening the models", 0, None)
        linker = Linker.open(home.folder(name) / INDEX_FOLDER)
        tell("linking", 0, len(gold))
        found = run(linker, gold, top=top, progress=lambda done: tell("linking", done, len(gold)))
        linker.close()
    figures = json.dumps(found.as_json(), ensure_ascii=False, indent=2)
    if json_file and str(json_file) == "-":
        print(figures)
        return
    if json_file:
        json_file.write_text(figures + "\n", "utf-8")
    out().print(evaluation_table(found))


def evaluation_table(found: Evaluation) -> Table:
    """The scoreboards as a table: a row a system, a column a cutoff."""
    from rich import box
    from rich.table import Table

    title = (
        f"{found.mentions:,} mentions of {found.documents:,} documents on {found.release} "
        f"({found.index['terms']:,} strings, {found.index['mentions']:,} annotated mentions among them; "
        f"{found.gold_not_in_index:,} gold codes are not in the index)"
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("system")
    for k in found.systems[0].accuracy:
        table.add_column(f"@{k}", justify="right", no_wrap=True)
    table.add_column("MRR", justify="right", no_wrap=True)
    for board in found.systems:
        cells = [f"{e.value:.3f} [{e.low:.2f}–{e.high:.2f}]" for e in (*board.accuracy.values(), board.mrr)]
        table.add_row(board.system, *cells)
    return table
