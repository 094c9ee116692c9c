"""How many rows of codes a second are harmonised, on a release of the International edition's size.

    python -m benchmarks.harmonize [--rows 1000000] [--concepts 400000] [--seed 1] [--home FOLDER --release NAME]
                                   [--json DIR]

Writes a synthetic release and imports it with the installed `enlace`, or takes a release that is there, and
draws rows as hospitals have them: most of them frequent codes, some seldom ones, retired codes, codes of ICD-10
and codes that nobody knows. `enlace harmonize` runs in a process of its own, for rows of SNOMED CT codes and for
rows of two systems, and once more after a kill in the middle of the rows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from benchmarks.ecl import RELEASE, imported
from benchmarks.import_rf2 import show
from benchmarks.measured_process import measure
from benchmarks.synthetic_rf2 import Shape
from benchmarks.times import ENLACE
from graph.ecl.content import Content
from graph.release import OpenRelease, ReleaseHome

VARIABLES = 40
#: The shares of rows: frequent codes, any active codes, retired ones, ICD-10 (where there are two systems), and
#: codes of no concept. Of frequent codes there are as many as a hospital uses.
FREQUENT, ANY, RETIRED, MAPPED = 0.70, 0.15, 0.05, 0.08
FREQUENT_CODES = 5_000


def write_variables(content: Content, path: Path, seed: int) -> None:
    """Forty variables of some tens to some thousands of concepts."""
    hierarchy = content.hierarchy
    sizes = np.diff(hierarchy.descendant_rows.offsets)
    large = np.flatnonzero((sizes > 30) & (sizes < 8_000))
    chosen = np.random.default_rng(seed).choice(large, min(VARIABLES, len(large)), replace=False)
    lines = ["variables:"]
    for place, id in enumerate(hierarchy.ids_of(chosen)):
        lines.append(f"  - {{id: v{place:02}, concepts: ['{id}']}}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def write_rows(opened: OpenRelease, content: Content, path: Path, rows: int, seed: int, *, two: bool) -> int:
    """Rows of codes; answer how many distinct ones. With `two`, a share is of ICD-10."""
    rng, universe = np.random.default_rng(seed), content.universe
    frequent = rng.choice(universe.active, min(FREQUENT_CODES, universe.active), replace=False)
    kinds = rng.choice(5, rows, p=[FREQUENT, ANY, RETIRED, MAPPED, 1 - FREQUENT - ANY - RETIRED - MAPPED])
    ranks = np.minimum(rng.zipf(1.3, rows) - 1, len(frequent) - 1)
    numbers = np.where(kinds == 0, frequent[ranks], rng.integers(0, universe.active, rows))
    retired = max(universe.concepts - universe.active, 1)
    numbers = np.where(kinds == 2, universe.active + rng.integers(0, retired, rows), numbers)
    codes = np.array(
        [id.partition(":")[2] for id in universe.ids_of(np.minimum(numbers, universe.concepts - 1))]
    )
    codes = np.where(kinds == 4, np.char.add("9", codes), codes)
    systems = np.full(rows, "SNOMEDCT")
    if two:
        targets = sorted(
            {one.target for one in opened.store.scan_mappings() if one.target.startswith("ICD10:")}
        )
        if targets:
            drawn = np.array([target.partition(":")[2] for target in targets])[
                rng.integers(0, len(targets), rows)
            ]
            codes, systems = np.where(kinds == 3, drawn, codes), np.where(kinds == 3, "ICD10", systems)
    table = pa.table({"patient": np.arange(rows), "system": systems, "code": codes})
    arrow_csv.write_csv(table, path)
    return len(np.unique(np.char.add(systems, codes)))


def figures(home: ReleaseHome, release: str, rows: int, seed: int, scratch: Path) -> dict[str, float]:
    """All figures of one release."""
    found: dict[str, float] = {"rows": rows}
    with home.open(release) as opened:
        content = Content.open(opened)
        found["concepts"] = content.universe.concepts
        write_variables(content, scratch / "variables.yaml", seed)
        for two in (False, True):
            what = "two systems" if two else "SNOMED CT"
            path = scratch / f"rows-{two}.csv"
            found[f"{what}: distinct codes"] = write_rows(opened, content, path, rows, seed, two=two)
    for two in (False, True):
        what = "two systems" if two else "SNOMED CT"
        output = scratch / f"out-{two}.parquet"
        command = _command(release, scratch, output, two=two)
        cost = measure(command, environment={"ENLACE_HOME": str(home.path)})
        found[f"{what}: seconds"] = cost.wall_s
        found[f"{what}: processor seconds"] = cost.cpu_s
        found[f"{what}: rows a second"] = rows / cost.wall_s
        found[f"{what}: peak memory, MiB"] = cost.peak_mib
    found |= _killed(home, release, scratch)
    return found


def _command(release: str, scratch: Path, output: Path, *, two: bool) -> list[str]:
    return [
        str(ENLACE), "harmonize", "--variables", str(scratch / "variables.yaml"),
        "--input", str(scratch / f"rows-{two}.csv"), "--output", str(output), "--code-column", "code",
        *(("--system-column", "system") if two else ("--system", "SNOMEDCT")),
        "--release", release,
    ]  # fmt: skip


def _killed(home: ReleaseHome, release: str, scratch: Path) -> dict[str, float]:
    """A run killed once a part is there, and started again; its files must be those of the whole run."""
    output = scratch / "killed.parquet"
    command = _command(release, scratch, output, two=True)
    environment = {**os.environ, "ENLACE_HOME": str(home.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        parts = output.with_name("killed.parquet.parts")
        while process.poll() is None and not list(parts.glob("*.rows.arrow")):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    resumed_s = time.perf_counter() - start
    for one, other in ((output, "out-True.parquet"), (scratch / "killed.map.csv", "out-True.map.csv")):
        assert _digest(one) == _digest(scratch / other), f"{one.name} is another file after a kill"
    return {"seconds of a run that was killed, started again": resumed_s}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--concepts", type=int, default=Shape().concepts)
    parser.add_argument("--seed", type=int, default=Shape().seed)
    parser.add_argument("--home", type=Path, help="an ENLACE_HOME with the release to ask")
    parser.add_argument("--release", default=RELEASE)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        home = (
            ReleaseHome(options.home) if options.home else imported(scratch, options.concepts, options.seed)
        )
        found = figures(home, options.release, options.rows, options.seed, scratch)
    show(found)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / "harmonize.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
