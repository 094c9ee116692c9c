"""What a process is said to have cost is its own, whatever the process that measures it holds."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.measured_process import CommandFailed, measure

HOLD = "import time; held = b'1' * ({mib} << 20); time.sleep(0.3)"


def peak_mib(mib: int) -> float:
    return measure([sys.executable, "-c", HOLD.format(mib=mib)]).peak_mib


def test_the_peak_is_that_of_the_process() -> None:
    large = np.ones(300 << 20, np.uint8)
    small, held = peak_mib(0), peak_mib(100)
    assert small < 100
    assert 99 < held - small < 110
    assert large[-1] == 1


def test_a_peak_that_is_over_counts() -> None:
    code = "import time; held = b'1' * (100 << 20); del held; time.sleep(0.3)"
    assert measure([sys.executable, "-c", code]).peak_mib > 100


def test_children_count() -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD.format(mib=100)!r}])"
    assert measure([sys.executable, "-c", code]).peak_mib > 100


def test_a_command_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(CommandFailed, match="ended with 3: no such thing"):
        measure([sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"])
