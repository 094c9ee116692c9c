"""Columns by blocks hold what the rows one by one hold, whatever the bytes, and fail with the same error."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import loaders.table_columns
from loaders.errors import ColumnMissing, LoadError, RowMalformed, SourceDamaged, SourceEmpty
from loaders.files import SourceFile, open_text
from loaders.table_columns import read_columns
from loaders.tables import read_rows

Read = list[tuple[int, tuple[str, ...]]]
COLUMNS, OPTIONAL = ("b", "a"), ("c", "d")


def by_columns(file: SourceFile) -> Read:
    found: Read = []
    for block in read_columns(file, COLUMNS, OPTIONAL):
        columns = [column.to_pylist() for column in block.columns]
        found += zip(block.lines.tolist(), zip(*columns, strict=True), strict=True)
    return found


def by_rows(file: SourceFile) -> Read:
    with open_text(file) as lines:
        return list(read_rows(lines, file=file.name, columns=COLUMNS, optional=OPTIONAL))


def outcome(read: object, file: SourceFile) -> object:
    try:
        return read(file)  # type: ignore[operator]
    except LoadError as error:
        return type(error), str(error), error.row


# A field may hold anything but tabs and line feeds; carriage returns, quotes and controls are the awkward part.
fields = st.sampled_from(
    ["", " ", '"', '"a', "b\r", "\r", "á", "\x00", "\ufeff", "x" * 50, "1", "NULL", "\u2028"]
)
plain = st.sampled_from(["", "1", '"q', "año", "-"])
rows = st.lists(
    st.lists(plain, min_size=3, max_size=3)
    | st.lists(plain, min_size=3, max_size=3).map(lambda row: [*row, "", ""])
    | st.lists(fields, max_size=6),
    max_size=12,
)
ends = st.sampled_from(["\n", "\r\n"])
headers = st.sampled_from(["a\tb\tc", "a\tb", " b \ta\t", "\ufeffc\tb\ta", "a\tc", "b\ta\tb\t\t"])


@given(headers, rows, ends, st.booleans(), st.integers(1, 40))
@example("a\tb\tc", [["1", "2", "3"]] * 9 + [["1"]], "\n", True, 40)
def test_columns_are_the_rows(
    tmp_path_factory: pytest.TempPathFactory,
    header: str,
    table: list[list[str]],
    end: str,
    last: bool,
    size: int,
) -> None:
    text = end.join([header, *("\t".join(row) for row in table)]) + (end if last else "")
    check(tmp_path_factory.getbasetemp() / "columns.tsv", text.encode(), size)


@given(
    st.binary(max_size=60) | st.text(alphabet='a\tb\r\n "é', max_size=60).map(str.encode), st.integers(1, 40)
)
def test_any_bytes_read_alike(tmp_path_factory: pytest.TempPathFactory, content: bytes, size: int) -> None:
    check(tmp_path_factory.getbasetemp() / "bytes.tsv", b"a\tb\tc\n" + content, size)


def check(path: Path, content: bytes, block_bytes: int) -> None:
    path.write_bytes(content)
    file = SourceFile(path)
    expected = outcome(by_rows, file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaders.table_columns, "BLOCK_BYTES", block_bytes)
        in_parts = outcome(by_columns, file)
    for got in (in_parts, outcome(by_columns, file)):
        if isinstance(expected, tuple) and expected[0] is SourceDamaged and got != expected:
            # Text is decoded ahead of its rows there, so that an earlier malformed row is not seen.
            assert isinstance(got, tuple)
            assert got[0] is RowMalformed
            assert got[2] < expected[2]
        else:
            assert got == expected


def test_awkward_rows_keep_their_lines_in_a_large_table(tmp_path: Path) -> None:
    lines = ["a\tb\tc"]
    for number in range(20_000):
        lines.append(f'{number}\t"{number}\tx' + ("\t\t" if number % 97 == 0 else "") + "\r" * (number % 2))
        if number % 1013 == 0:
            lines.append("")
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(lines), newline="")
    assert by_columns(SourceFile(path)) == by_rows(SourceFile(path))
    assert len(by_rows(SourceFile(path))) == 20_000


@pytest.mark.parametrize("more", ["\t", "\t\t"])
def test_a_blank_after_every_row_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    path = tmp_path / "t.tsv.gz"
    path.write_bytes(gzip.compress(("a\tb\r\n" + f"1\t2{more}\r\n" * 1000).encode()))
    expected = by_rows(SourceFile(path))

    def fail(*_: object) -> None:
        raise AssertionError("read line by line")

    monkeypatch.setattr(loaders.table_columns, "_by_line", fail)
    monkeypatch.setattr(loaders.table_columns, "_with_odd", fail)
    assert by_columns(SourceFile(path)) == expected


def test_errors_name_file_and_row(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    good = b"a\tb\n" + b"1\t2\n" * 5
    for content, error, row in (
        (b"", SourceEmpty, 0),
        (b"\n\n", SourceEmpty, 0),
        (b"a\tc\n", ColumnMissing, 1),
        (good + b"3\n", RowMalformed, 7),
        (good + b"1\t2\t3\n", RowMalformed, 7),
        (good + b"1\t\xff\n", SourceDamaged, 7),
    ):
        path.write_bytes(content)
        with pytest.raises(error) as raised:
            by_columns(SourceFile(path))
        assert raised.value.row == row
        assert str(path) in str(raised.value)


def test_a_reading_that_is_given_up_leaves_no_thread_and_no_open_file(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(b"a\tb\n" + b"1\t2\n" * 4_000_000)
    before = threading.active_count()
    reading = read_columns(SourceFile(path), COLUMNS)
    next(reading)
    assert threading.active_count() == before + 1
    reading.close()
    assert threading.active_count() == before
