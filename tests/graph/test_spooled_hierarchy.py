"""The hierarchy of a spool is the one that its records one by one would make."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graph.spool
from graph.errors import HierarchyCycle
from graph.hierarchy import Hierarchy
from graph.model import IS_A, Concept, Record, Relation
from graph.spool import Spool
from graph.spooled_hierarchy import compile_hierarchy

numbers = st.integers(0, 30)
concepts = st.builds(Concept, numbers.map("X:{}".format), st.booleans(), effective_time=st.sampled_from("12"))
is_a = st.tuples(numbers, numbers, st.sampled_from(["", "7"])).map(
    lambda drawn: Relation(f"X:{max(drawn[:2]) + 1}", IS_A, f"X:{min(drawn[:2])}", id=drawn[2])
)


def spooled(folder: Path, records: list[Record]) -> Spool:
    spool = Spool(folder)
    spool.add(records)
    spool.seal()
    return spool


@given(st.lists(concepts | is_a, max_size=60))
def test_it_is_what_the_records_make(records: list[Record]) -> None:
    latest: dict[str, Concept] = {}
    for record in records:
        if isinstance(record, Concept) and (
            record.id not in latest or record.effective_time >= latest[record.id].effective_time
        ):
            latest[record.id] = record
    active = [concept.id for concept in latest.values() if concept.active]
    pairs = {(r.source, r.target) for r in records if isinstance(r, Relation)}
    expected = Hierarchy.compile(active, pairs, release="demo")
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph.spool, "BYTES_IN_MEMORY", 900)
        patch.setattr(graph.spool, "_SAMPLE", 1)
        made = compile_hierarchy(spooled(Path(folder), records), "demo")
        for name in ("expected", "made"):
            hierarchy = expected if name == "expected" else made
            hierarchy.save(Path(folder) / name)
        for file in (Path(folder) / "expected").glob("*.npy"):
            assert np.array_equal(np.load(file), np.load(Path(folder) / "made" / file.name))
    assert (made.dangling, made.release, made.closure_size) == (
        expected.dangling,
        "demo",
        expected.closure_size,
    )


def test_a_cycle_is_named(tmp_path: Path) -> None:
    round_ = [Concept("X:1"), Concept("X:2"), Relation("X:1", IS_A, "X:2"), Relation("X:2", IS_A, "X:1")]
    with pytest.raises(HierarchyCycle, match="X:1 → X:2 → X:1"):
        compile_hierarchy(spooled(tmp_path, round_), "demo")


def test_sealing_twice_changes_nothing(tmp_path: Path) -> None:
    spool = spooled(tmp_path, [Relation("X:1", IS_A, "X:2")])
    spool.seal()
    assert sum(part.num_rows for part in spool.read("concepts")) == 2
