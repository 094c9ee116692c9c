from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.sctid import (
    ComponentKind,
    SctidError,
    check_digit,
    check_digits,
    is_valid,
    make,
    make_many,
    parse,
)

KINDS = st.sampled_from(ComponentKind)
NAMESPACES = st.integers(0, 9_999_999).map("{:07}".format)


@pytest.mark.parametrize(("digits", "check"), [("236", "3"), ("3112201900" + "0", "6")])
def test_the_check_digit_is_that_of_published_examples(digits: str, check: str) -> None:
    assert check_digit(digits) == check


@pytest.mark.parametrize(
    "sctid",
    ["24700007", "138875005", "116680003", "900000000000003001", "1186921001", "5641000179103", "22298006"],
)
def test_published_concept_identifiers_are_valid(sctid: str) -> None:
    assert is_valid(sctid, ComponentKind.CONCEPT)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("24700008", "its check digit is 8 and should be 7"),
        ("", "other than digits"),
        ("2470000x", "other than digits"),
        ("²4700007", "other than digits"),
        ("24007", "it has 5 digits"),
        ("1234567890123456001", "it has 19 digits"),
        ("024700007", "begins with 0"),
        ("24700097", "09 is not the partition"),
        ("24700207", "20 is not the partition"),
        ("1234567103", "too short for the long form"),
    ],
)
def test_what_is_no_identifier_is_refused_with_the_rule_it_breaks(text: str, why: str) -> None:
    assert not is_valid(text)
    with pytest.raises(SctidError, match=why):
        parse(text)


def test_an_identifier_of_another_kind_is_not_valid_as_this_kind() -> None:
    assert is_valid("24700007")
    assert not is_valid("24700007", ComponentKind.DESCRIPTION)


@given(KINDS, st.integers(1, 99_999_999), NAMESPACES)
def test_the_long_form_comes_apart_as_it_was_made(kind: ComponentKind, item: int, namespace: str) -> None:
    parts = parse(make(kind, item, namespace))
    assert (parts.kind, parts.item, parts.namespace) == (kind, item, namespace)


@given(KINDS, st.integers(100, 10**15 - 1))
def test_the_short_form_comes_apart_as_it_was_made(kind: ComponentKind, item: int) -> None:
    sctid = make(kind, item)
    assert is_valid(sctid, kind)
    assert (parse(sctid).item, parse(sctid).namespace) == (item, "")


@given(st.integers(1, 10**17 - 1).map(str), st.data())
def test_any_single_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
    assert check_digit(digits[:place] + other + digits[place + 1 :]) != check_digit(digits)


@given(st.integers(10, 10**17 - 1).map(str), st.data())
def test_any_two_neighbours_changed_over_are_found(digits: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(digits) - 2))
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert (check_digit(swapped) == check_digit(digits)) == (swapped == digits)


@pytest.mark.parametrize(
    ("item", "namespace", "why"),
    [
        (0, "1000000", "not positive"),
        (1, "123", "not 7 digits"),
        (100_000_000, "1000000", "19 digits"),
        (99, "", "5 digits"),
    ],
)
def test_parts_that_make_no_identifier_are_refused(item: int, namespace: str, why: str) -> None:
    with pytest.raises(SctidError, match=why):
        make(ComponentKind.CONCEPT, item, namespace)


def test_a_check_digit_is_refused_for_what_is_not_digits() -> None:
    with pytest.raises(SctidError, match="digits only"):
        check_digit("12a")


@given(st.lists(st.integers(1, 10**17), max_size=20))
def test_check_digits_of_a_column_are_those_of_its_numbers(numbers: list[int]) -> None:
    found = check_digits(np.array(numbers, np.int64)).tolist()
    assert found == [int(check_digit(str(number))) for number in numbers]


@given(KINDS, st.lists(st.integers(100, 99_999_999), max_size=20), st.one_of(st.just(""), NAMESPACES))
def test_a_column_of_identifiers_is_that_of_its_items(
    kind: ComponentKind, items: list[int], namespace: str
) -> None:
    found = make_many(kind, np.array(items, np.int64), namespace).tolist()
    assert [str(sctid) for sctid in found] == [make(kind, item, namespace) for item in items]


def test_a_column_with_an_item_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SctidError, match="6 to 18"):
        make_many(ComponentKind.CONCEPT, np.array([500, 10**16], np.int64))
    with pytest.raises(SctidError, match="not positive"):
        make_many(ComponentKind.CONCEPT, np.array([0, 500], np.int64))
