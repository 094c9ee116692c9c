"""Imports killed by the system, in processes of their own: at every stage, and at moments of chance.

`python -m benchmarks.killed_imports` does the same to the command line and real data, ten times.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.killed_imports import Answers, answers_of
from graph.importing import import_release
from graph.model import IS_A, Concept, Mapping, Record, Relation, Term
from graph.release import ReleaseHome

RELEASE = "demo"
CONCEPTS = 1000

IMPORT = """
import os, signal, sys
from pathlib import Path
import graph.importing
from graph.release import ReleaseHome
sys.path.insert(0, sys.argv[2])
from test_killed_imports import RELEASE, records

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def progress(stage, done):
    if f"{stage} {done}".startswith(sys.argv[3]):
        die()

if sys.argv[3] == "between the renames":
    replace = Path.replace
    Path.replace = lambda self, target: die() if self.name == ".staging-demo" else replace(self, target)
graph.importing._REPORT_EVERY = 500
print("importing", flush=True)
graph.importing.import_release(
    ReleaseHome(sys.argv[1]), RELEASE, records("new"), sources=[], progress=progress
)
"""


def records(said: str) -> list[Record]:
    """A release whose terms say `said`."""
    made: list[Record] = []
    for number in range(CONCEPTS):
        id = f"X:{number}"
        made += [Concept(id), Term(id, f"{said} {number}", "es"), Mapping(id, f"Y:{number % 97}")]
        if number:
            made.append(Relation(id, IS_A, f"X:{number // 3}"))
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the import answers that nobody kills."""
    home = ReleaseHome(tmp_path_factory.mktemp("whole"))
    import_release(home, RELEASE, records("new"), sources=[])
    with home.open(RELEASE) as opened:
        return answers_of(opened)


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = ReleaseHome(tmp_path_factory.mktemp("former"))
    import_release(home, RELEASE, records("old")[:100], sources=[])
    return home.path


@pytest.fixture
def home(tmp_path: Path, former: Path) -> ReleaseHome:
    """A home of its own for each test, copied: importing takes longer."""
    return ReleaseHome(shutil.copytree(former, tmp_path / "home"))


def start(home: ReleaseHome, moment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(home.path), str(Path(__file__).parent), moment],
        stdout=subprocess.PIPE,
        text=True,
    )


def served(home: ReleaseHome) -> str:
    """Which release answers, `old` or `new`; that it is there and whole is checked."""
    with home.open(RELEASE) as opened:
        said, number = opened.store.terms(["X:7"])[0][0].text.split()
        assert number == "7"
        assert opened.hierarchy.ancestors("X:7") == ("X:0", "X:2")
        return said


def check_repeated(home: ReleaseHome, whole: Answers) -> None:
    import_release(home, RELEASE, records("new"), sources=[])
    with home.open(RELEASE) as opened:
        assert answers_of(opened) == whole
    assert sorted(path.name for path in home.releases_folder.iterdir()) == [".locks", RELEASE]


@pytest.mark.parametrize("moment", ["records 2000", "hierarchy 0", "manifest 0", "between the renames"])
def test_killed_at_a_stage(home: ReleaseHome, whole: Answers, moment: str) -> None:
    with start(home, moment) as process:
        assert process.wait() == -signal.SIGKILL
    assert home.names() == [RELEASE]
    assert home.current() == RELEASE
    assert served(home) == "old"
    check_repeated(home, whole)


def test_killed_at_a_moment_of_chance(home: ReleaseHome, whole: Answers) -> None:
    with start(home, "never") as process:
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + random.Random(0).uniform(0.02, 0.3)
        seen = []
        while time.monotonic() < deadline and process.poll() is None:
            seen.append(served(home))
        process.kill()
        process.wait()
    seen.append(served(home))
    # A fast machine may have the new release in its place by then; from that moment on it is the one that answers.
    assert seen == sorted(seen, reverse=True)
    assert set(seen) <= {"old", "new"}
    check_repeated(home, whole)
