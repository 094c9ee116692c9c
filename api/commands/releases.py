"""`enlace releases`: what is imported and indexed here, and how each import went."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import JsonOption
from api.terminal import note, out, progress

if TYPE_CHECKING:
    from graph.release import ReleaseHome


def releases(
    name: Annotated[
        str | None, typer.Argument(help="A release, to see the report of its import.", show_default=False)
    ] = None,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean", help="Remove what killed imports left, and the graphs at servers that no release has."
        ),
    ] = False,
    use: Annotated[
        str | None,
        typer.Option(
            "--use", metavar="NAME", help="Make a release the current one; servers take it up by themselves."
        ),
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Make the release current again that was before.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the releases, which of them is current, and how each is indexed; or show how one was imported."""
    from graph.release import default_home

    home = default_home()
    if use is not None or back:
        _choose(home, use)
        return
    if clean:
        _clean(home)
    if name is not None:
        _show_one(home, name, as_json)
        return
    rows = [_row(home, name) for name in home.names()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif rows:
        _show(rows)
    else:
        note(f"There are no releases in {home.path}; import one with `enlace load` or `enlace demo`.")


def _show_one(home: ReleaseHome, name: str, as_json: bool) -> None:
    from api.import_report import show_report
    from graph import report
    from graph.report import ImportReport

    # A release imported by an earlier version of Enlace has a manifest and no report.
    read = report.read(home.folder(name)) or ImportReport(home.release(name))
    current, index = home.current() == name, _index(home, name)
    if as_json:
        said = {"current": current, "index": index, **read.as_json()}
        print(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        show_report(read, current=current, index=_indexed(index))


def _choose(home: ReleaseHome, name: str | None) -> None:
    """Make `name`, or where it is None the former release, the current one. Raises ReleaseNotFound, NoReleaseChosen."""
    from api.errors import NoReleaseChosen

    wanted = name if name is not None else home.former()
    if wanted is None:
        raise NoReleaseChosen(
            "There is no former release here; name the one to use with `enlace releases --use`."
        )
    home.set_current(wanted)
    note(f"{wanted} is the current release.")


def _clean(home: ReleaseHome) -> None:
    """Clean up, saying what goes. Raises StoreUnavailable for the first server that cannot be cleaned."""
    from graph.release import GRAPHS_FOLDER

    for name in home.clean():
        note(f"Removed what a killed import of {name} had left.")
    # Neo4j's driver is loaded only where releases had graphs at a server.
    if not (home.releases_folder / GRAPHS_FOLDER).exists():
        return
    from graph.server_graphs import clean

    with progress() as tell:
        leftovers = clean(home, progress=lambda done: tell("removing nodes", done, None))
    for leftover in leftovers:
        if leftover.problem:
            raise leftover.problem
        note(f"Removed the graph {leftover.address.key} from Neo4j at {leftover.address}.")


def _row(home: ReleaseHome, name: str) -> dict[str, Any]:
    from graph import neo4j_address

    release = home.release(name)
    server = neo4j_address.read(home.folder(name))
    return {
        "name": name,
        "current": home.current() == name,
        "created": release.created,
        "languages": list(release.languages),
        "counts": dict(release.counts),
        "rejected": release.rejected,
        "sources": [
            {"name": source.name, "format": source.format, "version": source.version, "sha256": source.sha256}
            for source in release.sources
        ],
        "store": server.url if server else "embedded",
        "index": _index(home, name),
    }


def _index(home: ReleaseHome, name: str) -> dict[str, Any] | None:
    from graph.release import INDEX_FOLDER

    # The manifest is read as JSON: its module loads NumPy, and this command answers at once.
    path = home.folder(name) / INDEX_FOLDER / "manifest.json"
    try:
        said = json.loads(path.read_text("utf-8"))
        keys = ("created", "terms", "concepts", "mentions")
        return {
            **{key: said[key] for key in keys},
            "biEncoder": said["bi_encoder"],
            "crossEncoder": said["cross_encoder"] or None,
            "writtenOut": said.get("written_out", 0),
            "termsOf": said.get("terms_of", {}),
            "runtime": said.get("runtime", "torch"),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("release", "concepts", "terms", "languages", "source", "graph", "imported", "index")
    for row in rows:
        index = row["index"]
        table.add_row(
            f"{row['name']}{' (current)' if row['current'] else ''}",
            f"{row['counts'].get('active_concepts', 0):,}",
            f"{row['counts'].get('terms', 0):,}",
            " ".join(row["languages"]),
            ", ".join(source["name"] for source in row["sources"][:2]),
            row["store"].partition("#")[0],
            row["created"][:16].replace("T", " "),
            _indexed(index),
        )
    out().print(table)


def _indexed(index: dict[str, Any] | None) -> str:
    return f"{index['terms']:,} terms, {index['biEncoder']}" if index else "none"
