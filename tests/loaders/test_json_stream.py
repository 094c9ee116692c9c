from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import FormatMismatch, SourceDamaged
from loaders.json_stream import JsonCursor

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def cursor(text: str, chunk_chars: int = 3) -> JsonCursor:
    return JsonCursor(io.StringIO(text), "t.json", "JSON", chunk_chars)


@given(documents, st.integers(1, 40), st.sampled_from([None, 1]))
def test_values_are_those_of_json_whatever_the_chunk(document: Any, chunk: int, indent: int | None) -> None:
    assert cursor(json.dumps(document, indent=indent), chunk).value() == document


@given(st.lists(documents, max_size=5), st.integers(1, 40))
def test_elements_are_those_of_the_array(array: list[Any], chunk: int) -> None:
    at = cursor(json.dumps(array), chunk)
    assert [(ordinal, at.value()) for ordinal in at.elements()] == list(enumerate(array, start=1))


@given(st.dictionaries(st.text(), documents, max_size=5), st.integers(1, 40))
def test_members_are_those_of_the_object(members: dict[str, Any], chunk: int) -> None:
    at = cursor(json.dumps(members), chunk)
    assert {key: at.value() for key in at.members()} == members


@given(documents.filter(lambda document: isinstance(document, list | dict)), st.data())
def test_a_document_cut_anywhere_breaks_off(document: Any, data: st.DataObject) -> None:
    text = json.dumps(document)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(SourceDamaged, match="breaks off"):
        cursor(text[:cut]).value()


def test_malformed_json_names_its_row_and_is_not_read_to_its_end() -> None:
    stream = io.StringIO('[1,\n2,\n{"a" 1},\n' + "3," * 10_000)
    at = JsonCursor(stream, "t.json", "JSON", 64)
    with pytest.raises(SourceDamaged, match=r"Row 3 of 't.json' is damaged: its JSON is malformed"):
        [at.value() for _ in at.elements()]
    assert stream.tell() < 1000


def test_another_thing_than_expected() -> None:
    with pytest.raises(FormatMismatch, match="an object is expected"):
        list(cursor("[1]").members())
    with pytest.raises(FormatMismatch, match="an array is expected"):
        list(cursor("7").elements())
