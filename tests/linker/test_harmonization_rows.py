"""Reading rows: the same from CSV and Parquet, in parts of one size, and what is wrong told by file and row."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import RowsError
from linker.harmonization.rows import Columns, check_columns, parts

COLUMNS = Columns(code="code", text="dx", keep=("patient",))
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


def read(path: Path, size: int = 1000, columns: Columns = COLUMNS) -> list[tuple[str, ...]]:
    check_columns([path], columns)
    return [
        tuple(row[name] for name in columns.named())
        for part in parts([path], columns, size)
        for row in part.table.to_pylist()
    ]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=20),
    st.integers(1, 8),
    st.sampled_from(",;\t"),
)
def test_rows_are_read_as_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], size: int, separator: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(("patient", "other", "dx", "code"))
        writer.writerows((patient, "x", text, code) for code, text, patient in rows)
    assert read(path, size) == rows
    sized = list(parts([path, path], COLUMNS, size))
    lengths = [len(part.table) for part in sized]
    once = [size] * (len(rows) // size) + ([len(rows) % size] if len(rows) % size else [])
    assert lengths == once * 2
    assert [part.source for part in sized] == [0] * len(once) + [1] * len(once)
    assert [part.first for part in sized][: len(once)] == [1 + size * at for at in range(len(once))]
    parquet.write_table(
        pa.table(
            {
                name: pa.array([row[at] for row in rows], pa.string())
                for at, name in enumerate(("code", "dx", "patient"))
            }
        ),
        folder / "rows.parquet",
    )
    assert read(folder / "rows.parquet", size) == rows


def test_numbers_and_missing_values_are_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    parquet.write_table(
        pa.table({"code": [73211009, None], "dx": [None, "tos"], "patient": [1.5, 2.0]}), path
    )
    assert read(path) == [("73211009", "", "1.5"), ("", "tos", "2")]
    (tmp_path / "rows.csv").write_bytes(b"code,dx,patient\n")
    assert read(tmp_path / "rows.csv") == []
    (tmp_path / "rows.csv").write_bytes("\ufeffcode,dx,patient\n00123,,NA\n".encode())
    assert read(tmp_path / "rows.csv") == [("00123", "", "NA")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no header"),
        (b"code,dx\n1,2\n", "has no column 'patient'; its columns are code, dx."),
        (b"code,dx,patient,code\n1,2,3,4\n", "has two columns 'code'"),
        (b"code,dx,patient\n1,2,3\n1,2\n", "rows.csv:3 has 2 fields and the header 3"),
        (b'code,dx,patient\n1,"a\nb",3\n1,2,3,4\n', "rows.csv:4 has 4 fields and the header 3"),
        ("code,dx,patient\n1,ñ,3\n1,año,3\n".encode("latin-1"), "rows.csv:2 is not UTF-8"),
        ("código,dx\n".encode("latin-1"), "rows.csv:1 is not UTF-8"),
    ],
)
def test_what_is_wrong_in_csv_is_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(RowsError) as error:
        read(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_wrong_in_parquet_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with pytest.raises(RowsError, match="cannot be read as Parquet"):
        read(path)
    path.write_bytes(b"PAR1 no")
    with pytest.raises(RowsError, match="cannot be read as Parquet"):
        read(path)
    parquet.write_table(pa.table({"code": [[1]], "dx": ["a"], "patient": ["b"]}), path)
    with pytest.raises(RowsError, match="a column 'code' of type list"):
        read(path)
    with pytest.raises(RowsError, match="cannot be read: No such file"):
        read(tmp_path / "no.csv")
