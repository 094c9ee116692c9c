"""`enlace load`: terminology files become a release."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.import_report import STAGES, contents_of, note_rejections
from api.terminal import out, progress

if TYPE_CHECKING:
    from graph.rejected import RejectedLimit
    from graph.release import ReleaseHome
    from graph.report import ImportReport
    from loaders.options import Base


def load(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="A file, folder or zip of a terminology; of RF2 several packages that build on each other.",
            show_default=False,
        ),
    ],
    release: Annotated[
        str,
        typer.Option("--release", "-r", metavar="NAME", help="What to call the release.", show_default=False),
    ],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="rf2, rrf, obograph, obo, owl, skos, do-tables, gazetteer; by default told by content.",
        ),
    ] = None,
    translations: Annotated[
        list[Path] | None, typer.Option("--translations", "-t", help="A Babelon table; may be repeated.")
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option("--prefix", help="What ids begin with where the source's codes have no prefix."),
    ] = None,
    languages: Annotated[
        str, typer.Option("--languages", help="Languages to keep, the preferred one first.")
    ] = "es,en",
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="YYYYMMDD", help="The day whose state to read from RF2 Full.")
    ] = "",
    onto: Annotated[
        str | None,
        typer.Option("--onto", metavar="RELEASE", help="The loaded release that an RF2 Delta changes."),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="SAB", help="A source of UMLS to keep; may be repeated."),
    ] = None,
    hierarchy_sources: Annotated[
        list[str] | None,
        typer.Option(
            "--hierarchy", metavar="SAB", help="A source of UMLS to take is-a from; may be repeated."
        ),
    ] = None,
    max_rejected: Annotated[
        str,
        typer.Option(
            "--max-rejected",
            metavar="N or N%",
            help="The rows that may be unusable, a number or a share of all; with more nothing is imported.",
        ),
    ] = "1%",
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="URL",
            help="A Neo4j server to keep the graph, such as neo4j://localhost:7687; who asks, NEO4J_USER and "
            "NEO4J_PASSWORD say.",
            show_default="a file of the release",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read, check and report everything; leave no release.")
    ] = False,
) -> None:
    """Import a terminology as a release and compile its hierarchy.

    A release of that name is replaced when the import has succeeded, and serves until then.
    """
    from graph import report
    from graph.importing import import_release, rehearse_import
    from graph.release import default_home
    from loaders.formats import load as open_source

    start = time.perf_counter()
    limit = _limit(max_rejected)
    home = default_home()
    with ExitStack() as opened:
        source = open_source(
            paths,
            format=format,
            translations=translations or (),
            prefix=prefix,
            languages=[code.strip() for code in languages.split(",") if code.strip()],
            as_of=as_of,
            base=_base(home, onto, opened) if onto else None,
            sources=sources or (),
            hierarchy_sources=hierarchy_sources or (),
        )
        tell = opened.enter_context(progress())
        made = (rehearse_import if dry_run else import_release)(
            home,
            release,
            source.records,
            sources=source.sources,
            rejected=source.rejected,
            max_rejected=limit,
            asked=source.asked,
            store=store,
            progress=lambda stage, done: tell(STAGES.get(stage, stage), done, None),
        )
    told = made if isinstance(made, report.ImportReport) else report.read(home.folder(release))
    assert told is not None  # it was written a moment ago
    _show(told, time.perf_counter() - start, dry_run=dry_run)
    note_rejections(told)


def _limit(text: str) -> RejectedLimit:
    from graph.rejected import RejectedLimit

    try:
        return RejectedLimit.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--max-rejected'") from error


def _show(report: ImportReport, seconds: float, *, dry_run: bool) -> None:
    release = report.release
    would = "would hold" if dry_run else "holds"
    done = "nothing was left, after" if dry_run else "imported in"
    console = out()
    console.print(
        f"Release {release.name} {would} {contents_of(release)}; {done} {seconds:.1f} s.", soft_wrap=True
    )
    if not dry_run:
        console.print(f"Index it next: enlace index --release {release.name}", soft_wrap=True)


def _base(home: ReleaseHome, name: str, until: ExitStack) -> Base:
    """The loaded release `name`, open until `until` ends."""
    from graph.release_records import release_records
    from loaders.options import Base

    opened = until.enter_context(home.open(name))
    return Base(name, opened.release.sources, lambda: release_records(opened.store))
