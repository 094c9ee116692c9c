"""`enlace link`: mentions become ranked concepts, a few on the screen or many in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import JsonOption, ReleaseOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from api.linking_file import Provenance
    from graph.release import ReleaseHome
    from linker.model import Linking
    from linker.pipeline import Linker

DEFAULT_TOP = 5
DEFAULT_TOP_FILE = 25


def link(
    mentions: Annotated[list[str] | None, typer.Argument(help="Mentions as they stand in a text.")] = None,
    release: ReleaseOption = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            min=1,
            max=1000,
            help="Concepts for each mention; by default 5 on the screen and 25 in a file.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    input: Annotated[Path | None, typer.Option("--input", help="A table of mentions, tab-separated.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where to write one JSON object a mention; `-` is stdout.")
    ] = None,
    column: Annotated[
        str, typer.Option("--column", help="The column of the table with the mentions.")
    ] = "span",
    budget_ms: Annotated[
        float | None,
        typer.Option(
            "--budget-ms",
            min=0,
            help="Milliseconds after which no further mention is re-ranked, counted once the models are open; "
            "without --input.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin an output file anew.")] = False,
) -> None:
    """Link mentions to the concepts of a release.

    With --input and --output a run that was killed continues when it is started again.
    """
    if bool(mentions) == bool(input):
        raise typer.BadParameter("give mentions or --input, one of the two", param_hint="MENTIONS")
    if bool(input) != bool(output):
        raise typer.BadParameter("--input and --output go together", param_hint="--output")
    if input and budget_ms is not None:
        raise typer.BadParameter(
            "a file is linked alike at every run; give mentions instead of --input", param_hint="--budget-ms"
        )
    from api.releases import chosen
    from graph.release import default_home

    home = default_home()
    name = chosen(home, release)
    if input and output:
        _link_file(home, name, input, output, column, top or DEFAULT_TOP_FILE, overwrite)
    else:
        _link_few(home, name, mentions or [], top or DEFAULT_TOP, as_json, budget_ms)


def _open(home: ReleaseHome, name: str) -> Linker:
    from graph.release import INDEX_FOLDER
    from linker.pipeline import Linker

    with progress() as tell:
        tell("opening the models", 0, None)
        return Linker.open(home.folder(name) / INDEX_FOLDER)


def _link_few(
    home: ReleaseHome, name: str, mentions: list[str], top: int, as_json: bool, budget_ms: float | None
) -> None:
    from api.linking_json import linking_json
    from api.linking_tables import linking_table
    from linker.pipeline import check_mention

    home.folder(name)
    # Opening models takes seconds; a mention that will be rejected is told before.
    for place, mention in enumerate(mentions, start=1):
        check_mention(mention, place)
    linkings: list[Linking] = _open(home, name).link(mentions, top_k=top, budget_ms=budget_ms)
    for linking in linkings:
        if as_json:
            print(json.dumps(linking_json(linking), ensure_ascii=False))
        else:
            out().print(linking_table(linking))


def _link_file(
    home: ReleaseHome, name: str, input: Path, output: Path, column: str, top: int, overwrite: bool
) -> None:
    from api.linking_file import checked_mentions, link_stream, resumed

    provenance = _provenance(home, name, input, column, top)
    total = sum(1 for _ in checked_mentions(input, column))
    mentions = checked_mentions(input, column)
    if str(output) == "-":
        linker = _open(home, name)
        with progress() as tell:
            link_stream(linker, mentions, sys.stdout, top, lambda done: tell("linking", done, total))
        return
    with resumed(output, provenance, mentions, overwrite=overwrite) as (text, before):
        if before == total:
            note(f"{output} is complete: {total:,} mentions.")
            return
        if before:
            note(f"Continuing {output} after {before:,} of {total:,} mentions.")
        linker = _open(home, name)
        with progress() as tell:
            link_stream(linker, mentions, text, top, lambda done: tell("linking", before + done, total))
    note(f"{output} holds the linkings of {total:,} mentions.")


def _provenance(home: ReleaseHome, name: str, input: Path, column: str, top: int) -> Provenance:
    from api.linking_file import Provenance, sha256_of
    from graph.release import INDEX_FOLDER
    from linker.index_manifest import IndexManifest

    release = home.release(name)
    index = IndexManifest.read(home.folder(name) / INDEX_FOLDER)
    return Provenance(
        input_sha256=sha256_of(input),
        column=column,
        release=name,
        release_created=release.created,
        index_created=index.created,
        encoder_sha256=index.encoder.weights_sha256,
        cross_encoder=index.cross_encoder,
        top=top,
    )
