from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import ColumnMissing, LoadError, RowMalformed, SourceEmpty
from loaders.rejections import CUT_OFF, Rejections
from loaders.tables import Row, header_of, read_rows, whole_lines

# What a field without quoting can hold: anything but the tab and line ends.
fields = st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]), max_size=12)


def rows(text: str, *, quoted: bool = False, optional: tuple[str, ...] = ()) -> list[Row]:
    lines = io.StringIO(text, newline="\n")
    return list(read_rows(lines, file="t.tsv", columns=("a", "b"), optional=optional, quoted=quoted))


def test_columns_are_found_by_name_in_any_order() -> None:
    assert rows("x\tb\ta\n1\t2\t3\n") == [(2, ("3", "2"))]


def test_a_quote_is_an_ordinary_character() -> None:
    assert rows('a\tb\n"one\ttwo"\n3" cut\t4\n') == [(2, ('"one', 'two"')), (3, ('3" cut', "4"))]


def test_quoted_fields_may_hold_tabs_quotes_and_line_ends() -> None:
    text = 'a\tb\n"one\ttwo"\t"say ""yes""\nthen"\nlast\tone\n'
    assert rows(text, quoted=True) == [(2, ("one\ttwo", 'say "yes"\nthen')), (4, ("last", "one"))]


def test_windows_line_ends_and_blank_lines_and_trailing_blanks() -> None:
    assert rows("a\tb\t\r\n\r\n1\t2\t\t\r\n3\t4\r\n") == [(3, ("1", "2")), (4, ("3", "4"))]


def test_absent_optional_columns_read_as_blank() -> None:
    assert rows("a\tb\td\n1\t2\t4\n", optional=("c", "d")) == [(2, ("1", "2", "", "4"))]


def test_trailing_fields_nobody_asks_for_may_be_absent() -> None:
    assert rows("a\tb\tc\n1\t2\n", optional=("d",)) == [(2, ("1", "2", ""))]
    with pytest.raises(RowMalformed, match="has 2 fields of 3 and ends before its column c"):
        rows("a\tb\tc\n1\t2\n", optional=("c", "d"))


def test_a_last_line_without_its_end_is_rejected() -> None:
    rejections = Rejections()
    assert list(whole_lines(["a\n", "b\r\n", "c"], "t.tsv", rejections)) == ["a\n", "b\r\n"]
    assert [(one.place, one.reason, one.value) for one in rejections] == [("t.tsv:3", CUT_OFF, "c")]
    assert list(whole_lines(["a"], "t.tsv", rejections)) == ["a"]
    assert rejections.count == 1


@pytest.mark.parametrize(
    ("text", "error", "row", "told"),
    [
        ("", SourceEmpty, 0, "'t.tsv' is empty"),
        ("a\tc\n1\t2\n", ColumnMissing, 1, "lacks the column b (it has: a, c)"),
        ("1\t2\n", ColumnMissing, 1, "lacks the columns a, b"),
        ("a\tb\n1\t2\n3\n", RowMalformed, 3, "has 1 fields of 2 and ends before its column b"),
        ("a\tb\n1\t2\t3\n", RowMalformed, 2, "has 3 fields, and the header names 2"),
    ],
)
def test_bad_tables(text: str, error: type[LoadError], row: int, told: str) -> None:
    with pytest.raises(error) as raised:
        rows(text)
    assert told in str(raised.value)
    assert (raised.value.file, raised.value.row) == ("t.tsv", row)


def test_quotes_that_do_not_match() -> None:
    with pytest.raises(RowMalformed, match=r"Row 3 of 't.tsv' has quotes that do not match"):
        rows('a\tb\n1\t2\n"3\t4\n', quoted=True)


def test_header_of_the_first_line() -> None:
    assert header_of('"id"\tlabel\r\n1\t2') == ("id", "label")


@given(st.lists(st.tuples(fields, fields.filter(lambda field: field.strip() != ""))))
def test_every_row_comes_back(table: list[tuple[str, str]]) -> None:
    text = "".join(f"{a}\t{b}\n" for a, b in (("a", "b"), *table))
    assert [row for _, row in rows(text)] == table


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_a_table_or_a_load_error(text: str, quoted: bool) -> None:
    with contextlib.suppress(LoadError):
        rows(text, quoted=quoted)
