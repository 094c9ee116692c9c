"""Imports a stream of records as a release: all of it or nothing."""

from __future__ import annotations

import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

from graph import manifest, report
from graph.batches import RecordBatch, RecordOrBatch
from graph.destination import Destination, destination
from graph.errors import GraphError, ReleaseExists, TooManyRejected
from graph.model import Release, Source
from graph.rejected import RejectedLimit, RejectedRows
from graph.release import HIERARCHY_FOLDER, ReleaseHome, check_name
from graph.report import ImportReport, Stage
from graph.store import Contents, GraphBuilder

#: Told a stage (`cleaning`, `records`, `hierarchy`, `graph`, `manifest`) and how many rows of it are done.
Progress: TypeAlias = Callable[[str, int], None]

_REPORT_EVERY = 20_000
_STORED = ("concepts", "terms", "is_a", "relations", "mappings", "successions", "memberships")


def import_release(
    home: ReleaseHome,
    name: str,
    records: Iterable[RecordOrBatch],
    *,
    sources: Sequence[Source],
    replace: bool = True,
    rejected: RejectedRows | None = None,
    max_rejected: RejectedLimit | None = None,
    asked: Mapping[str, str] | None = None,
    store: str | None = None,
    progress: Progress | None = None,
) -> Release:
    """Import `records` as the release `name`, and make it current if none is.

    It is built in a staging folder and renamed into place at the very end. Until then a former release
    of that name keeps serving, and it stays if anything fails; after that it is gone with its index, so
    index the new one. What a killed import leaves, the next import removes.

    `records` come singly or as batches, mixed at will. `sources` and `rejected` are read when they end, so a
    loader may fill them while it is read.
    `max_rejected` is None for no limit. `asked` says with which options the sources were read. All of
    this goes into the release's report (`graph.report`). `store` is the address of a Neo4j server for the
    graph to be at (`graph.neo4j_address`); without one it is a file in the release's folder.

    Raises `ReleaseExists` if `replace` is false and there is one, `ReleaseBusy` if another process is
    writing it, `TooManyRejected` with the rows in `ReleaseHome.rejected_file`, `HierarchyCycle` if the
    is-a relations of active concepts go round, `GraphError` if no record is a concept, `StoreUnavailable`
    if the store cannot be written, and whatever `records` raises.
    """
    to = destination(home, name, store)
    work = _Work(home, name, sources, rejected, max_rejected, asked or {}, to, progress)
    with work.staged():
        if not replace and name in home.names():
            raise ReleaseExists(
                f"There is already a release {name!r}; remove it first or allow replacing it."
            )
        release = work.build(records).release
        with to.published():
            home.put_in_place(name)
        home.rejected_file(name).unlink(missing_ok=True)
    if home.current() is None:
        home.set_current(name)
    return release


