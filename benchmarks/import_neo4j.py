"""How long a SNOMED CT release of the International edition's size takes into Neo4j, and what it is like to read.

    python -m benchmarks.import_neo4j [--concepts 400000] [--seed 1] [--input PATH...] [--json DIR]

Writes a synthetic release (or takes the one at `--input`), starts a Neo4j Community server of its own on this
machine (Java and Maven are needed; heap 1 GB), and runs the installed `enlace load --store` on it in a process of
its own: client and server share the cores. Then it reads pages of concepts, all terms, and removes the graph.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.import_rf2 import RELEASE, count_rows, show
from benchmarks.measured_process import MIB, measure
from benchmarks.synthetic_rf2 import Shape, make_terminology, write
from benchmarks.times import ENLACE
from graph.release import OpenRelease, ReleaseHome
from graph.server_graphs import clean
from tests.neo4j_server import Launched, running

_PAGES = 200
_IDS_A_PAGE = 64


def import_figures(paths: Sequence[Path], home: ReleaseHome, launched: Launched) -> dict[str, float]:
    """Import `paths` into the server and read them; the figures to show."""
    url = launched.server.uri
    rows = sum(map(count_rows, paths))
    environment = {"ENLACE_HOME": str(home.path), **launched.server.environment}
    busy_before = cpu_seconds(launched.process_id)
    loading = measure(
        [ENLACE, "load", *map(str, paths), "--release", RELEASE, "--store", url], environment=environment
    )
    busy = cpu_seconds(launched.process_id) - busy_before
    report = json.loads((home.folder(RELEASE) / "report.json").read_text("utf-8"))
    counts, stages = report["release"]["counts"], {stage["name"]: stage for stage in report["stages"]}
    figures = {
        "rows read": rows,
        "concepts": counts["concepts"],
        "terms": counts["terms"],
        "is-a relations": counts["is_a"],
        "other relations": counts["relations"],
        "import, s": loading.wall_s,
        "of which reading and spooling, s": stages["records"]["seconds"],
        "of which compiling the hierarchy, s": stages["hierarchy"]["seconds"],
        "of which sending to Neo4j, s": stages["graph"]["seconds"],
        "processor s of the client": loading.cpu_s,
        "processor s of the server": busy,
        "peak memory of the client, MiB": loading.peak_mib,
        "peak memory of the server, MiB": peak_mib(launched.process_id),
    }
    with home.open(RELEASE) as opened:
        figures |= reading_figures(opened)
    return figures


def reading_figures(opened: OpenRelease) -> dict[str, float]:
    """Medians of pages of look-ups, and the time of reading everything."""
    active = len(opened.hierarchy)
    step = max(1, active // (_PAGES * _IDS_A_PAGE))
    ids = opened.hierarchy.ids_of(range(0, active, step))
    pages = [ids[at : at + _IDS_A_PAGE] for at in range(0, len(ids) - _IDS_A_PAGE + 1, _IDS_A_PAGE)]
    figures = {}
    for method in ("concepts", "terms", "relations", "mappings"):
        ask: Callable[[Sequence[str]], object] = getattr(opened.store, method)
        ask(pages[0])
        taken = [milliseconds(ask, page) for page in pages]
        figures[f"{method} of {_IDS_A_PAGE} concepts, ms, median"] = statistics.median(taken)
    start = time.perf_counter()
    read = sum(1 for _ in opened.store.scan_terms())
    figures["all terms read, s"] = time.perf_counter() - start
    figures["terms read a second"] = read / figures["all terms read, s"]
    return figures


def removing_figures(home: ReleaseHome) -> dict[str, float]:
    """The time of removing the release with its graph."""
    start = time.perf_counter()
    home.remove(RELEASE)
    assert clean(home) == []
    return {"removal, s": time.perf_counter() - start}


def milliseconds(ask: Callable[[Sequence[str]], object], page: Sequence[str]) -> float:
    """How long one question takes."""
    start = time.perf_counter()
    ask(page)
    return 1000 * (time.perf_counter() - start)


def cpu_seconds(process_id: int) -> float:
    """Processor time that a process has used so far."""
    after_name = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process_id: int) -> float:
    """The most memory that a process held resident so far."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / MIB


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--concepts", type=int, default=Shape().concepts)
    parser.add_argument("--seed", type=int, default=Shape().seed)
    parser.add_argument(
        "--input", type=Path, nargs="+", help="RF2 packages to import instead of synthetic ones"
    )
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    os.environ.pop("NEO4J_URI", None)
    with tempfile.TemporaryDirectory() as folder, running(fast=True) as launched:
        os.environ.update(launched.server.environment)
        paths = options.input or [Path(folder) / "rf2"]
        if not options.input:
            write(make_terminology(Shape(options.concepts, options.seed)), paths[0])
        home = ReleaseHome(Path(folder) / "home")
        figures = import_figures(paths, home, launched) | removing_figures(home)
    show(figures)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / "import-neo4j.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
