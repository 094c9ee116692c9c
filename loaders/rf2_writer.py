"""Writing SNOMED CT RF2 snapshot packages: rows in, files out, as a stream.

`write_snapshot` takes any iterable of the rows of `loaders.rf2_rows`, in any order, and sends each to its
file, so a caller can make a full-size release from a generator without holding it. The bytes depend on
the rows and the `Edition` only: refset members get UUIDs of version 5 and a zip has fixed dates.

Source: SNOMED CT Release File Specification, "Release Package Contents" (folders) and "Release File
Format" (UTF-8, tab, CRLF, a header line, no quoting).
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from graph.errors import EnlaceError
from loaders.rf2_files import Edition, FileKind
from loaders.rf2_rows import Row


class RowError(EnlaceError):
    """A row cannot be written as RF2, which has no quoting: a term holds a tab or a line break."""


def write_snapshot(parent: Path, edition: Edition, rows: Iterable[Row], *, zipped: bool = False) -> Path:
    """Write the package into `parent` and return its path: a folder, or a zip file where `zipped`.

    An older package of the same name is replaced, and only once the new one is whole. Files without rows
    are not written. Raises `RowError` where a text holds a tab or a line break.
    """
    parent.mkdir(parents=True, exist_ok=True)
    final = parent / (f"{edition.folder}.zip" if zipped else edition.folder)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".writing-") as scratch:
        built = Path(scratch) / edition.folder
        built.mkdir()
        _write_rows(built, edition, rows)
        if zipped:
            built = zip_package(built)
        if final.is_dir():
            shutil.rmtree(final)
        built.replace(final)
    return final


def _write_rows(folder: Path, edition: Edition, rows: Iterable[Row]) -> None:
    files: dict[tuple[FileKind, str], TextIO] = {}
    with ExitStack() as stack:
        for row in rows:
            place = row.place()
            file = files.get(place)
            if file is None:
                kind, language = place
                path = folder / kind.path(edition, language)
                path.parent.mkdir(parents=True, exist_ok=True)
                # newline="" keeps the CRLF written here, whatever the platform's own line end is.
                file = stack.enter_context(path.open("w", encoding="utf-8", newline="", buffering=1 << 20))
                file.write(f"{kind.header}\r\n")
                files[place] = file
            cells = row.cells(edition.date)
            line = "\t".join(cells)
            if line.count("\t") != len(cells) - 1 or "\n" in line or "\r" in line:
                raise RowError(
                    f"Row {cells[0]} of {place[0].stem} holds a tab or a line break, which RF2 cannot quote; "
                    f"take it out of {line!r}."
                )
            file.write(f"{line}\r\n")


def zip_package(folder: Path) -> Path:
    """Zip `folder` beside itself, its name as the top folder, with fixed dates and in sorted order.

    Returns the zip file's path.
    """
    archive = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(folder.rglob("*.txt")):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix())
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, out.open(entry, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
    return archive
