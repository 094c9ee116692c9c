"""Files and folders that take their place when they are whole, so that what was there stays until then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step for whoever reads it; one that is there stays until then. Raises OSError."""
    made = path.with_name(f".{path.name}-{os.getpid()}")
    made.write_bytes(data)
    made.replace(path)


def put_in_place(staging: Path, folder: Path, aside: Path | None = None) -> None:
    """Let `staging` take the place of `folder`, which waits at `aside` meanwhile, and comes back if that fails.

    Raises OSError.
    """
    aside = aside or folder.with_name(f".{folder.name}-old")
    replacing = folder.exists()
    if replacing:
        shutil.rmtree(aside, ignore_errors=True)
        folder.replace(aside)
    try:
        staging.replace(folder)
    except BaseException:
        if replacing:
            aside.replace(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)
