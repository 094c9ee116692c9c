"""Connections in equal numbers on the worker processes.

Workers listen at one socket, and whichever wakes first takes a connection: of fifty clients that come at once one
worker may get forty, which then wait for each other while the other worker is idle. A connection stays where it is for
as long as its client asks. So a worker that has more than its share tells some clients, with the answer, that it closes
the connection; they come again, and to a worker that has time. That also brings clients to a worker that is new.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import time
from pathlib import Path

_NUMBER = struct.Struct("<q")
_PREFIX = "connections-"
#: Workers come and go seldom.
_SECONDS_BETWEEN_LOOKS = 1.0


class WorkerBalance:
    """How many connections each worker has, in a folder that all share; for one event loop.

    Each has a file there, which only it writes.
    """

    def __init__(self, folder: Path, process: int | None = None) -> None:
        """`process` is the worker's id, by default this process's."""
        self._folder = folder
        self._process = os.getpid() if process is None else process
        self._own = _mapped(folder / f"{_PREFIX}{self._process}", create=True)
        self._others: dict[int, mmap.mmap] = {}
        self._look_again_at = 0.0
        self._leaving = 0

    def tell(self, connections: int) -> None:
        """This worker has so many connections now."""
        _NUMBER.pack_into(self._own, 0, connections)

    def send_away(self) -> bool:
        """Whether the client that asks now should come again elsewhere. Call `gone` when its connection is closed."""
        own = _NUMBER.unpack_from(self._own)[0]
        others = [_NUMBER.unpack_from(one)[0] for one in self._living().values()]
        share = -(-(own + sum(others)) // (1 + len(others)))
        if not others or own - self._leaving <= share + max(1, share // 10):
            return False
        self._leaving += 1
        return True

    def gone(self) -> None:
        """A connection that was sent away is closed."""
        self._leaving -= 1

    def _living(self) -> dict[int, mmap.mmap]:
        """The other workers' numbers, by their process."""
        now = time.monotonic()
        if now >= self._look_again_at:
            self._look_again_at = now + _SECONDS_BETWEEN_LOOKS
            there = {int(path.name[len(_PREFIX) :]): path for path in self._folder.glob(f"{_PREFIX}*")}
            there.pop(self._process, None)
            self._others = {
                process: known
                for process, path in there.items()
                if _lives(process, path) and (known := self._others.get(process) or _opened(path))
            }
        return self._others


def _mapped(path: Path, *, create: bool = False) -> mmap.mmap:
    with path.open("w+b" if create else "r+b") as file:
        if create:
            file.write(bytes(_NUMBER.size))
            file.flush()
        return mmap.mmap(file.fileno(), _NUMBER.size)


def _opened(path: Path) -> mmap.mmap | None:
    """The number of a worker; None where it is just beginning or ending."""
    try:
        return _mapped(path)
    except (OSError, ValueError):
        return None


def _lives(process: int, path: Path) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        with contextlib.suppress(OSError):
            path.unlink()
        return False
    except PermissionError:
        pass
    return True
