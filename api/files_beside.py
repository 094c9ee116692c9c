"""Files and folders that stand in their place only when they are whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(output: Path) -> Iterator[Path]:
    """Yield a path beside `output` to write a file or a folder at, which then takes its place; it goes if that fails.

    Raises OSError where it cannot take it.
    """
    made = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        yield made
        made.replace(output)
    finally:
        if made.is_dir():
            shutil.rmtree(made, ignore_errors=True)
        else:
            made.unlink(missing_ok=True)
