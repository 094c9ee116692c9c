"""How long a SNOMED CT release of the International edition's size takes to import, and how much memory.

    python -m benchmarks.import_rf2 [--concepts 400000] [--seed 1] [--input PATH...] [--json DIR]
    python -m benchmarks.import_rf2 --growth [--concepts 400000] [--json DIR]

The first writes a synthetic release (or takes the one at `--input`), runs the installed `enlace load` on it in a
process of its own, then a fresh process that opens the release and asks for a concept, its terms and its
ancestors. Beside it, as a rival, the same files read with `csv` into dictionaries and a NetworkX graph.

The second imports releases of once and twice the size. The closure of is-a grows with the concepts, whoever
computes it: what it needs is measured in a process that compiles it from the imported release and does nothing
else, and the growth beyond that is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measured_process import MIB, Measured, measure
from benchmarks.synthetic_rf2 import Shape, make_terminology, write
from benchmarks.times import ENLACE

RELEASE = "synthetic"

_IMPORTS = """
from graph.hierarchy import Hierarchy
from graph.release import default_home
from graph.store import open_store
import sys
"""
_FIRST_ANSWER = f"""{_IMPORTS}
with default_home().open({RELEASE!r}) as release:
    concept = release.hierarchy.ids_of([len(release.hierarchy) // 2])[0]
    assert release.store.concepts([concept])[0] is not None
    assert release.store.terms([concept])[0]
    assert release.hierarchy.ancestors(concept)
"""
_NOTHING = f"""{_IMPORTS}
with default_home().open({RELEASE!r}):
    pass
"""
_CLOSURE = f"""{_IMPORTS}
with default_home().open({RELEASE!r}) as release:
    active = (concept.id for concept in release.store.scan_concepts() if concept.active)
    Hierarchy.compile(active, release.store.scan_is_a())
"""


def import_figures(paths: Sequence[Path], home: Path) -> tuple[Measured, dict[str, float]]:
    """Import `paths` into `home`; return what it cost and the figures to show."""
    environment = {"ENLACE_HOME": str(home)}
    rows = sum(map(count_rows, paths))
    size = sum(path.stat().st_size for each in paths for path in _files(each))
    loading = measure([ENLACE, "load", *map(str, paths), "--release", RELEASE], environment=environment)
    answering = measure([sys.executable, "-c", _FIRST_ANSWER], environment=environment)
    manifest = json.loads((home / "releases" / RELEASE / "manifest.json").read_text("utf-8"))
    counts = manifest["release"]["counts"]
    return loading, {
        "rows read": rows,
        "size of the files, MiB": size / MIB,
        "concepts": counts["concepts"],
        "terms": counts["terms"],
        "is-a relations": counts["is_a"],
        "other relations": counts["relations"],
        "pairs of the closure": counts["closure_pairs"],
        "import, s": loading.wall_s,
        "import, processor s": loading.cpu_s,
        "rows a second": rows / loading.wall_s,
        "peak memory of the import, MiB": loading.peak_mib,
        "from starting Python to the first answer, s": answering.wall_s,
        "size of the release, MiB": sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) / MIB,
    }


def rival_figures(folders: Sequence[Path], loading: Measured) -> dict[str, float]:
    """What `rf2_in_dictionaries` costs on the same files, and by how much the import is better."""
    rival = measure([sys.executable, "-m", "benchmarks.rf2_in_dictionaries", *map(str, folders)])
    return {
        "csv into dictionaries and NetworkX, s": rival.wall_s,
        "csv into dictionaries and NetworkX, processor s": rival.cpu_s,
        "csv into dictionaries and NetworkX, peak MiB": rival.peak_mib,
        "its time, as a multiple of the import's": rival.wall_s / loading.wall_s,
        "its processor time, as a multiple of the import's": rival.cpu_s / loading.cpu_s,
        "its memory, as a multiple of the import's": rival.peak_mib / loading.peak_mib,
    }


def closure_mib(home: Path) -> float:
    """The memory that compiling the closure of the release in `home` takes, beyond opening the release."""
    environment = {"ENLACE_HOME": str(home)}
    compiling = measure([sys.executable, "-c", _CLOSURE], environment=environment)
    return compiling.peak_mib - measure([sys.executable, "-c", _NOTHING], environment=environment).peak_mib


def growth_figures(concepts: int, seed: int, scratch: Path) -> dict[str, float]:
    """Peaks of imports of once and twice the size, what their closures need, and the ratios."""
    peaks, needs, figures = [], [], {}
    for times in (1, 2):
        folder, home = scratch / f"rf2-{times}", scratch / f"home-{times}"
        write(make_terminology(Shape(times * concepts, seed)), folder)
        loading, found = import_figures([folder], home)
        peaks.append(loading.peak_mib)
        needs.append(closure_mib(home))
        for what in ("rows read", "pairs of the closure", "import, s", "peak memory of the import, MiB"):
            figures[f"{what}, {times}×"] = found[what]
        figures[f"of which the closure needs, MiB, {times}×"] = needs[-1]
    return {
        **figures,
        "ratio of the peaks": peaks[1] / peaks[0],
        "ratio of the peaks beyond the closure": (peaks[1] - needs[1]) / (peaks[0] - needs[0]),
    }


def count_rows(package: Path) -> int:
    """The rows of a package's text files, headers left out."""
    rows = 0
    for path in _files(package):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in (name for name in archive.namelist() if name.endswith(".txt")):
                    with archive.open(name) as file:
                        rows += sum(1 for _ in file) - 1
        elif path.suffix == ".txt":
            with path.open("rb") as file:
                rows += sum(1 for _ in file) - 1
    return rows


def _files(package: Path) -> Iterator[Path]:
    if package.is_file():
        yield package
    else:
        yield from (path for path in sorted(package.rglob("*")) if path.is_file())


def show(figures: dict[str, float]) -> None:
    """Print the table."""
    table = Table(title=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    table.add_column("what")
    table.add_column("measured", justify="right")
    for what, value in figures.items():
        table.add_row(what, f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.2f}")
    Console().print(table)


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--concepts", type=int, default=Shape().concepts)
    parser.add_argument("--seed", type=int, default=Shape().seed)
    parser.add_argument(
        "--input", type=Path, nargs="+", help="RF2 packages to import instead of synthetic ones"
    )
    parser.add_argument("--growth", action="store_true", help="import once and twice the size")
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if options.growth:
            name, figures = "import-rf2-growth", growth_figures(options.concepts, options.seed, scratch)
        else:
            paths = options.input or [scratch / "rf2"]
            if not options.input:
                write(make_terminology(Shape(options.concepts, options.seed)), paths[0])
            loading, figures = import_figures(paths, scratch / "home")
            if all(path.is_dir() for path in paths):
                figures |= rival_figures(paths, loading)
            name = "import-rf2"
    show(figures)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
