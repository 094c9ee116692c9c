"""How an import went, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from api.terminal import note, out

if TYPE_CHECKING:
    from rich.table import Table

    from graph.model import Release
    from graph.report import ImportReport

#: What the stages of an import are called on the screen.
STAGES = {
    "cleaning": "removing graphs that no release has",
    "records": "reading records",
    "graph": "loading the graph",
    "hierarchy": "compiling the hierarchy",
    "manifest": "writing the manifest",
}


def contents_of(release: Release) -> str:
    """What a release holds, as the end of a sentence about it."""
    # Releases of earlier versions have no memberships.
    counts = {"memberships": 0, **release.counts}
    return (
        f"{counts['concepts']:,} concepts ({counts['active_concepts']:,} active), {counts['terms']:,} terms in "
        f"{', '.join(release.languages) or 'no language'}, {counts['is_a']:,} is-a and {counts['relations']:,} "
        f"other relations, {counts['mappings']:,} mappings, {counts['successions']:,} successions and "
        f"{counts['memberships']:,} memberships of refsets"
    )


def note_rejections(report: ImportReport) -> None:
    """Say on stderr which rows could not be used, with an example each."""
    if not report.rejected:
        return
    note(f"{report.release.rejected:,} rows could not be used:")
    for one in report.rejected:
        note(f"  {one.rows:,}: {one.reason}, for example {one.value!r} in {one.place}")


def show_report(report: ImportReport, *, current: bool, index: str) -> None:
    """Print the whole report. `index` says how the release is indexed."""
    console = out()
    release = report.release
    console.print(
        f"Release {release.name}{' (current)' if current else ''} holds {contents_of(release)}.\n"
        f"Imported {release.created} by {release.software} in {report.seconds:.1f} s, with "
        f"{report.peak_memory_bytes / 2**20:,.0f} MiB of memory at most. Index: {index}.",
        soft_wrap=True,
    )
    if report.asked:
        asked = ", ".join(f"{name} {value}" for name, value in report.asked.items())
        console.print(f"Read with: {asked}.", soft_wrap=True)
    for table in _tables(report):
        console.print(table)
    if report.rejected:
        console.print(_where_rejected(report), soft_wrap=True)


def _tables(report: ImportReport) -> Iterator[Table]:
    from rich.table import Table

    release = report.release
    sources = Table("source", "format", "version", "bytes", "sha256")
    for source in release.sources:
        size = f"{source.size_bytes:,}"
        sources.add_row(source.name, source.format, source.version, size, source.sha256[:16])
    yield sources
    counts = Table("records", "number")
    for kind, number in release.counts.items():
        counts.add_row(kind.replace("_", " "), f"{number:,}")
    yield counts
    stages = Table("stage", "rows", "seconds", "rows/s")
    for stage in report.stages:
        name = STAGES.get(stage.name, stage.name)
        stages.add_row(name, f"{stage.rows:,}", f"{stage.seconds:.1f}", f"{stage.rows_per_second:,}")
    yield stages
    if report.rejected:
        rejected = Table("rejected rows", "reason", "the first of them", "its value")
        for one in report.rejected:
            rejected.add_row(f"{one.rows:,}", one.reason, one.place, one.value)
        yield rejected
    if report.left_out:
        left_out = Table("rows left out", "because")
        for reason, rows in report.left_out.items():
            left_out.add_row(f"{rows:,}", reason)
        yield left_out


def _where_rejected(report: ImportReport) -> str:
    from graph.report import REJECTED_FILE

    written, all_ = report.rejected_written, report.release.rejected
    which = "All of them are" if written == all_ else f"The first {written:,} of them are"
    limit = f" At most {report.rejected_limit} were allowed." if report.rejected_limit else ""
    return f"{which} in {REJECTED_FILE} in the folder of the release.{limit}"
