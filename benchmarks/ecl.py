"""How long expressions, subsumption and opening take on a SNOMED CT release of the International edition's size.

    python -m benchmarks.ecl [--concepts 400000] [--seed 1] [--home FOLDER --release NAME] [--json DIR]

Writes a synthetic release and imports it with the installed `enlace`, or takes a release that is there.
Beside it, in the same run and on the same is-a relations, NetworkX: all descendants of the same concept,
and whether one concept is among another's ancestors.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ecl_expressions import varied_expressions
from benchmarks.import_rf2 import show
from benchmarks.measured_process import MIB, measure
from benchmarks.synthetic_rf2 import Shape, make_terminology, write
from benchmarks.times import ENLACE
from graph.ecl.content import Content
from graph.ecl.evaluator import Evaluator
from graph.ecl.parser import parse
from graph.release import ECL_FOLDER, ReleaseHome
from graph.value_sets import ValueSets

RELEASE = "synthetic"
PAIRS = 1_000_000
RIVAL_PAIRS = 300
LARGE = 120_000

#: Opens a release and answers an expression; tells the seconds of each.
_OPENING = """
import json, sys, time
from graph.release import default_home
from graph.value_sets import ValueSets
name, expression = sys.argv[1:]
start = time.perf_counter()
opened = default_home().open(name)
with_hierarchy = time.perf_counter()
value_sets = ValueSets.open(opened)
with_tables = time.perf_counter()
value_sets.expand(expression, first=1)
answered = time.perf_counter()
print(json.dumps([with_hierarchy - start, with_tables - start, answered - start]))
"""
#: Reads every page of the hierarchy, or of it and the tables; tells how much more memory is resident than before.
_RESIDENT = """
import sys, numpy as np
from graph.release import default_home
from graph.ecl.content import Content
from graph.ecl.table_files import _arrays
def resident():
    return int(open("/proc/self/statm").read().split()[1])
name, what = sys.argv[1:]
before = resident()
opened = default_home().open(name)
hierarchy = opened.hierarchy
rows = [hierarchy.parent_rows, hierarchy.child_rows, hierarchy.ancestor_rows, hierarchy.descendant_rows]
arrays = [hierarchy.ids.array.view(np.uint8), *(a for row in rows for a in (row.offsets, row.targets))]
if what == "tables":
    content = Content.open(opened)
    arrays += [a.view(np.uint8) for a in _arrays(content.universe, content.tables).values()]
    texts = content.tables.descriptions.texts
    arrays += [np.frombuffer(b, np.uint8) for b in texts.buffers() if b]
