"""Documents are read from everything people keep them in, as they are, and a broken one stops nothing."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from linker.annotation import document_sources
from linker.annotation.document_sources import BrokenDocument, Columns, documents, fingerprint
from linker.annotation.model import Document
from linker.errors import DocumentsError

TEXT = "Fiebre 😀\r\n\ty disnea.\n"


def read(source: object, columns: Columns | None = None, stdin: bytes | None = None) -> list[object]:
    return list(
        documents(str(source), columns or Columns(), io.BytesIO(stdin) if stdin is not None else None)
    )


def reasons(found: list[object]) -> list[str]:
    return [str(one) for one in found if isinstance(one, BrokenDocument)]


def lines(*objects: object) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def test_a_folder_of_texts(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.txt").write_bytes(TEXT.encode())
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfDisnea.")
    (tmp_path / "a.ann").write_text("")
    assert read(tmp_path) == [Document("a", "\ufeffDisnea."), Document("b/2", TEXT)]


def test_a_folder_without_texts(tmp_path: Path) -> None:
    with pytest.raises(DocumentsError, match=r"has no \.txt file"):
        read(tmp_path)


def test_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "nota.txt").write_bytes(TEXT.encode())
    assert read(tmp_path / "nota.txt") == [Document("nota", TEXT)]
    with pytest.raises(DocumentsError, match="cannot be read"):
        read(tmp_path / "none.txt")


@pytest.mark.parametrize("name", ["docs.jsonl", "docs.jsonl.gz", "docs"])
def test_json_lines(tmp_path: Path, name: str) -> None:
    content = lines({"doc": "1", "text": TEXT}, {"doc": "2", "text": "Disnea."})
    packed = gzip.compress(content) if name != "docs.jsonl" else content
    (tmp_path / name).write_bytes(packed)
    assert read(tmp_path / name) == [Document("1", TEXT), Document("2", "Disnea.")]


def test_a_packed_file_that_breaks_off(tmp_path: Path) -> None:
    (tmp_path / "docs.jsonl.gz").write_bytes(gzip.compress(lines({"doc": "1", "text": TEXT}))[:-9])
    with pytest.raises(DocumentsError, match="cannot be read"):
        read(tmp_path / "docs.jsonl.gz")


def test_the_standard_input() -> None:
    assert read("-", stdin=lines({"doc": "1", "text": TEXT})) == [Document("1", TEXT)]
    assert read("-", stdin=gzip.compress(lines({"doc": "1", "text": TEXT}))) == [Document("1", TEXT)]
    assert read("-", stdin=TEXT.encode()) == [Document("stdin", TEXT)]
    with pytest.raises(DocumentsError, match="no standard input"):
        read("-")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table(tmp_path: Path, separator: str) -> None:
    quoted = TEXT.replace('"', '""')
    rows = [
        f'id{separator}x{separator}"nota"',
        f'1{separator}-{separator}"{quoted}"',
        f"2{separator}-{separator}Tos",
    ]
    (tmp_path / "notes.csv").write_bytes("\n".join(rows).encode())
    columns = Columns("id", "nota")
    assert read(tmp_path / "notes.csv", columns) == [Document("1", TEXT), Document("2", "Tos")]
    with pytest.raises(DocumentsError, match="no column 'doc'; its columns are id, x, nota"):
        read(tmp_path / "notes.csv")


def test_parquet(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"doc": [7, 8, 9], "text": [TEXT, "", None]}), tmp_path / "notes.parquet")
    found = read(tmp_path / "notes.parquet")
    assert found[0] == Document("7", TEXT)
    assert reasons(found) == [
        f"{tmp_path}/notes.parquet row 2 is empty.",
        f"{tmp_path}/notes.parquet row 3 has no name or no text.",
    ]
    (tmp_path / "other.parquet").write_bytes(b"no parquet")
    with pytest.raises(DocumentsError, match="cannot be read as Parquet"):
        read(tmp_path / "other.parquet")


def test_broken_files_of_a_folder_are_told_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_sources, "MAXIMUM_BYTES", 100)
    for name, content in {
        "1": b"Fiebre.",
        "2": b"Fi\xe9vre.",
        "3": b" \r\n",
        "4": b"a" * 101,
        "5": "ñ".encode() * 51,
        "6": b"Tos.",
        "7": b"a" * 99 + "ñ".encode() * 9,
    }.items():
        (tmp_path / f"{name}.txt").write_bytes(content)
    found = read(tmp_path)
    assert [one.id for one in found if isinstance(one, Document)] == ["1", "6"]
    assert [told.removeprefix(f"{tmp_path}/") for told in reasons(found)] == [
        "2.txt is not UTF-8 (byte 2).",
        "3.txt is empty.",
        "4.txt is longer than 0 MB; divide it.",
        "5.txt is longer than 0 MB; divide it.",
        "7.txt is longer than 0 MB; divide it.",
    ]


def test_broken_lines_are_told_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_sources, "MAXIMUM_BYTES", 100)
    monkeypatch.setattr(document_sources, "_LONGEST_LINE", 800)
    path = tmp_path / "docs.jsonl"
    path.write_bytes(
        lines({"doc": "1", "text": "Fiebre."})
        + b'{"doc": "2", "text": "fi\xe9vre"}\n'
        + b'{"doc": "3", "text"\n[]\n\n'
        + lines(
            {"doc": "6", "text": 3}, {"text": "x"}, {"doc": "8", "text": ""}, {"doc": "9", "text": "a" * 101}
        )
        + lines({"doc": "10", "text": "a" * 2000}, {"doc": "11", "text": "\ud800"})
        + b"[" * 700
        + b"\n"
        + lines({"doc": "13", "text": "Tos."}).rstrip()
    )
    found = read(path)
    assert [one.id for one in found if isinstance(one, Document)] == ["1", "13"]
    assert [told.removeprefix(f"{path}:") for told in reasons(found)] == [
        "2 is not UTF-8.",
        "3 is no object of JSON.",
        "4 is no object of JSON.",
        "6 has no text 'text'.",
        "7 has no text 'doc'.",
        "8 is empty.",
        "9 is longer than 0 MB; divide it.",
        "10 is longer than 0 MB; divide it.",
        "11 is not UTF-8.",
        "12 is no object of JSON.",
    ]


def test_broken_rows_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(b"doc,text\n1,Fiebre.\n2,Fi\xe9vre.\n3,a,b\n\n4,\n5,Tos.\n")
    found = read(path)
    assert [one.id for one in found if isinstance(one, Document)] == ["1", "5"]
    assert [told.removeprefix(f"{path}:") for told in reasons(found)] == [
        "3 is not UTF-8.",
        "4 has 3 fields and the header 2.",
        "6 is empty.",
    ]


def test_a_changed_source_has_another_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("Fiebre.")
    before = fingerprint(str(tmp_path)), fingerprint(str(tmp_path / "1.txt"))
    (tmp_path / "1.txt").write_text("Disnea, y más.")
    after = fingerprint(str(tmp_path)), fingerprint(str(tmp_path / "1.txt"))
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert fingerprint("-") == "-"
    with pytest.raises(DocumentsError, match="cannot be read"):
        fingerprint(str(tmp_path / "none"))
