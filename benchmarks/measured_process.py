"""Runs a command in a process of its own and tells what it cost: wall time, processor time, peak memory."""

from __future__ import annotations

import os
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

    Peak memory is the greater of the process's own, which the kernel keeps exactly, and that of the whole
    process tree in samples every 50 ms, where shared pages count in each process. Linux only. Raises
    CommandFailed, with what the command said on standard error.
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
    peak = max(usage.ru_maxrss * 1024, tree.peak_bytes)
    return Measured(wall_s, usage.ru_utime + usage.ru_stime, peak / MIB)


class _TreeSampler(threading.Thread):
    """Adds up the resident memory of a process and all below it, again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        while not self._over.wait(_SAMPLE_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, sum(_resident_bytes(pid) for pid in _tree(self._pid)))

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
