"""The synthetic releases: valid identifiers, whole references, the stated shape, the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.rf2_concepts import MIN_CONCEPTS, NEVER
from benchmarks.rf2_log import Log
from benchmarks.synthetic_rf2 import LAST, Shape, Terminology, make_terminology, write, write_delta
from graph.hierarchy import Hierarchy
from loaders.sctid import ComponentKind, is_valid


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return make_terminology(Shape(5000, seed=7))


@pytest.fixture(scope="module")
def logs(terminology: Terminology) -> list[Log]:
    return list(terminology.logs())


def test_every_identifier_is_valid_and_used_once(logs: list[Log]) -> None:
    kinds = {
        "sct2_Concept_": ComponentKind.CONCEPT,
        "sct2_Description_": ComponentKind.DESCRIPTION,
        "sct2_Relationship_": ComponentKind.RELATIONSHIP,
        "sct2_RelationshipConcreteValues_": ComponentKind.RELATIONSHIP,
    }
    seen: set[str] = set()
    for log in logs:
        ids = log.id_texts(np.unique(log.component, return_index=True)[1]).to_pylist()
        assert len(ids) == len({*ids}) > 0
        assert seen.isdisjoint(ids)
        seen.update(ids)
        if log.kind.stem in kinds:
            assert all(is_valid(id, kinds[log.kind.stem]) for id in ids)


def test_the_shape_is_that_of_the_international_edition(terminology: Terminology) -> None:
    concepts = terminology.concepts
    current = concepts.edge_end == NEVER
    is_active = concepts.retired == NEVER
    pairs = zip(
        map(str, concepts.sctids[concepts.edge_children[current]].tolist()),
        map(str, concepts.sctids[concepts.edge_parents[current]].tolist()),
        strict=True,
    )
    hierarchy = Hierarchy.compile(map(str, concepts.sctids[is_active].tolist()), pairs)
    assert len(concepts) == 5000
    assert hierarchy.roots() == ("138875005",)
    assert hierarchy.dangling == 0
    assert len(hierarchy.children("138875005")) == 19
    assert 1.5 <= hierarchy.is_a_count / len(hierarchy) <= 1.9
    assert 0.05 <= (~is_active).mean() <= 0.15
    assert 9 <= int(concepts.levels.max()) <= 20


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


def test_too_few_concepts_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at least {MIN_CONCEPTS}"):
        make_terminology(Shape(MIN_CONCEPTS - 1))


def test_a_snapshot_and_a_delta_make_the_next_snapshot(tmp_path: Path) -> None:
    written = write_delta(make_terminology(Shape(600, awkward=0)), tmp_path)

    def rows(name: str) -> dict[str, dict[str, str]]:
        """File kind → id → row."""
        found: dict[str, dict[str, str]] = {}
        for path in (path for package in written[name] for path in package.rglob("*.txt")):
            lines = path.read_bytes().decode("utf-8").split("\r\n")[1:-1]
            kind = f"{path.parts[-len(path.relative_to(tmp_path).parts) + 1].split('_')[1]}/{path.name.split('_')[1]}"
            kind += path.name.partition("-")[2][:2] if "-" in path.name else ""
            found.setdefault(kind, {}).update((line.partition("\t")[0], line) for line in lines)
        return found

    before, delta, after = rows("before"), rows("delta"), rows("after")
    assert sum(map(len, delta.values())) > 50
    changed = {kind: before.get(kind, {}) | delta.get(kind, {}) for kind in before | delta}
    assert changed == after
    assert LAST == 5
