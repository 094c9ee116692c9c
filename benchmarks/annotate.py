"""How many notes a second are annotated, and in how much memory, for more and more notes.

    python -m benchmarks.annotate --home FOLDER --release NAME [--data ../shared/data] [--notes 1000 --notes 10000]
                                  [--recognizer dictionary ...] [--ray] [--json DIR]

The notes are the 3,500 clinical cases of CodiEsp and its background. `enlace annotate` runs in a process of its own,
once for each number of notes, the opening of the models included; with `--ray` the least of them once more on two
workers of Ray, whose answers must be the same bytes. Run it on a machine that does nothing else. Figures of an index in
another precision than float32 go into a file of their own.

An annotator remembers the answers to the mentions that it was asked last, so what comes again costs less, and how much
comes again is a matter of the notes. These are case reports, each of another disease and told in words of its own: of
the mentions of a hundred of them two thirds are distinct, and a hospital's notes are likely to repeat themselves more.
More notes than there are come again under other names; that is fair to memory, which must stay as it is, and not to the
rate. So where notes come again it is told besides when all had been through once (`first_pass_seconds`), and no rate on
the scale page counts a note that had come before.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.annotating import BOTH
from api.annotation_file import part_file
from benchmarks.measured_process import measure
from benchmarks.times import ENLACE
from graph.release import INDEX_FOLDER
from linker.encoder import FULL
from linker.index_manifest import IndexManifest

_SOURCES = ("codiesp/texts.jsonl.gz", "text/codiesp-background.jsonl.gz")
WORKERS = 2
_LOOK_EVERY_S = 0.2


def notes(data: Path, count: int) -> Iterator[dict[str, str]]:
    """So many notes, each with a name of its own; the texts come again once they are through."""
    for place, line in enumerate(islice(cycle(_lines(data)), count)):
        yield {"doc": f"note-{place:08}", "text": json.loads(line)["text"]}


def distinct(data: Path) -> int:
    """Of how many notes none comes again."""
    return len(_lines(data))


def _lines(data: Path) -> list[bytes]:
    return [line for name in _SOURCES for line in gzip.decompress((data / name).read_bytes()).splitlines()]


class LinesReached(threading.Thread):
    """Tells after how many seconds a file that another process writes has so many lines."""

    def __init__(self, path: Path, lines: int) -> None:
        super().__init__(daemon=True)
        self._path, self._lines = path, lines
        self._over = threading.Event()
        self.seconds: float | None = None

    def run(self) -> None:
        """Look until it has them, or until `stop`."""
        start = time.perf_counter()
        there = offset = 0
        while not self._over.wait(_LOOK_EVERY_S):
            try:
                with self._path.open("rb") as file:
                    file.seek(offset)
                    while block := file.read(1 << 20):
                        offset += len(block)
                        there += block.count(b"\n")
            except FileNotFoundError:
                continue
            if there >= self._lines:
                self.seconds = time.perf_counter() - start
                return

    def stop(self) -> float | None:
        """Look no more; what it found."""
        self._over.set()
        self.join()
        return self.seconds


def measured(
    data: Path, folder: Path, count: int, options: list[str], home: Path, ray: bool
) -> dict[str, Any]:
    """One run of `enlace annotate` over so many notes, and another on Ray's workers."""
    given, output = folder / f"{count}.jsonl", folder / f"{count}.annotations.jsonl"
    characters = 0
    with given.open("w", encoding="utf-8") as file:
        for note in notes(data, count):
            characters += len(note["text"])
            file.write(json.dumps(note, ensure_ascii=False) + "\n")
    environment = {"ENLACE_HOME": str(home)}
    command = [ENLACE, "annotate", "--input", str(given), "--output", str(output), *options]
    once = min(count, distinct(data))
    first_pass = LinesReached(part_file(output), once)
    if once < count:
        first_pass.start()
    cost = measure(command, environment=environment)
    found: dict[str, Any] = {
        "notes": count,
        "distinct_notes": once,
        "characters": characters,
        "mentions": _mentions(output),
        "output_bytes": output.stat().st_size,
        "seconds": round(cost.wall_s, 2),
        "processor_seconds": round(cost.cpu_s, 2),
        "peak_mib": round(cost.peak_mib),
    }
    if once < count and (seconds := first_pass.stop()) is not None:
        found["first_pass_seconds"] = round(seconds, 2)
    if ray:
        again = folder / f"{count}.ray.jsonl"
        on_ray = ["--engine", "ray", "--workers", str(WORKERS)]
        spread = measure(
            [ENLACE, "annotate", "--input", str(given), "--output", str(again), *options, *on_ray],
            environment=environment,
        )
        found |= {
            "ray_seconds": round(spread.wall_s, 2),
            "ray_peak_mib": round(spread.peak_mib),
            "ray_same": again.read_bytes() == output.read_bytes(),
        }
    return found


def file_of(precision: str) -> str:
    """The name of the file of figures of an index in that precision."""
    return "annotate.json" if precision == FULL else f"annotate-{precision}.json"


def _mentions(output: Path) -> int:
    with output.open("rb") as lines:
        return sum(len(json.loads(line)["annotations"]) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--release", required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--notes", type=int, action="append")
    parser.add_argument("--recognizer", action="append", default=[])
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    options = ["--release", given.release]
    for name in given.recognizer:
        options += ["--recognizer", name]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for place, count in enumerate(sorted(given.notes or [1_000, 10_000])):
            on_ray = given.ray and place == 0
            rows.append(measured(given.data, Path(folder), count, options, given.home, on_ray))
            show(rows[-1:])
    release = given.home / "releases" / given.release
    precision = IndexManifest.read(release / INDEX_FOLDER).encoder.precision
    found = {
        "software": version("enlace"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "release": given.release,
        "release_bytes": sum(path.stat().st_size for path in release.rglob("*") if path.is_file()),
        "recognizer": given.recognizer or [BOTH],
        "precision": precision,
        "cores": len(os.sched_getaffinity(0)),
        "rows": rows,
    }
    if given.json:
        given.json.mkdir(parents=True, exist_ok=True)
        (given.json / file_of(precision)).write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def show(rows: list[dict[str, Any]]) -> None:
    """Print what was measured."""
    table = Table()
    for name in rows[0]:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(
            *(f"{value:,}" if isinstance(value, int | float) else str(value) for value in row.values())
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
