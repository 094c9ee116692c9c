"""Files and folders that take their place when they are whole, so that what was there stays until then."""

from __future__ import annotations

import shutil
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file; one that is there stays until all of `data` is on disk. Raises OSError."""
    made = path.with_name(f".{path.name}.new")
    made.write_bytes(data)
    made.replace(path)


def put_in_place(staging: Path, folder: Path) -> None:
    """Let `staging` take the place of `folder`, which stays if that fails. Raises OSError."""
    aside = folder.parent / f".{folder.name}-old"
    shutil.rmtree(aside, ignore_errors=True)
    replacing = folder.exists()
    if replacing:
        folder.rename(aside)
    try:
        staging.rename(folder)
    except BaseException:
        if replacing:
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