def rehearse_import(
    home: ReleaseHome,
    name: str,
    records: Iterable[RecordOrBatch],
    *,
    sources: Sequence[Source],
    rejected: RejectedRows | None = None,
    max_rejected: RejectedLimit | None = None,
    asked: Mapping[str, str] | None = None,
    store: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Do all that `import_release` does, tell how it went, and leave no release. Raises the same.

    Nothing is sent to a server: it is only seen whether the one at `store` could be used.
    """
    destination(home, name, store).check()
    to = destination(home, name, None)
    work = _Work(home, name, sources, rejected, max_rejected, asked or {}, to, progress)
    with work.staged():
        return work.build(records)


class _Work:
    """One import under way, in the staging folder of its release."""

    def __init__(
        self,
        home: ReleaseHome,
        name: str,
        sources: Sequence[Source],
        rejected: RejectedRows | None,
        max_rejected: RejectedLimit | None,
        asked: Mapping[str, str],
        to: Destination,
        progress: Progress | None,
    ) -> None:
        self._home = home
        self._name = check_name(name)
        self._sources = sources
        self._rejected = rejected
        self._max_rejected = max_rejected
        self._asked = asked
        self._to = to
        self._tell = progress or (lambda stage, done: None)
        self._stages: list[Stage] = []
        self._staging = home.staging_folder(name)

    @contextmanager
    def staged(self) -> Iterator[None]:
        """Hold the release's lock and an empty staging folder; whatever is still in it goes at the end."""
        self._home.clean()
        self._to.check()
        self._to.clean(lambda done: self._tell("cleaning", done))
        with self._home.lock(self._name):
            self._home.recover(self._name)
            try:
                self._staging.mkdir(parents=True)
                yield
            finally:
                self._to.close()
                shutil.rmtree(self._staging, ignore_errors=True)

    def build(self, records: Iterable[RecordOrBatch]) -> ImportReport:
        """Write everything that a release's folder holds into the staging folder."""
        contents, compiled = self._write(records)
        release = Release(
            name=self._name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            software=_software(),
            sources=tuple(self._sources),
            counts={
                **contents.counts,
                **compiled,
            },
            languages=contents.languages,
            rejected=0 if self._rejected is None else self._rejected.count,
        )
        self._tell("manifest", 0)
        made = self._write_report(release)
        manifest.write(self._staging, release, report=report.FILE)
        return made

    def _write(self, records: Iterable[RecordOrBatch]) -> tuple[Contents, dict[str, int]]:
        """Write hierarchy and store; answer what the store holds, and the counts of the hierarchy."""
        builder = self._to.builder(lambda done: self._tell("graph", done))
        try:
            start = time.perf_counter()
            # A loader may read for a while before it gives its first record.
            self._tell("records", 0)
            reading = _Reading(records, self._tell)
            builder.add(reading)
            self._end_stage("records", reading.done, start)
            self._check_rejected(reading.done)
            # First, because a cycle is found here, and loading the graph takes longer.
            compiled = self._compile(builder)
            start = time.perf_counter()
            self._tell("graph", 0)
            contents = builder.finish()
        finally:
            builder.abandon()
        stored = sum(contents.counts[kind] for kind in _STORED)
        self._end_stage("graph", stored, start)
        if not contents.counts["concepts"]:
            raise GraphError(
                "The source holds no concepts, so nothing was imported; check that it is the right one."
            )
        return contents, compiled

    def _compile(self, builder: GraphBuilder) -> dict[str, int]:
        start = time.perf_counter()
        self._tell("hierarchy", 0)
        hierarchy = builder.compile(self._name)
        hierarchy.save(self._staging / HIERARCHY_FOLDER)
        self._end_stage("hierarchy", hierarchy.closure_size, start)
        return {"dangling_is_a": hierarchy.dangling, "closure_pairs": hierarchy.closure_size}

    def _check_rejected(self, used: int) -> None:
        limit, rejected = self._max_rejected, self._rejected
        if limit is None or rejected is None or limit.allows(rejected.count, used):
            return
        file = self._home.rejected_file(self._name)
        file.parent.mkdir(parents=True, exist_ok=True)
        rejected.write(file)
        raise TooManyRejected(rejected.count, used, str(limit), file)

    def _write_report(self, release: Release) -> ImportReport:
        rejected, written = self._rejected, 0
        if rejected is not None and rejected.count:
            written = rejected.write(self._staging / report.REJECTED_FILE)
        made = ImportReport(
            release=release,
            asked=dict(self._asked),
            stages=tuple(self._stages),
            peak_memory_bytes=_peak_memory_bytes(),
            rejected=() if rejected is None else tuple(rejected.reasons),
            rejected_limit=str(self._max_rejected or ""),
            rejected_written=written,
            left_out={} if rejected is None else dict(rejected.left_out),
        )
        report.write(self._staging, made)
        return made

    def _end_stage(self, stage: str, rows: int, start: float) -> None:
        self._stages.append(Stage(stage, rows, round(time.perf_counter() - start, 3)))
        self._tell(stage, rows)


class _Reading:
    """Passes records on and counts them."""

    def __init__(self, records: Iterable[RecordOrBatch], tell: Progress) -> None:
        self._records = records
        self._tell = tell
        self.done = 0

    def __iter__(self) -> Iterator[RecordOrBatch]:
        told = 0
        for record in self._records:
            yield record
            self.done += len(record) if isinstance(record, RecordBatch) else 1
            if self.done - told >= _REPORT_EVERY:
                told = self.done
                self._tell("records", told)


def _software() -> str:
    try:
        return f"enlace {version('enlace')}"
    except PackageNotFoundError:
        return "enlace, not installed as a package"


def _peak_memory_bytes() -> int:
    """The most memory this process held. On Linux `ru_maxrss` begins with what the process that started it held."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # macOS counts bytes, others kilobytes.
        return peak if sys.platform == "darwin" else peak * 1024
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
