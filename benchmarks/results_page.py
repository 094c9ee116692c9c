"""Writes docs/results.md from the figures in docs/results/, which the benchmarks wrote.

python -m benchmarks.results_page
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.against_published_loop import aim, shown
from benchmarks.linking_page import linking_part

DOCS = Path(__file__).resolve().parents[1] / "docs"

_HEAD = """\
# Results

Written by `python -m benchmarks.results_page` from the files in [results](results), which the commands named here
print and write; `make results` runs them all. Intervals are 95 %, by bootstrap over documents (2,000 resamples).
"""

_LOOP = """\
## Against the published loop

`python -m benchmarks.against_published_loop --data ../shared/data --json docs/results`

The same weights on the same strings in one process, on a machine of {cores} cores with {threads} threads: HPO with
its Spanish labels, the shipped models, distinct DisTEMIST mentions, 200 candidates asked for. The published loop
encodes in random batches of 32, and its cross-encoder reads every candidate of every mention. The right vector of a
string is the one it has alone, without padding. How right the answers are is in the tables above. Index of
{terms:,} strings, encoder weights `{weights}`; Enlace {software}.
"""

_TIMES = """\
## Times

`python -m benchmarks.times --data ../shared/data --json docs/results`

On a machine of 2 cores, HPO with its Spanish labels, the shipped models, through the installed `enlace`. The first
linking waits for torch, transformers and sentence-transformers to be imported; the graph answers meanwhile.
"""

_IMPORTS = {
    "import-rf2": """\
## Importing SNOMED CT RF2

`python -m benchmarks.import_rf2 --json docs/results`

A synthetic release with the shape of the International edition, its Spanish edition and a national extension
(`python -m benchmarks.synthetic_rf2`), through the installed `enlace load`, on a machine of 2 cores. The rival reads
the same files with Python's csv into dictionaries and takes the ancestors from a NetworkX graph; it stores nothing.
""",
    "import-rf2-growth": """\
### Twice the rows

`python -m benchmarks.import_rf2 --growth --json docs/results`

The last line is of the peaks beyond what the closure of is-a needs, which is measured in a process that does
nothing but compile it.
""",
    "import-neo4j": """\
### Into Neo4j

`python -m benchmarks.import_neo4j --json docs/results`

The same release through `enlace load --store` into a Neo4j Community server with 1 GB of heap on the same 2 cores.
""",
    "import-rrf": """\
## Importing UMLS RRF

`python -m benchmarks.import_rrf --json docs/results`

A synthetic Metathesaurus release (`python -m benchmarks.synthetic_rrf`) through the installed `enlace load`, on a
machine of 2 cores, with what `enlace load` takes unless told otherwise.
""",
    "import-rrf-growth": """\
### Twice the rows of RRF

`python -m benchmarks.import_rrf --growth --concepts 1200000 --json docs/results`
""",
    "ecl": """\
## Expressions

`python -m benchmarks.ecl --json docs/results`

Over a synthetic release with the shape of the International edition, its Spanish edition and a national extension.
200 expressions, ten of each of twenty kinds: hierarchy, sets, refinements, groups, cardinalities, dots, concrete
values, members, history, filters. Memory is what is resident after every page of the mapped files was read. The rival
is NetworkX on the same is-a relations, with the same answers.
""",
}


def times_section(times: dict[str, float]) -> str:
    """The times as Markdown."""
    rows = "\n".join(f"| {what} | {value:.2f} |" for what, value in times.items())
    return f"| what | measured |\n| --- | --- |\n{rows}\n"


def loop_section(found: dict[str, Any]) -> str:
    """The comparison with the published loop as Markdown, under its heading."""
    index = found["index"]
    head = _LOOP.format(**found, terms=index["terms"], weights=index["encoder"]["weights_sha256"][:12])
    rows = "\n".join(
        f"| {what} | {shown(what, value)} | {aim(what, value).replace('missed', '**missed**')} |"
        for what, value in found["figures"].items()
    )
    return f"{head}\n| what | measured | aim |\n| --- | --- | --- |\n{rows}\n"


def import_section(title: str, figures: dict[str, float]) -> str:
    """What an import cost as Markdown, under its heading."""
    rows = "\n".join(
        f"| {what} | {f'{value:,.0f}' if value >= 1000 or value == int(value) else f'{value:.2f}'} |"
        for what, value in figures.items()
    )
    return f"{title}\n| what | measured |\n| --- | --- |\n{rows}\n"


def page() -> str:
    """The whole page."""
    figures = {path.stem: json.loads(path.read_text("utf-8")) for path in (DOCS / "results").glob("*.json")}
    return "\n".join(
        [
            _HEAD,
            linking_part(figures),
            *(loop_section(figures[name]) for name in ("against-published-loop",) if name in figures),
            _TIMES,
            times_section(figures["times"]),
            *(import_section(title, figures[name]) for name, title in _IMPORTS.items() if name in figures),
        ]
    )


if __name__ == "__main__":
    (DOCS / "results.md").write_text(page(), "utf-8")
