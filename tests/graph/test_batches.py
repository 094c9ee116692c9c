"""Batches mean their records, and refuse columns that would not be records."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.batches import (
    SCHEMAS,
    RecordBatch,
    batch_of,
    decode_acceptability,
    encode_acceptability,
    one_by_one,
    records_of,
)
from graph.model import (
    Acceptability,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)

refsets = st.builds("{}:{}".format, st.sampled_from(["SNOMEDCT", "X=Y"]), st.integers(0, 9))
held_by = st.lists(st.builds(Acceptability, refsets, st.booleans()), max_size=3).map(
    lambda a: tuple(sorted(a))
)
text, numbers = st.text(max_size=3), st.integers(-(2**63), 2**63 - 1)
RECORDS_OF_ONE_KIND = [
    st.builds(Concept, text, st.booleans(), text, text, text, st.booleans()),
    st.builds(
        Term, text, text, text, st.sampled_from(TermKind), st.sampled_from(SynonymScope), text, held_by
    ),
    st.builds(Relation, text, text, text, numbers, text),
    st.builds(Mapping, text, text, text, numbers, numbers, text, text, text),
    st.builds(Succession, text, text, st.sampled_from(SuccessionKind), text),
    st.builds(Membership, text, text, text),
]


def test_there_is_a_schema_for_every_record_with_all_its_fields_in_order() -> None:
    assert set(SCHEMAS) == set(Record.__args__)  # type: ignore[attr-defined]
    for kind, schema in SCHEMAS.items():
        assert schema.names == [field.name for field in fields(kind)]


@given(st.one_of(*(st.lists(records, min_size=1, max_size=5) for records in RECORDS_OF_ONE_KIND)))
def test_records_come_back_from_their_batch(records: list[Any]) -> None:
    batch = batch_of(records)
    assert len(batch) == len(records)
    assert batch.kind is type(records[0])
    assert list(records_of(batch)) == records
    assert list(one_by_one([*records, batch, *records])) == records * 3


@given(held_by)
def test_acceptability_comes_back_from_its_text(acceptability: tuple[Acceptability, ...]) -> None:
    assert decode_acceptability(encode_acceptability(acceptability[::-1])) == acceptability


@pytest.mark.parametrize("wrong", ["SNOMEDCT:1", "SNOMEDCT:1=best", "=", "preferred"])
def test_a_text_that_is_no_acceptability_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="acceptability"):
        decode_acceptability(wrong)


def test_a_refset_that_its_text_could_not_hold_is_refused() -> None:
    for refset in ("", "X:1 2"):
        with pytest.raises(ValueError, match="cannot be a refset"):
            encode_acceptability([Acceptability(refset)])


def columns(**given: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(given)


def test_absent_columns_have_the_fields_defaults() -> None:
    batch = RecordBatch(Term, columns(language=["es"], concept=["X:1"], text=["a"]))
    assert list(records_of(batch)) == [Term("X:1", "a", "es")]
    assert batch.columns.schema == SCHEMAS[Term]


def test_any_arrow_text_and_any_integers_will_do() -> None:
    batch = RecordBatch(
        Relation,
        columns(
            source=pa.array(["X:1", "X:2"], pa.large_string()),
            type=pa.array(["X:t", "X:t"]).dictionary_encode(),
            target=["X:3", "X:4"],
            group=pa.array([1, 0], pa.uint8()),
        ),
    )
    assert list(records_of(batch)) == [Relation("X:1", "X:t", "X:3", 1), Relation("X:2", "X:t", "X:4")]


@pytest.mark.parametrize(
    ("kind", "given", "error", "says"),
    [
        (str, columns(id=["X:1"]), TypeError, "str is not a kind of record"),
        (Concept, {"id": ["X:1"]}, TypeError, "columns of Concept are a dict"),
        (Concept, columns(active=[True]), ValueError, "column 'id' of Concept is missing"),
        (Concept, columns(id=["X:1"], name=["a"]), ValueError, "Concept has no field 'name'"),
        (Concept, columns(id=[1]), TypeError, "column 'id' of Concept is of type int64, not string"),
        (Concept, columns(id=["X:1"], active=["1"]), TypeError, "'active' of Concept is of type string"),
        (Concept, columns(id=["X:1", None]), ValueError, "column 'id' of Concept has nulls"),
        (
            Concept,
            pa.RecordBatch.from_arrays([pa.array(["X:1"])] * 2, ["id", "id"]),
            ValueError,
            "column 'id' of Concept is given twice",
        ),
        (
            Term,
            columns(concept=["X:1"], text=["a"], language=["es"], kind=["best"]),
            ValueError,
            "column 'kind' of Term holds 'best', which is no TermKind",
        ),
        (
            Relation,
            columns(source=["X:1"], type=["X:t"], target=["X:2"], group=[1.5]),
            TypeError,
            "column 'group' of Relation is of type double",
        ),
    ],
)
def test_wrong_columns_are_refused_by_name(kind: Any, given: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        RecordBatch(kind, given)


def test_a_batch_is_of_one_kind() -> None:
    with pytest.raises(TypeError, match="Term does not belong into a batch of Concept records"):
        batch_of([Concept("X:1"), Term("X:1", "a", "es")])
    with pytest.raises(TypeError, match="str does not belong"):
        batch_of(["X:1"])  # type: ignore[list-item]
