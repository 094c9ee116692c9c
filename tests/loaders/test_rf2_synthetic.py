"""Whole synthetic packages, awkward rows and all, against the records that they were made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from benchmarks.rf2_concepts import EXTENSION
from benchmarks.rf2_log import DATES
from benchmarks.synthetic_records import records
from benchmarks.synthetic_rf2 import LAST, Shape, make_terminology, write, write_delta
from graph.batches import one_by_one
from graph.importing import import_release
from graph.model import Record
from graph.release import ReleaseHome
from graph.release_records import release_records
from loaders.formats import load
from loaders.options import Base
from loaders.rf2_files import FULL


def loaded(paths: Sequence[Path], *, as_of: str = "", base: Base | None = None) -> list[Record]:
    source = load(paths, format="rf2", as_of=as_of, base=base)
    found = list(one_by_one(source.records))
    assert {*source.rejected.by_reason} <= {"the map gives the concept no code"}
    return found


def same(got: Iterable[Record], expected: Iterable[Record]) -> None:
    assert sorted(map(repr, got)) == sorted(map(repr, expected))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_snapshot_of_three_packages(tmp_path: Path, zipped: bool) -> None:
    terminology = make_terminology(Shape(1500, seed=3, awkward=0.05))
    same(loaded(write(terminology, tmp_path, zipped=zipped)), records(terminology))


def test_full_files_as_of_each_release(tmp_path: Path) -> None:
    terminology = make_terminology(Shape(500, seed=4, awkward=0))
    paths = write(terminology, tmp_path, release_type=FULL)
    for version in range(LAST + 1):
        # The extension is the last of the packages to be released.
        date = DATES[EXTENSION][version]
        same(loaded(paths, as_of=date), records(terminology, version=version))
    same(loaded(paths), records(terminology))


def test_a_delta_on_an_imported_release_makes_the_next(tmp_path: Path) -> None:
    terminology = make_terminology(Shape(800, seed=5, awkward=0.05))
    written = write_delta(terminology, tmp_path / "packages")
    home = ReleaseHome(tmp_path / "home")
    before = load(written["before"])
    import_release(home, "before", before.records, sources=before.sources)
    with home.open("before") as opened:
        base = Base("before", (), lambda: release_records(opened.store))
        same(loaded(written["delta"], base=base), loaded(written["after"]))
