"""Imports a stream of records as a release: all of it or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from graph import manifest
from graph.batches import RecordBatch, RecordOrBatch
from graph.errors import GraphError, ReleaseExists
from graph.hierarchy import Hierarchy
from graph.ladybug_builder import LadybugBuilder
from graph.model import Release, Source
from graph.release import HIERARCHY_FOLDER, STORE_FILE, ReleaseHome, check_name
from graph.store import Contents, open_store

_REPORT_EVERY = 20_000


def import_release(
    home: ReleaseHome,
    name: str,
    records: Iterable[RecordOrBatch],
    *,
    sources: Sequence[Source],
    replace: bool = True,
    rejected: int | Callable[[], int] = 0,
    progress: Callable[[str, int], None] | None = None,
) -> Release:
    """Import `records` as the release `name`, and make it current if none is.

    It is built in a staging folder and renamed into place at the very end. Until then a former release
    of that name keeps serving, and it stays if anything fails; after that it is gone with its index, so
    index the new one. What a killed import leaves, the next import removes.

    `records` come singly or as batches, mixed at will. `sources` and `rejected` (a number or a function
    that tells it) are read when `records` ends, so a loader may fill them while it is read. `progress` is
    called with a stage (`records`, `graph`, `hierarchy`, `manifest`) and how many records were read or,
    later, are in it.

    Raises `ReleaseExists` if `replace` is false and there is one, `ReleaseBusy` if another process is
    writing it, `HierarchyCycle` if the is-a relations of active concepts go round, `GraphError` if no
    record is a concept, `StoreUnavailable` if the store cannot be written, and whatever `records` raises.
    """
    tell = progress or (lambda stage, done: None)
    check_name(name)
    home.clean()
    with home.lock(name):
        home.recover(name)
        if not replace and name in home.names():
            raise ReleaseExists(
                f"There is already a release {name!r}; remove it first or allow replacing it."
            )
        staging = home.staging_folder(name)
        try:
            staging.mkdir(parents=True)
            contents = _write_store(staging / STORE_FILE, records, tell)
            hierarchy = _compile(staging, name)
            tell("hierarchy", hierarchy.closure_size)
            release = Release(
                name=name,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                software=_software(),
                sources=tuple(sources),
                counts={
                    **contents.counts,
                    "dangling_is_a": hierarchy.dangling,
                    "closure_pairs": hierarchy.closure_size,
                },
                languages=contents.languages,
                rejected=rejected() if callable(rejected) else rejected,
            )
            written = manifest.write(staging, release)
            tell("manifest", len(written.files))
            home.put_in_place(name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    if home.current() is None:
        home.set_current(name)
    return release


def _write_store(path: Path, records: Iterable[RecordOrBatch], tell: Callable[[str, int], None]) -> Contents:
    builder = LadybugBuilder.open(path)
    try:
        builder.add(_told(records, tell))
        contents = builder.finish()
    finally:
        builder.abandon()
    if not contents.counts["concepts"]:
        raise GraphError(
            "The source holds no concepts, so nothing was imported; check that it is the right one."
        )
    tell("graph", sum(contents.counts[kind] for kind in ("concepts", "terms", "is_a", "relations")))
    return contents


def _compile(staging: Path, name: str) -> Hierarchy:
    store = open_store(staging / STORE_FILE)
    try:
        active = (concept.id for concept in store.scan_concepts() if concept.active)
        hierarchy = Hierarchy.compile(active, store.scan_is_a(), release=name)
    finally:
        store.close()
    hierarchy.save(staging / HIERARCHY_FOLDER)
    return hierarchy


def _told(records: Iterable[RecordOrBatch], tell: Callable[[str, int], None]) -> Iterator[RecordOrBatch]:
    done = told = 0
    for record in records:
        yield record
        done += len(record) if isinstance(record, RecordBatch) else 1
        if done - told >= _REPORT_EVERY:
            tell("records", done)
            told = done
    tell("records", done)


def _software() -> str:
    try:
        return f"enlace {version('enlace')}"
    except PackageNotFoundError:
        return "enlace, not installed as a package"
