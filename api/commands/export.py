"""`enlace export`: a release, or some concepts of it, in a file that other tools read."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ReleaseOption
from api.terminal import Tell, note, progress

if TYPE_CHECKING:
    from graph.model import CURIE
    from graph.release import OpenRelease


class ExportFormat(StrEnum):
    """What can be written."""

    PARQUET = "parquet"
    TURTLE = "turtle"
    NTRIPLES = "ntriples"
    GRAPHML = "graphml"
    JSON = "json"


_BY_SUFFIX = {
    "": ExportFormat.PARQUET,
    ".ttl": ExportFormat.TURTLE,
    ".nt": ExportFormat.NTRIPLES,
    ".graphml": ExportFormat.GRAPHML,
    ".json": ExportFormat.JSON,
}


def export(
    output: Annotated[
        Path,
        typer.Argument(
            help="The file to write, or for Parquet the folder, which must not be there yet.",
            show_default=False,
        ),
    ],
    release: ReleaseOption = None,
    format: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="SKOS as Turtle or N-Triples; a network as GraphML or NetworkX's node-link JSON; tables as Parquet.",
            show_default="by the name: .ttl, .nt, .graphml, .json, and Parquet for a folder",
        ),
    ] = None,
    ecl: Annotated[
        str | None,
        typer.Option("--ecl", metavar="EXPRESSION", help="Only the concepts that an expression stands for."),
    ] = None,
    around: Annotated[
        str | None,
        typer.Option("--around", metavar="ID", help="Only a concept with what is near it in the hierarchy."),
    ] = None,
    up: Annotated[int, typer.Option("--up", min=0, help="With --around: is-a steps above the concept.")] = 2,
    down: Annotated[int, typer.Option("--down", min=0, help="With --around: is-a steps below it.")] = 1,
) -> None:
    """Write a release, or some concepts of it, as SKOS, as a network or as tables.

    What is written takes its place when it is whole; a file that was there is replaced.
    """
    chosen_format = format or _BY_SUFFIX.get(output.suffix.lower())
    if chosen_format is None:
        raise typer.BadParameter(
            f"{output.name} does not tell; give --format or a name in {', '.join(filter(None, _BY_SUFFIX))}",
            param_hint="--format",
        )
    if ecl is not None and around is not None:
        raise typer.BadParameter("give --ecl or --around, one of the two", param_hint="--around")
    if chosen_format is ExportFormat.PARQUET:
        if ecl is not None or around is not None:
            raise typer.BadParameter(
                "tables are of whole releases; filter them by the ids that `enlace expand --csv` prints",
                param_hint="--ecl" if around is None else "--around",
            )
        if output.exists():
            raise typer.BadParameter(f"{output} is there already; name another folder", param_hint="OUTPUT")
    if not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.absolute().parent}", param_hint="OUTPUT")
    from api.errors import OutputMismatch
    from api.files_beside import beside
    from api.releases import chosen
    from graph.release import default_home

    home = default_home()
    with home.open(chosen(home, release)) as opened, progress() as tell:
        ids = _chosen_ids(opened, ecl, around, up, down, tell)
        try:
            with beside(output) as path:
                written = _write(opened, path, chosen_format, ids, tell)
        except OSError as error:
            raise OutputMismatch(
                f"{output} cannot be written: {error.strerror}; name another place."
            ) from error
    note(f"{output} holds {written}.")


def _chosen_ids(
    opened: OpenRelease, ecl: str | None, around: str | None, up: int, down: int, tell: Tell
) -> list[CURIE] | None:
    if around is not None:
        from graph.views.networks import neighbourhood

        return neighbourhood(opened, around, up=up, down=down)
    if ecl is None:
        return None
    from graph.value_sets import ValueSets

    value_sets = ValueSets.open(opened, lambda stage, done: tell(f"compiling {stage}", done, None))
    return list(value_sets.expand(ecl).ids)


def _write(opened: OpenRelease, path: Path, format: ExportFormat, ids: list[CURIE] | None, tell: Tell) -> str:
    """Write, and say what was written."""
    total = len(ids) if ids is not None else opened.release.counts.get("concepts")
    match format:
        case ExportFormat.PARQUET:
            from graph.views.tables import write_tables

            path.mkdir()
            rows: dict[str, int] = {}
            for table, done in write_tables(opened, path):
                tell(table, done, None)
                rows[table] = done
            return ", ".join(f"{count:,} {table}" for table, count in rows.items())
        case ExportFormat.TURTLE | ExportFormat.NTRIPLES:
            from graph.views.skos import RdfSyntax, write_skos

            done = 0
            with path.open("w", encoding="utf-8", newline="\n") as file:
                for done in write_skos(opened, file, RdfSyntax(format.value), ids):
                    tell("writing concepts", done, total)
            return _number(done, "concept")
        case ExportFormat.GRAPHML | ExportFormat.JSON:
            import networkx as nx

            from graph.views.networks import network

            tell("reading concepts", 0, total)
            made = network(opened, ids)
            if format is ExportFormat.GRAPHML:
                nx.write_graphml(made, path)
            else:
                data = nx.node_link_data(made, edges="edges")
                path.write_text(json.dumps(data, ensure_ascii=False) + "\n", "utf-8")
            return f"{_number(len(made), 'concept')} and {_number(made.number_of_edges(), 'relation')}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
