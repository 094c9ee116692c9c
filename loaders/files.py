"""Opening source files: plain or gzip, on disk or inside a zip, with errors that say what is wrong."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO, cast

from graph import manifest
from loaders.errors import SourceDamaged, SourceEmpty, SourceNotFound

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
_READ_BYTES = 1 << 20
_ENCRYPTED = 0x1
#: What zipfile raises, besides BadZipFile, where offsets, sizes, flags or names are corrupt.
_BAD_ZIP = (OSError, ValueError, NotImplementedError, RuntimeError, KeyError, struct.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file on disk or, with `member`, a file inside the zip at `path`."""

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """How messages call it: the path, and the member after `!`."""
        return f"{self.path}!{self.member}" if self.member else str(self.path)


@contextmanager
def open_bytes(file: SourceFile) -> Iterator[IO[bytes]]:
    """The file's content, unpacked if its first bytes are gzip's.

    Whatever goes wrong while the content is read leaves as SourceNotFound, SourceEmpty or SourceDamaged.
    """
    with _explained(file), _open_packed(file) as packed:
        magic = packed.peek(2)[:2]
        if not magic:
            raise SourceEmpty(file.name)
        if magic == GZIP_MAGIC:
            with gzip.GzipFile(fileobj=packed) as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield packed


@contextmanager
def open_text(file: SourceFile) -> Iterator[TextIO]:
    """The file's text: UTF-8, a byte order mark left out, lines ending at line feeds only.

    Raises SourceDamaged with the row where the bytes are not UTF-8, besides what `open_bytes` raises.
    """
    try:
        with open_bytes(file) as content:
            yield io.TextIOWrapper(content, encoding="utf-8-sig", newline="\n")
    except UnicodeDecodeError as error:
        raise SourceDamaged(
            file.name,
            f"it is not UTF-8 ({error.reason})",
            row=_row_of_bad_utf8(file),
            todo="convert the file to UTF-8",
        ) from error


def head(file: SourceFile, size: int = 1 << 16) -> str:
    """The first `size` bytes of the file's text, for telling its format; bad bytes are replaced."""
    with open_bytes(file) as content:
        return content.read(size).decode("utf-8-sig", errors="replace")


def is_zip(path: Path) -> bool:
    """Whether `path` is a file that begins as a zip does."""
    if not path.is_file():
        return False
    with _explained(SourceFile(path)), path.open("rb") as start:
        return start.read(4) == ZIP_MAGIC


def members(path: Path) -> list[str]:
    """The names of the files in a zip. Raises SourceDamaged."""
    with _explained(SourceFile(path)), _opened_zip(path) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def unpacked_size(file: SourceFile) -> int:
    """How many bytes a zip says that its member has. Raises SourceDamaged."""
    with _explained(file), _opened_zip(file.path) as archive:
        return archive.getinfo(file.member).file_size


def sha256(path: Path) -> str:
    """The digest, in hex, of the bytes on disk. Raises SourceNotFound."""
    with _explained(SourceFile(path)):
        return manifest.sha256_of(path)


@contextmanager
def _open_packed(file: SourceFile) -> Iterator[io.BufferedReader[Any]]:
    if not file.member:
        with io.FileIO(file.path) as raw, io.BufferedReader(raw, _READ_BYTES) as content:
            yield content
        return
    with _opened_zip(file.path) as archive:
        if file.member not in archive.NameToInfo:
            raise SourceNotFound(file.name, "the zip does not hold it")
        if archive.getinfo(file.member).flag_bits & _ENCRYPTED:
            raise SourceNotFound(
                file.name, "it is locked with a password", "unpack the zip and load the folder"
            )
        with _sound_zip():
            member = archive.open(file.member)
        # A zip's member is read in small steps; the buffer makes line reading several times faster.
        with member, io.BufferedReader(_Member(member), _READ_BYTES) as content:
            yield content


class _Member(io.RawIOBase):
    """A file inside a zip, whose every failing to be read is a BadZipFile."""

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _sound_zip():
            content = self._member.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _opened_zip(path: Path) -> zipfile.ZipFile:
    with _sound_zip():
        return zipfile.ZipFile(path)


@contextmanager
def _sound_zip() -> Iterator[None]:
    """What zipfile raises where offsets, sizes, flags or names in a zip are corrupt, as BadZipFile."""
    try:
        yield
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except _BAD_ZIP as error:
        raise zipfile.BadZipFile(str(error)) from error


@contextmanager
def _explained(file: SourceFile) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFound(file.name) from error
    except IsADirectoryError as error:
        raise SourceNotFound(file.name, "it is a folder, and a file was expected") from error
    except PermissionError as error:
        raise SourceNotFound(file.name, "it may not be read") from error
    except EOFError as error:
        raise SourceDamaged(file.name, "its compressed data stop before their end") from error
    except (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise SourceDamaged(file.name, f"its compressed data cannot be unpacked ({error})") from error


def _row_of_bad_utf8(file: SourceFile) -> int:
    with open_bytes(file) as content:
        for row, line in enumerate(content, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return row
    return 0
