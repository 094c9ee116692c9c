"""The RF2 loader on whole synthetic releases agrees, record by record, with what they were written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from benchmarks.rf2_concepts import EXTENSION, PACKAGES
from benchmarks.rf2_log import DATES
from benchmarks.synthetic_records import active, latest, preferred_terms, records
from benchmarks.synthetic_rf2 import LAST, Shape, Terminology, make_terminology, write, write_delta
from graph.batches import one_by_one
from graph.importing import import_release
from graph.model import IS_A, Concept, Record, Relation, Term, TermKind
from graph.release import ReleaseHome
from graph.release_records import release_records
from loaders import rf2_files
from loaders.formats import load
from loaders.options import Base
from loaders.rf2_files import FULL

INTERNATIONAL_AND_SPANISH = ("international", "spanish")


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    """A share of awkward rows ten times that of real releases, so that a small one has all kinds."""
    return make_terminology(Shape(800, seed=3, awkward=0.1))


@pytest.fixture(scope="module")
def expected(terminology: Terminology) -> list[Record]:
    return list(records(terminology))


@pytest.fixture(scope="module")
def folder(terminology: Terminology, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Snapshots of all packages, at the last version."""
    folder = tmp_path_factory.mktemp("snapshot")
    write(terminology, folder)
    return folder


def loaded(paths: Path | Sequence[Path], **options: object) -> list[Record]:
    return list(one_by_one(load(paths, **options).records))  # type: ignore[arg-type]


def assert_same(found: Iterable[Record], expected: Iterable[Record]) -> None:
    """The same records, each as often, in any order; the failure shows a few that differ."""
    have, want = Counter(found), Counter(expected)
    surplus, missing = have - want, want - have
    assert (list(surplus)[:3], list(missing)[:3]) == ([], [])
    assert surplus.total() == missing.total() == 0


def test_a_folder_of_several_packages_with_awkward_rows(
    terminology: Terminology, expected: list[Record], folder: Path
) -> None:
    source = load(folder)
    assert_same(list(one_by_one(source.records)), expected)
    maps = (rf2_files.COMPLEX_MAP, rf2_files.EXTENDED_MAP)
    tables = latest(terminology, LAST, PACKAGES)
    without_code = [row for kind in maps for row in active(tables, kind) if not row["mapTarget"]]
    assert 0 < source.rejected.count == len(without_code)


def test_packages_named_one_by_one_in_any_order(expected: list[Record], folder: Path) -> None:
    packages = sorted(path for path in folder.iterdir() if path.is_dir())
    assert len(packages) == 3
    for order in (packages, packages[::-1]):
        assert_same(loaded(order), expected)


def test_zipped_packages(terminology: Terminology, expected: list[Record], tmp_path: Path) -> None:
    assert_same(loaded(write(terminology, tmp_path, zipped=True)), expected)


def test_without_the_extension_its_changes_are_not_made(
    terminology: Terminology, expected: list[Record], folder: Path
) -> None:
    packages = [path for path in folder.iterdir() if "SpainExtension" not in path.name]
    found = loaded(packages)
    assert_same(found, records(terminology, packages=INTERNATIONAL_AND_SPANISH))
    terms = [{record.id for record in state if isinstance(record, Term)} for state in (found, expected)]
    assert terms[0] - terms[1]


@pytest.mark.parametrize(
    ("languages", "refset"),
    [
        (("es-ES", "en"), "448879004"),
        (("es-419", "en"), "450828004"),
        (("en-US",), "900000000000509007"),
        (("en-GB", "es"), "900000000000508004"),
    ],
)
def test_the_preferred_term_is_that_of_the_first_dialect(
    terminology: Terminology, folder: Path, languages: tuple[str, ...], refset: str
) -> None:
    found = loaded(folder, languages=languages)
    assert_same(found, records(terminology, languages=[language.lower() for language in languages]))
    wanted = preferred_terms(latest(terminology, LAST, PACKAGES), refset)
    code = languages[0][:2]
    preferred = {
        record.concept.removeprefix("SNOMEDCT:"): record.text
        for record in found
        if isinstance(record, Term) and record.kind is TermKind.PREFERRED and record.language == code
    }
    assert len(wanted) > 300
    assert wanted.items() <= preferred.items()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Terminology, list[Path]]:
    terminology = make_terminology(Shape(400, seed=4, awkward=0))
    return terminology, write(terminology, tmp_path_factory.mktemp("full"), release_type=FULL)


@pytest.mark.parametrize("version", [0, 2, LAST - 1, LAST])
def test_full_as_of_a_date(full: tuple[Terminology, list[Path]], version: int) -> None:
    terminology, packages = full
    assert_same(loaded(packages, as_of=DATES[EXTENSION][version]), records(terminology, version=version))


def test_full_without_a_date_is_the_newest_state(full: tuple[Terminology, list[Path]]) -> None:
    terminology, packages = full
    assert_same(loaded(packages), records(terminology))


def test_a_snapshot_and_a_delta_make_the_next_snapshot(
    terminology: Terminology, expected: list[Record], tmp_path: Path
) -> None:
    written = write_delta(terminology, tmp_path)
    before = load(written["before"])
    earlier = list(one_by_one(before.records))
    assert_same(earlier, records(terminology, version=LAST - 1))
    later = loaded(written["delta"], base=Base("before", before.sources, lambda: iter(earlier)))
    assert_same(later, expected)
    assert_same(later, loaded(written["after"]))
    assert all(kinds_changed(earlier, later).values())


def test_a_delta_on_an_imported_release_makes_the_next(
    terminology: Terminology, expected: list[Record], tmp_path: Path
) -> None:
    written = write_delta(terminology, tmp_path / "packages")
    home = ReleaseHome(tmp_path / "home")
    before = load(written["before"])
    import_release(home, "before", before.records, sources=before.sources)
    with home.open("before") as opened:
        base = Base("before", (), lambda: release_records(opened.store))
        assert_same(loaded(written["delta"], base=base), expected)


def kinds_changed(earlier: Iterable[Record], later: Iterable[Record]) -> dict[str, bool]:
    """That the delta did all that it should: new, retired, re-termed and re-parented concepts."""
    concepts = [{r.id: r.active for r in state if isinstance(r, Concept)} for state in (earlier, later)]
    before, after = concepts
    return {
        "new": bool(after.keys() - before.keys()),
        "retired": any(active and not after[id] for id, active in before.items()),
        "re-termed": _preferred(earlier) != _preferred(later),
        "re-parented": _parents(earlier) != _parents(later),
    }


def _preferred(records: Iterable[Record]) -> set[tuple[str, str]]:
    return {(r.concept, r.id) for r in records if isinstance(r, Term) and r.kind is TermKind.PREFERRED}


def _parents(records: Iterable[Record]) -> set[tuple[str, str]]:
    return {(r.source, r.target) for r in records if isinstance(r, Relation) and r.type == IS_A}
