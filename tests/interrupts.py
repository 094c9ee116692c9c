"""Commands that a test interrupts."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_HEAR = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def hear_interrupts() -> None:
    """For `preexec_fn`: what a shell runs in the background ignores SIGINT, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def hearing_interrupts(command: Sequence[str | Path]) -> list[str]:
    """As `hear_interrupts`, for a process with threads, where `preexec_fn` may wait for a lock for ever.

    The command takes the place of what is started here, so its process id is the same.
    """
    return [sys.executable, "-S", "-c", _HEAR, *map(str, command)]
