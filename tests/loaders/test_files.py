from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from loaders.errors import SourceDamaged, SourceEmpty, SourceNotFound
from loaders.files import SourceFile, head, is_zip, open_text, sha256


def text_of(file: SourceFile) -> str:
    with open_text(file) as stream:
        return stream.read()


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "plain.json"
    path.write_bytes(gzip.compress("ñandú".encode()))
    assert text_of(SourceFile(path)) == "ñandú"
    plain = tmp_path / "packed.gz"
    plain.write_text("ñandú", encoding="utf-8")
    assert text_of(SourceFile(plain)) == "ñandú"


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(b"\xef\xbb\xbfcode\n")
    assert text_of(SourceFile(path)) == "code\n"
    assert head(SourceFile(path)) == "code\n"


def test_a_member_of_a_zip_is_read_in_place(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", "uno\r\ndos\r\n")
    with open_text(SourceFile(path, "a/b.txt")) as lines:
        assert list(lines) == ["uno\r\n", "dos\r\n"]
    assert is_zip(path)
    assert not is_zip(tmp_path)
    with pytest.raises(SourceNotFound, match="the zip does not hold it"):
        text_of(SourceFile(path, "c.txt"))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="there is no such file or folder; check the path"):
        text_of(SourceFile(tmp_path / "absent"))
    with pytest.raises(SourceNotFound, match="it is a folder"):
        text_of(SourceFile(tmp_path))
    with pytest.raises(SourceNotFound):
        sha256(tmp_path / "absent")


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.touch()
    with pytest.raises(SourceEmpty, match="is empty; download or export it again"):
        text_of(SourceFile(path))


def test_a_truncated_gzip(tmp_path: Path) -> None:
    path = tmp_path / "t.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 100)[:-20])
    with pytest.raises(SourceDamaged, match="its compressed data stop before their end"):
        text_of(SourceFile(path))


def test_a_corrupt_gzip(tmp_path: Path) -> None:
    path = tmp_path / "t.gz"
    path.write_bytes(gzip.compress(b"abc" * 100)[:15] + b"\xff" * 40)
    with pytest.raises(SourceDamaged, match="cannot be unpacked"):
        text_of(SourceFile(path))


def test_a_truncated_zip(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "abc" * 1000)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SourceDamaged, match="cannot be unpacked"):
        text_of(SourceFile(path, "a.txt"))


def test_a_zip_with_a_password(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "abc")
    content = bytearray(path.read_bytes())
    # Bit 0 of the flags in the central directory says that the member is encrypted.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(SourceNotFound, match="locked with a password; unpack the zip and load the folder"):
        text_of(SourceFile(path, "a.txt"))


def test_bad_utf8_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(b"uno\ndos\na\xf1o\n")
    with pytest.raises(SourceDamaged, match=r"Row 3 of .* is damaged: it is not UTF-8") as raised:
        text_of(SourceFile(path))
    assert raised.value.row == 3
