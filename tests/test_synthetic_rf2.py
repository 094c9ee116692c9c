"""The synthetic releases: valid identifiers, whole references, the stated shape, the same bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rf2_concepts import INTERNATIONAL, MIN_CONCEPTS, PACKAGES
from benchmarks.rf2_log import DATES, Log
from benchmarks.synthetic_records import active, latest, preferred_terms, records
from benchmarks.synthetic_rf2 import LAST, Shape, Terminology, make_terminology, write, write_delta
from graph.hierarchy import Hierarchy
from graph.model import IS_A, Concept, Mapping, Membership, Record, Relation, Succession, Term, TermKind
from loaders import rf2_files
from loaders.rf2_files import FULL
from loaders.sctid import ComponentKind, is_valid

COMPONENTS = {
    rf2_files.CONCEPT: ComponentKind.CONCEPT,
    rf2_files.DESCRIPTION: ComponentKind.DESCRIPTION,
    rf2_files.TEXT_DEFINITION: ComponentKind.DESCRIPTION,
    rf2_files.RELATIONSHIP: ComponentKind.RELATIONSHIP,
    rf2_files.CONCRETE_VALUE: ComponentKind.RELATIONSHIP,
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return make_terminology(Shape(5000, seed=7))


@pytest.fixture(scope="module")
def release(terminology: Terminology) -> list[Record]:
    return list(records(terminology))


def test_every_identifier_is_valid_and_used_once(terminology: Terminology) -> None:
    seen: set[str] = set()
    for log in terminology.logs():
        ids = log.id_texts(np.unique(log.component, return_index=True)[1]).to_pylist()
        assert len(ids) == len({*ids}) > 0
        assert seen.isdisjoint(ids)
        seen.update(ids)
        kind = COMPONENTS.get(log.kind)
        assert all(is_valid(id, kind) if kind else UUID.fullmatch(id) for id in ids)


@pytest.mark.parametrize("version", [0, LAST])
def test_every_reference_is_to_what_is_there(terminology: Terminology, version: int) -> None:
    concepts: dict[str, Concept] = {}
    others: list[Record] = []
    for record in records(terminology, version=version):
        if isinstance(record, Concept):
            concepts[record.id] = record
        else:
            others.append(record)
    current = {id for id, concept in concepts.items() if concept.active}
    relations = [record for record in others if isinstance(record, Relation)]
    assert len(relations) > 10 * 500
    for relation in relations:
        assert {relation.source, relation.type} - {IS_A} <= current
        assert relation.target in current or relation.target[0] in '#"t'
    assert {r.source for r in relations if r.type == IS_A} == current - {"SNOMEDCT:138875005"}
    assert {r.concept for r in others if isinstance(r, Term | Mapping)} <= concepts.keys()
    assert {
        end for r in others if isinstance(r, Membership) for end in (r.refset, r.member)
    } <= concepts.keys()
    successions = [record for record in others if isinstance(record, Succession)]
    assert bool(successions) == (version > 0)
    assert {s.successor for s in successions} <= current
    assert {s.retired for s in successions} <= concepts.keys() - current


def test_the_shape_is_that_of_the_international_edition(
    release: list[Record], terminology: Terminology
) -> None:
    concepts = [record for record in release if isinstance(record, Concept)]
    is_a = [r for r in release if isinstance(r, Relation) and r.type == IS_A]
    current = [concept.id for concept in concepts if concept.active]
    hierarchy = Hierarchy.compile(current, ((r.source, r.target) for r in is_a))
    counts = Counter(type(record) for record in release)
    depths = terminology.concepts.levels
    assert (len(concepts), hierarchy.roots(), hierarchy.dangling) == (5000, ("SNOMEDCT:138875005",), 0)
    assert len(hierarchy.children("SNOMEDCT:138875005")) == 19
    assert 1.5 <= hierarchy.is_a_count / len(hierarchy) <= 1.9
    assert 0.05 <= 1 - len(current) / len(concepts) <= 0.15
    assert 10 <= depths.max() <= 20
    assert 5 <= hierarchy.closure_size / len(hierarchy) <= 25
    assert 3 <= counts[Term] / 5000 <= 5
    assert 5 <= counts[Relation] / 5000 <= 9
    assert min(counts[kind] for kind in (Mapping, Membership, Succession)) > 250
    lengths = [len(r.text) for r in release if isinstance(r, Term) and r.kind is not TermKind.DEFINITION]
    assert 25 <= np.median(lengths) <= 50
    assert max(lengths) > 1000


def test_a_concept_has_one_fully_specified_name_and_one_preferred_term_a_language(
    release: list[Record],
) -> None:
    terms = [record for record in release if isinstance(record, Term)]
    for kind in (TermKind.FSN, TermKind.PREFERRED):
        of_kind = Counter((term.concept, term.language) for term in terms if term.kind is kind)
        assert set(of_kind.values()) == {1}
    english = [term.text for term in terms if (term.kind, term.language) == (TermKind.FSN, "en")]
    assert len({*english}) == len(english)


def test_dialects_and_times_differ_in_what_they_prefer(terminology: Terminology) -> None:
    now, before = (latest(terminology, version, PACKAGES) for version in (LAST, LAST - 1))
    spain, america = (preferred_terms(now, refset) for refset in ("448879004", "450828004"))
    both = spain.keys() & america.keys()
    assert 0.8 * len(spain) < len(both) < len(spain)
    assert 10 < sum(spain[concept] != america[concept] for concept in both) < len(both) / 5
    earlier = preferred_terms(before, "448879004")
    assert any(earlier[concept] != spain[concept] for concept in earlier.keys() & spain.keys())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    def files(seed: int, folder: str) -> dict[Path, bytes]:
        written = write(make_terminology(Shape(300, seed)), tmp_path / folder)
        found = [path for package in written for path in package.rglob("*.txt")]
        return {path.relative_to(tmp_path / folder): path.read_bytes() for path in found}

    first = files(1, "first")
    assert len(first) > 10
    assert files(1, "again") == first
    other = files(2, "other")
    common = first.keys() & other.keys()
    assert len(common) > 10
    assert all(other[path] != first[path] for path in common)


def test_zipped_packages_hold_the_same_files(tmp_path: Path) -> None:
    terminology = make_terminology(Shape(300))
    archives = write(terminology, tmp_path, packages=("international", "extension"), zipped=True)
    assert [path.suffix for path in archives] == [".zip", ".zip"]
    again = write(terminology, tmp_path / "again", packages=("international", "extension"), zipped=True)
    assert [path.read_bytes() for path in archives] == [path.read_bytes() for path in again]


def test_too_few_concepts_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at least {MIN_CONCEPTS}"):
        make_terminology(Shape(MIN_CONCEPTS - 1))


def rows(packages: Iterable[Path]) -> dict[tuple[str, str], list[str]]:
    """(package, kind and language of the file; id) → the rows in their order, those that are awkward tidied."""
    found: dict[tuple[str, str], list[str]] = {}
    for place, path in [
        (place, path) for place, package in enumerate(packages) for path in package.rglob("*.txt")
    ]:
        kind = re.sub(r"(Snapshot|Full|Delta|_\d{8})", "", f"{place} {path.name}")
        for line in path.read_bytes().decode("utf-8").split("\r\n")[1:-1]:
            if not re.match(r"[^\t]+\t20011231\t", line):
                found.setdefault((kind, line.partition("\t")[0]), []).append(line.rstrip("\t"))
    return found


def test_a_snapshot_and_a_delta_make_the_next_snapshot(tmp_path: Path) -> None:
    written = write_delta(make_terminology(Shape(600, awkward=0.1)), tmp_path)
    before, delta, after = (rows(written[name]) for name in ("before", "delta", "after"))
    assert len(delta) > 50
    assert len({kind for kind, _ in delta}) > 8
    assert before | delta == after


def test_full_as_of_a_date_is_the_snapshot_of_that_date(tmp_path: Path) -> None:
    terminology = make_terminology(Shape(400, awkward=0))
    full = rows(write(terminology, tmp_path / "full", release_type=FULL))
    for version in range(LAST + 1):
        snapshot = rows(write(terminology, tmp_path / str(version), version=version))
        day = "99999999" if version == LAST else DATES[INTERNATIONAL][version + 1]
        as_of = {key: [row for row in held if row.split("\t")[1] < day][-1:] for key, held in full.items()}
        assert {key: held for key, held in as_of.items() if held} == snapshot


def test_one_row_in_a_hundred_is_awkward(tmp_path: Path, terminology: Terminology) -> None:
    written = write(terminology, tmp_path)
    texts = {path: path.read_bytes() for package in written for path in package.rglob("*.txt")}
    lines = [line for text in texts.values() for line in text.decode("utf-8").split("\r\n")[1:-1]]
    names = [path.name for path in texts]
    share = len(lines) / 100
    assert 0.1 * share < sum(line.endswith("\t") for line in lines) < share
    assert 0.1 * share < sum(line.split("\t")[1] == "20011231" for line in lines) < share
    assert 10 < sum(line.split("\t")[1] == "" for line in lines) < share
    assert any(line.count('"') % 2 for line in lines)
    assert any(name.startswith("der2_scicRefset_VMPPSpainDrugSnapshot_es-ES_ES_") for name in names)
    modules = {line.split("\t")[3] for line in lines}
    known = {row["id"] for row in active(latest(terminology, LAST, PACKAGES), rf2_files.CONCEPT)}
    assert len(modules - known) == 1


def test_without_awkward_rows_every_row_has_a_time_and_no_blank_field(tmp_path: Path) -> None:
    written = write(make_terminology(Shape(300, awkward=0)), tmp_path)
    held = rows(written)
    assert all(len(lines) == 1 for lines in held.values())
    assert all(re.fullmatch(r"20\d{6}", line.split("\t")[1]) for lines in held.values() for line in lines)
    assert not any(line.endswith("\t") for lines in held.values() for line in lines)


def test_a_log_keeps_versions_in_order(terminology: Terminology) -> None:
    def keys(log: Log) -> list[tuple[int, int, int]]:
        return list(zip(log.component.tolist(), log.version.tolist(), log.package.tolist(), strict=True))

    for log in terminology.logs():
        assert keys(log) == sorted(set(keys(log)))