sum(int(a.sum()) for a in arrays)
print(resident() - before)
"""


def figures(home: ReleaseHome, release: str, seed: int) -> dict[str, float]:
    """All figures of one release."""
    environment = {"ENLACE_HOME": str(home.path)}
    compiling = measure([sys.executable, "-c", _OPENING, release, "*"], environment=environment)
    opening = [_said(home, _OPENING, release, "*") for _ in range(5)]
    page = os.sysconf("SC_PAGE_SIZE") / MIB
    folder = home.folder(release) / ECL_FOLDER
    opened = home.open(release)
    content = Content.open(opened)
    found: dict[str, float] = {
        "concepts": content.universe.concepts,
        "pairs of the closure": content.hierarchy.closure_size,
        "relations": len(content.tables.attributes.sources),
        "terms": len(content.tables.descriptions.concepts),
        "first opening, which compiles the tables, s": compiling.wall_s,
        "its peak memory, MiB": compiling.peak_mib,
        "size of the tables on disk, MiB": sum(p.stat().st_size for p in folder.iterdir()) / MIB,
        "opening the hierarchy, ms": 1000 * statistics.median(o[0] for o in opening),
        "opening hierarchy and tables, ms": 1000 * statistics.median(o[1] for o in opening),
        "opening and answering `*`, ms": 1000 * statistics.median(o[2] for o in opening),
        "memory of the compiled hierarchy, all pages read, MiB": _said(home, _RESIDENT, release, "hierarchy")
        * page,
        "memory of hierarchy and tables, all pages read, MiB": _said(home, _RESIDENT, release, "tables")
        * page,
    }
    found |= expression_figures(content, seed)
    found |= hierarchy_figures(content, ValueSets(content, opened.store), seed)
    opened.close()
    return found


def _said(home: ReleaseHome, program: str, *arguments: str) -> Any:
    """What a fresh process prints."""
    environment = {**os.environ, "ENLACE_HOME": str(home.path)}
    command = [sys.executable, "-c", program, *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def expression_figures(content: Content, seed: int) -> dict[str, float]:
    """Times of the varied expressions, each read and answered: at first, and the median of three times more."""
    evaluator = Evaluator(content)
    # The grammar is compiled once a process.
    parse("*")
    first, again, slowest = [], [], ("", 0.0)
    empty = 0
    for text in varied_expressions(content, seed):
        times = []
        for _ in range(4):
            start = time.perf_counter()
            mask = evaluator.concepts(parse(text))
            times.append(1000 * (time.perf_counter() - start))
        empty += not mask.any()
        first.append(times[0])
        again.append(statistics.median(times[1:]))
        slowest = max(slowest, (text, again[-1]), key=lambda pair: pair[1])
    print(f"The slowest expression took {slowest[1]:.1f} ms: {slowest[0]}", file=sys.stderr)
    return {
        "expressions": len(first),
        "of which match nothing": empty,
        "expressions, median, ms": statistics.median(again),
        "expressions, 95th percentile, ms": float(np.quantile(again, 0.95)),
        "expressions, slowest, ms": max(again),
        "expressions asked for the first time, median, ms": statistics.median(first),
        "expressions asked for the first time, slowest, ms": max(first),
    }


def hierarchy_figures(content: Content, value_sets: ValueSets, seed: int) -> dict[str, float]:
    """Subsumption and descendants, beside NetworkX."""
    import networkx

    hierarchy, rng = content.hierarchy, np.random.default_rng(seed)
    above, below = rng.integers(0, len(hierarchy), (2, PAIRS))
    by_ordinal = _best(lambda: hierarchy.subsumes_pairs(above, below))
    general, specific = hierarchy.ids_of(above), hierarchy.ids_of(below)
    by_id = _best(lambda: value_sets.subsumes(general, specific))
    sizes = np.diff(hierarchy.descendant_rows.offsets)
    root = int(np.argmin(np.abs(sizes - LARGE)))
    as_ordinals = _best(lambda: np.array(hierarchy.descendants_of_ordinal(root)))
    as_ids = _best(lambda: hierarchy.descendants(hierarchy.ids_of([root])[0]), times=3)

    rows = hierarchy.parent_rows
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    children = np.repeat(np.arange(len(hierarchy)), np.diff(rows.offsets))
    graph.add_nodes_from(range(len(hierarchy)))
    graph.add_edges_from(zip(rows.targets.tolist(), children.tolist(), strict=True))
    assert networkx.descendants(graph, root) == set(hierarchy.descendants_of_ordinal(root).tolist())
    rival_descendants = _best(lambda: networkx.descendants(graph, root), times=3)
    some = random.Random(seed).sample(range(PAIRS), RIVAL_PAIRS)
    asked = [(int(above[i]), int(below[i])) for i in some]
    ours = hierarchy.subsumes_pairs(above[some], below[some]).tolist()
    assert [a == b or a in networkx.ancestors(graph, b) for a, b in asked] == ours
    rival_pairs = _best(lambda: [a in networkx.ancestors(graph, b) for a, b in asked], times=3)
    a_pair = by_ordinal / PAIRS
    return {
        "subsumption of a million random pairs by ordinal, µs a pair": 1e6 * a_pair,
        "subsumption of a million random pairs by id, µs a pair": 1e6 * by_id / PAIRS,
        "descendants of the large concept": int(sizes[root]),
        "its descendants as ordinals, ms": 1000 * as_ordinals,
        "its descendants as ids, ms": 1000 * as_ids,
        "NetworkX: its descendants, ms": 1000 * rival_descendants,
        "NetworkX's descendants, as a multiple": rival_descendants / as_ordinals,
        "NetworkX: subsumption, µs a pair": 1e6 * rival_pairs / RIVAL_PAIRS,
        "NetworkX's subsumption, as a multiple of that by id": rival_pairs / RIVAL_PAIRS / (by_id / PAIRS),
    }


def _best(run: Callable[[], object], times: int = 7) -> float:
    """The shortest of several runs, in seconds: what the work takes where nothing else runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def imported(scratch: Path, concepts: int, seed: int) -> ReleaseHome:
    """A home with a synthetic release, imported by the installed `enlace`."""
    write(make_terminology(Shape(concepts, seed)), scratch / "rf2")
    home = ReleaseHome(scratch / "home")
    command = [ENLACE, "load", str(scratch / "rf2"), "--release", RELEASE]
    measure(command, environment={"ENLACE_HOME": str(home.path)})
    return home


def main() -> None:
    """Measure, print and, where asked, write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--concepts", type=int, default=Shape().concepts)
    parser.add_argument("--seed", type=int, default=Shape().seed)
    parser.add_argument("--home", type=Path, help="an ENLACE_HOME with the release to ask")
    parser.add_argument("--release", default=RELEASE)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = (
            ReleaseHome(options.home)
            if options.home
            else imported(Path(folder), options.concepts, options.seed)
        )
        found = figures(home, options.release, options.seed)
    show(found)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / "ecl.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
