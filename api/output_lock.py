"""One process at a time writes an output."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from api.errors import OutputMismatch


@contextmanager
def locked(path: Path, other: str) -> Iterator[IO[bytes]]:
    """A file to read and write, made if it is not there, that no other process has so at the same time.

    `other` is what the refusal asks for another one of, `file` or `output`. Raises OutputMismatch where it cannot be
    written, or another process is writing it.
    """
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise OutputMismatch(f"{path} cannot be written: {error.strerror}; name another {other}.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputMismatch(
                f"{path} is being written by another process; wait for it or name another {other}."
            ) from None
        yield file
