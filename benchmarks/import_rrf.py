"""How long a UMLS Metathesaurus release of full size takes to import, and how much memory.

    python -m benchmarks.import_rrf [--concepts 2410000] [--seed 7] [--input META] [--json DIR]
    python -m benchmarks.import_rrf --growth [--concepts 2410000] [--json DIR]

The first writes a synthetic release (or takes the one at `--input`), ten million rows of MRCONSO and twenty million
of MRREL unless told otherwise, runs the installed `enlace load` on it in a process of its own, then a fresh
process that opens the release and asks for a concept, its terms and its ancestors.

The second imports releases of once and twice the size; what the closure of is-a needs is measured apart, as
`benchmarks.import_rf2` does, and the growth beyond that is printed. Twice the full size takes 25 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.import_rf2 import RELEASE, closure_mib, show
from benchmarks.measured_process import MIB, Measured, measure
from benchmarks.synthetic_rrf import write_release
from benchmarks.times import ENLACE

FULL_SIZE = 2_410_000
SEED = 7

_FIRST_ANSWER = f"""
from graph.release import default_home
with default_home().open({RELEASE!r}) as release:
    child = release.hierarchy.children_of_ordinals(release.hierarchy.root_ordinals())[0]
    concept = release.hierarchy.ids_of([child])[0]
    assert release.store.concepts([concept])[0] is not None
    assert release.store.terms([concept])[0]
    assert release.hierarchy.ancestors(concept)
"""


def import_figures(meta: Path, home: Path) -> tuple[Measured, dict[str, float]]:
    """Import the release in `meta` into `home`; return what it cost and the figures to show."""
    environment = {"ENLACE_HOME": str(home)}
    rows = {path.stem: _rows(path) for path in sorted(meta.glob("*.RRF"))}
    loading = measure([ENLACE, "load", str(meta), "--release", RELEASE], environment=environment)
    answering = measure([sys.executable, "-c", _FIRST_ANSWER], environment=environment)
    manifest = json.loads((home / "releases" / RELEASE / "manifest.json").read_text("utf-8"))
    counts = manifest["release"]["counts"]
    total = sum(rows.values())
    return loading, {
        "rows read": total,
        "of which MRCONSO": rows["MRCONSO"],
        "of which MRREL": rows["MRREL"],
        "size of the files, MiB": sum(path.stat().st_size for path in meta.iterdir()) / MIB,
        "concepts": counts["concepts"],
        "terms": counts["terms"],
        "is-a relations": counts["is_a"],
        "other relations": counts["relations"],
        "mappings": counts["mappings"],
        "pairs of the closure": counts["closure_pairs"],
        "rows rejected": manifest["release"]["rejected"],
        "import, s": loading.wall_s,
        "import, processor s": loading.cpu_s,
        "rows a second": total / loading.wall_s,
        "peak memory of the import, MiB": loading.peak_mib,
        "from starting Python to the first answer, s": answering.wall_s,
        "size of the release, MiB": sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) / MIB,
    }


def growth_figures(concepts: int, seed: int, scratch: Path) -> dict[str, float]:
    """Peaks of imports of once and twice the size, what their closures need, and the ratios."""
    peaks, needs, figures = [], [], {}
    for times in (1, 2):
        folder, home = scratch / f"rrf-{times}", scratch / f"home-{times}"
        loading, found = import_figures(write_release(folder, times * concepts, seed), home)
        peaks.append(loading.peak_mib)
        needs.append(closure_mib(home))
        for what in ("rows read", "pairs of the closure", "import, s", "peak memory of the import, MiB"):
            figures[f"{what}, {times}×"] = found[what]
        figures[f"of which the closure needs, MiB, {times}×"] = needs[-1]
        for done in (folder, home):
            shutil.rmtree(done)
    return {
        **figures,
        "ratio of the peaks": peaks[1] / peaks[0],
        "ratio of the peaks beyond the closure": (peaks[1] - needs[1]) / (peaks[0] - needs[0]),
    }


def _rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(MIB), b""))


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--concepts", type=int, default=FULL_SIZE)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--input", type=Path, help="a folder META to import instead of a synthetic one")
    parser.add_argument("--growth", action="store_true", help="import once and twice the size")
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if options.growth:
            name, figures = "import-rrf-growth", growth_figures(options.concepts, options.seed, scratch)
        else:
            meta = options.input or write_release(scratch, options.concepts, options.seed)
            name, (_, figures) = "import-rrf", import_figures(meta, scratch / "home")
    show(figures)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
