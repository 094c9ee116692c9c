"""`enlace load`: terminology files become a release."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.terminal import note, out, progress

if TYPE_CHECKING:
    from graph.model import Release
    from graph.release import ReleaseHome
    from loaders.options import Base
    from loaders.rejections import Rejections


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
            "--format", "-f", help="rf2, obograph, do-tables, gazetteer; by default told by content."
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
) -> None:
    """Import a terminology as a release and compile its hierarchy.

    A release of that name is replaced when the import has succeeded, and serves until then.
    """
    from graph.importing import import_release
    from graph.release import default_home
    from loaders.formats import load as open_source

    start = time.perf_counter()
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
        made = import_release(
            home,
            release,
            source.records,
            sources=source.sources,
            rejected=lambda: source.rejected.count,
            progress=lambda stage, done: tell(_STAGES.get(stage, stage), done, None),
        )
    _show(made, time.perf_counter() - start)
    _show_rejections(source.rejected)


def _base(home: ReleaseHome, name: str, until: ExitStack) -> Base:
    """The loaded release `name`, open until `until` ends."""
    from graph.release_records import release_records
    from loaders.options import Base

    opened = until.enter_context(home.open(name))
    return Base(name, opened.release.sources, lambda: release_records(opened.store))


_STAGES = {
    "records": "reading records",
    "graph": "loading the graph",
    "hierarchy": "compiling the hierarchy",
    "manifest": "writing the manifest",
}


def _show(release: Release, seconds: float) -> None:
    counts = release.counts
    console = out()
    console.print(
        f"Release {release.name} holds {counts['concepts']:,} concepts "
        f"({counts['active_concepts']:,} active), {counts['terms']:,} terms in {', '.join(release.languages)}, "
        f"{counts['is_a']:,} is-a and {counts['relations']:,} other relations, {counts['mappings']:,} mappings "
        f"and {counts['successions']:,} successions; imported in {seconds:.1f} s.",
        soft_wrap=True,
    )
    console.print(f"Index it next: enlace index --release {release.name}", soft_wrap=True)


def _show_rejections(rejections: Rejections) -> None:
    if not rejections:
        return
    note(f"{rejections.count:,} rows could not be used:")
    examples = {rejected.reason: rejected for rejected in reversed(list(rejections))}
    for reason, count in rejections.by_reason.items():
        example = examples.get(reason)
        where = f", for example {example.value!r} in row {example.row} of {example.file}" if example else ""
        note(f"  {count:,}: {reason}{where}")
