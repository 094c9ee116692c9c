"""Commands that are killed with SIGKILL at a chosen moment, each in a process of its own.

What they import is imported once, and before there are threads, so that a process can be divided.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PLACING = -1
"""The moment before the first file gets its own name; other moments are how many batches were written before one of
which only half gets into the file."""

_SCRIPT = """
import json, os, signal, sys
from pathlib import Path

import linker.annotation.recognizer, linker.annotation.writing, linker.harmonization.texts
from api import annotation_file, harmonizing_notes, linking_file
from api.cli import main


def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)


class Torn:
    def __init__(self, file, batches):
        self.file, self.batches = file, batches

    def write(self, text):
        if not self.batches:
            self.file.write(text[: len(text) // 2])
            self.file.flush()
            die()
        self.batches -= 1
        self.file.write(text)

    def flush(self):
        self.file.flush()


def torn(write, batches):
    return lambda *given: write(*(Torn(one, batches) if hasattr(one, "flush") else one for one in given))


def arm(moment):
    if moment is None:
        return
    if moment < 0:
        Path.replace = die
        return
    write = torn(annotation_file.write_answers, moment)
    annotation_file.write_answers = harmonizing_notes.write_answers = write
    linking_file.link_stream = torn(linking_file.link_stream, moment)


for command, moment in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        arm(moment)
        sys.argv = ["enlace", *command]
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Job:
    """A command and when it is killed; None for never."""

    command: Sequence[object]
    moment: int | None = None


@dataclass(frozen=True)
class Ran:
    """The exit code of each command, -9 of one that was killed, and what they said together."""

    codes: list[int]
    err: str


def run(jobs: Sequence[Job], folder: Path, environment: Mapping[str, str] = os.environ) -> Ran:
    """Run commands one after the other in a folder."""
    told = json.dumps([(list(map(str, job.command)), job.moment) for job in jobs])
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT, told],
        cwd=folder,
        env={**environment, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    codes = [int(line) for line in ran.stdout.splitlines() if line.lstrip("-").isdigit()]
    assert len(codes) == len(jobs), ran.stderr
    return Ran(codes, ran.stderr)
