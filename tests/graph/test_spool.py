"""The spool gives back what a naive sort of distinct rows would, in parts of bounded size."""

from __future__ import annotations

import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graph.spool
from graph.batches import RecordOrBatch, batch_of, encode_acceptability
from graph.model import IS_A, Acceptability, Concept, Mapping, Record, Relation, Term, TermKind
from graph.ordering import TERM_KINDS
from graph.spool import Spool

ids = st.sampled_from([f"X:{number}" for number in range(12)])
concepts = st.builds(
    Concept, ids, effective_time=st.sampled_from(["", "2020", "2021"]), defined=st.booleans()
)
acceptability = st.lists(st.builds(Acceptability, ids, st.booleans()), max_size=2, unique=True).map(tuple)
row_ids = st.sampled_from(["", "7", "70"])
terms = st.builds(
    Term,
    ids,
    st.text("aá ", max_size=2),
    st.sampled_from(["es", "en"]),
    st.sampled_from(TermKind),
    id=row_ids,
    acceptability=acceptability,
)
relations = st.builds(Relation, ids, st.sampled_from([IS_A, "X:is"]), ids, st.integers(0, 2), row_ids)
mappings = st.builds(Mapping, ids, st.sampled_from(["ICD10:A", "ICD10:B"]))


def read(spool: Spool, table: str, by: str | None = None) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for part in spool.read(table, by) for row in part.to_pylist()]


@settings(max_examples=60, deadline=None)
@given(st.lists(concepts | terms | relations | mappings, max_size=40), st.data())
def test_rows_come_back_sorted_and_once_each(records: list[Record], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph.spool, "BYTES_IN_MEMORY", 700)
        patch.setattr(graph.spool, "_ROWS_A_BATCH", 3)
        patch.setattr(graph.spool, "_SAMPLE", 1)
        spool = Spool(Path(folder))
        spool.add(_some_in_batches(records, data))
        spool.seal()

        latest: dict[str, Concept] = {}
        for record in records:
            if isinstance(record, Concept) and record.effective_time >= (
                latest[record.id].effective_time if record.id in latest else ""
            ):
                latest[record.id] = record
        is_a = {(r.source, r.target, r.id) for r in records if isinstance(r, Relation) and r.type == IS_A}
        roles = {
            (r.source, r.target, r.type, r.group, r.id)
            for r in records
            if isinstance(r, Relation) and r.type != IS_A
        }
        spoken_of = {id for pair in is_a | roles for id in pair[:2]} | {
            id for r in records if isinstance(r, Mapping) for id in (r.concept, r.target)
        }
        rows = read(spool, "concepts")
        assert [row[0] for row in rows] == sorted(latest.keys() | spoken_of)
        assert {row[0]: (row[2], row[6]) for row in rows if row[1]} == {
            id: (concept.effective_time, concept.defined) for id, concept in latest.items()
        }
        assert set(spool.declared_ids().to_pylist()) == set(latest)
        assert read(spool, "is_a") == sorted(is_a)
        assert read(spool, "relations") == sorted(roles)
        assert read(spool, "relations", by="target") == sorted(roles, key=lambda role: (role[1], role))
        kinds = list(TERM_KINDS)
        assert read(spool, "terms") == sorted(
            {
                (
                    *(t.concept, kinds.index(t.kind), t.language, t.text, t.scope.value, t.id),
                    encode_acceptability(t.acceptability),
                )
                for t in records
                if isinstance(t, Term)
            }
        )
        assert read(spool, "successions") == []
        assert all(part.num_rows for table in ("concepts", "terms", "is_a") for part in spool.read(table))


def _some_in_batches(records: list[Record], data: st.DataObject) -> list[RecordOrBatch]:
    """The records, some runs of one kind joined to batches."""
    given: list[RecordOrBatch] = []
    for _, run in groupby(records, type):
        rows = list(run)
        given += [batch_of(rows)] if data.draw(st.booleans()) else rows
    return given


def test_no_part_is_much_larger_than_what_may_be_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.add(Term(f"X:{number * 7919 % 10_000}", "a", "es") for number in range(10_000))
    spool.seal()
    whole = [part.num_rows for part in spool.read("terms")]
    assert whole == [10_000]
    monkeypatch.setattr(graph.spool, "BYTES_IN_MEMORY", (tmp_path / "terms.arrow").stat().st_size // 10 + 1)
    monkeypatch.setattr(graph.spool, "_SAMPLE", 10)
    sizes = [part.num_rows for part in spool.read("terms")]
    assert sum(sizes) == 10_000
    assert len(sizes) == 10
    assert max(sizes) < 1500
    assert [path.name for path in tmp_path.iterdir()] == ["terms.arrow"]


def test_what_is_not_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="str is not a record"):
        Spool(tmp_path).add(["SNOMEDCT:1"])  # type: ignore[list-item]
