"""Runs a command in a process of its own and tells what it cost: wall time, processor time, peak memory."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_EVERY_S = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20


class CommandFailed(Exception):
    """The measured command did not succeed; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command cost. `peak_mib` is the most that it and its children held resident at a time."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def measure(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Measured:
    """Run `command`, its output thrown away, with `environment` beside that of this process.

    Every 50 ms two things are read, and the greatest value counts: the peak of the process itself, which the
    kernel keeps, and what the whole process tree holds, where shared pages count in each process. Linux only.
    Raises CommandFailed, with what the command said on standard error.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        tree = _TreeSampler(process.pid)
        tree.start()
        assert process.stderr
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        tree.stop()
    if process.returncode:
        raise CommandFailed(
            f"{' '.join(command)} ended with {process.returncode}: {said.decode('utf-8', 'replace')}"
        )
    # Not `usage.ru_maxrss`: a process inherits that from the one that started it, however large that was.
    return Measured(wall_s, usage.ru_utime + usage.ru_stime, tree.peak_bytes / MIB)


class _TreeSampler(threading.Thread):
    """Looks at the resident memory of a process and of all below it, again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        while True:
            of_all = sum(_resident_bytes(pid) for pid in _tree(self._pid))
            self.peak_bytes = max(self.peak_bytes, of_all, _peak_bytes(self._pid))
            if self._over.wait(_SAMPLE_EVERY_S):
                return

    def stop(self) -> None:
        self._over.set()
        self.join()


def _tree(pid: int) -> list[int]:
    found = [pid]
    for at in found:
        for task in Path(f"/proc/{at}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it ended between the listing and the reading
                continue
    return found


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    # A process that has ended, and was not yet waited for, has no memory to tell of.
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
