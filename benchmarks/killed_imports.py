"""Kills imports at random moments and looks at what is served meanwhile, afterwards, and after a repetition.

    python -m benchmarks.killed_imports --data ../shared/data [--json DIR]
    python -m benchmarks.killed_imports --path SnomedCT_….zip --moments 20 --seed 1

A release is imported (HPO without its translation, or `--path` in Spanish alone), then an import of another
one under the same name (HPO with its translation, or `--path` in Spanish and English) is started in a process
of its own and killed, with SIGKILL, after a share of the time that it takes undisturbed. Until then the
release is opened and asked over and over. Then it is asked everything, the import is repeated, and what it
made is compared with what the undisturbed import made: counts, and a digest of every record and every row of
the hierarchy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from graph.release import OpenRelease, ReleaseHome

RELEASE = "served"
ENLACE = str(Path(sys.executable).with_name("enlace"))
WRONG = "WRONG"
COLUMNS = ("killed after", "left behind", "asked", "in vain", "served", "repeated in", "the same")


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a release can answer, in short."""

    counts: tuple[tuple[str, int], ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One import that was killed, and what came of it."""

    killed_after_s: float
    left_behind: str
    asked: int
    in_vain: int
    served: str
    repeated_s: float
    the_same: bool
    """Whether the repetition made what the undisturbed import made, and left nothing besides."""

    @property
    def is_bad(self) -> bool:
        """Whether anything is not as it must be."""
        return bool(self.in_vain) or self.served == WRONG or not self.the_same

    def cells(self) -> tuple[str, ...]:
        """As a row of the table, in the order of `COLUMNS`."""
        return (
            f"{self.killed_after_s:.2f} s",
            self.left_behind or "an empty folder",
            f"{self.asked:,} ×",
            f"{self.in_vain:,} ×",
            self.served,
            f"{self.repeated_s:.2f} s",
            "yes" if self.the_same else "NO",
        )


@dataclass(frozen=True, slots=True)
class Found:
    """All of it: the undisturbed import's seconds, the moments, the counts and the digest of the whole release."""

    undisturbed_s: float
    moments: tuple[Moment, ...]
    counts: dict[str, int]
    digest: str


def answers_of(opened: OpenRelease) -> Answers:
    """The counts of a release, and the SHA-256 of every record in order and of the hierarchy's arrays."""
    digest = hashlib.sha256()
    store = opened.store
    for scan in (
        store.scan_concepts,
        store.scan_terms,
        store.scan_relations,
        store.scan_mappings,
        store.scan_successions,
        store.scan_memberships,
    ):
        for record in scan():
            digest.update(repr(record).encode())
    for path in sorted((opened.folder / "hierarchy").glob("*.npy")):
        digest.update(path.name.encode() + path.read_bytes())
    return Answers(tuple(sorted(opened.release.counts.items())), digest.hexdigest())


def importing(home: ReleaseHome, arguments: list[str]) -> subprocess.Popen[bytes]:
    """An import as a process of its own."""
    return subprocess.Popen(
        [ENLACE, "load", *arguments, "--release", RELEASE],
        env={**os.environ, "ENLACE_HOME": str(home.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def import_whole(home: ReleaseHome, arguments: list[str]) -> tuple[Answers, float]:
    """Import undisturbed; answers and seconds. Raises CalledProcessError."""
    start = time.perf_counter()
    process = importing(home, arguments)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)
    seconds = time.perf_counter() - start
    with home.open(RELEASE) as opened:
        return answers_of(opened), seconds


def some_answers(opened: OpenRelease, ids: Sequence[str]) -> list[object]:
    """What a client would ask of a few concepts."""
    store = opened.store
    return [
        store.concepts(ids),
        store.terms(ids),
        store.mappings(ids),
        [opened.hierarchy.ancestors(id) for id in ids],
    ]


def ask_until(
    home: ReleaseHome, moment: float, ids: Sequence[str], expected: list[object]
) -> tuple[int, int]:
    """Open the release and ask it until `moment`; how often that was done, and how often in vain."""
    asked = failed = 0
    while time.perf_counter() < moment:
        asked += 1
        try:
            with home.open(RELEASE) as opened:
                failed += some_answers(opened, ids) != expected
        except Exception as error:  # whatever it is, a user would have met it
            failed += 1
            Console(stderr=True).print(f"asked in vain: {error}")
    return asked, failed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of open data")
    parser.add_argument("--path", type=Path, help="a terminology to import instead of HPO")
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="a folder to write the table into")
    given = parser.parse_args()
    if given.path:
        former = [str(given.path), "--languages", "es"]
        new = [str(given.path), "--languages", "es,en"]
    else:
        hpo = given.data / "hpo"
        former = [str(hpo / "hp.v2024-04-26.json.gz")]
        new = [*former, "--translations", str(hpo / "hp-es.babelon.tsv")]
    with tempfile.TemporaryDirectory(prefix="enlace-killed-") as folder:
        found = killed(Path(folder), former, new, given.moments, random.Random(given.seed))
    show(found)
    if given.json:
        given.json.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(found), indent=2, ensure_ascii=False)
        (given.json / "killed-imports.json").write_text(text + "\n", "utf-8")
    sys.exit(any(moment.is_bad for moment in found.moments))


def killed(folder: Path, former: list[str], new: list[str], moments: int, chance: random.Random) -> Found:
    """Import undisturbed, then kill as many imports as there are moments; all in `folder`."""
    whole, seconds = import_whole(ReleaseHome(folder / "whole"), new)
    home = ReleaseHome(folder / "home")
    before, _ = import_whole(home, former)
    with home.open(RELEASE) as opened:
        ids = chance.sample(opened.hierarchy.descendants(opened.hierarchy.roots()[0]), 20)
        expected = some_answers(opened, ids)
    shutil.copytree(home.path, folder / "former")
    found = []
    for _ in range(moments):
        shutil.rmtree(home.path)
        shutil.copytree(folder / "former", home.path)
        delay = chance.uniform(0.02, 0.98) * seconds
        process = importing(home, new)
        asked, failed = ask_until(home, time.perf_counter() + delay, ids, expected)
        process.send_signal(signal.SIGKILL)
        was_killed = process.wait() < 0
        staging = home.staging_folder(RELEASE)
        left = ", ".join(sorted(path.name for path in staging.iterdir())) if staging.exists() else "nothing"
        with home.open(RELEASE) as opened:
            kept = answers_of(opened) == (before if was_killed else whole)
        again, took = import_whole(home, new)
        clean = sorted(path.name for path in home.releases_folder.iterdir()) == [".locks", RELEASE]
        served = (
            ("the former release" if was_killed else "the new one (not killed in time)") if kept else WRONG
        )
        found.append(Moment(delay, left, asked, failed, served, took, again == whole and clean))
    return Found(seconds, tuple(found), dict(whole.counts), whole.digest)


def show(found: Found) -> None:
    """Print the table."""
    table = Table(*COLUMNS)
    for moment in found.moments:
        table.add_row(*moment.cells())
    console = Console(width=130)
    console.print(f"Undisturbed, the import takes {found.undisturbed_s:.2f} s.")
    console.print(table)
    counts = ", ".join(f"{name} {number:,}" for name, number in found.counts.items())
    console.print(f"Whole release: {counts}; digest {found.digest[:16]}.", soft_wrap=True)


if __name__ == "__main__":
    main()
