"""Writes docs/results.md from the figures in docs/results/, which the benchmarks wrote.

python -m benchmarks.results_page
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks import against_published_loop, large_index, latency
from benchmarks.evidence_page import evidence_section
from benchmarks.killed_imports import COLUMNS, Moment
from benchmarks.linking_page import linking_part, signed, table
from benchmarks.recognition_page import recognition_section
from benchmarks.retrained import retrained_section
from benchmarks.serving_page import one_request_section, serve_section
from benchmarks.speed_figures import Aims, aim, shown
from linker.encoder import BFLOAT16, INT8
from linker.evaluation.runs import Run, compare

DOCS = Path(__file__).resolve().parents[1] / "docs"

_HEAD = """\
# Results

Written by `python -m benchmarks.results_page` from the files in [results](results), which the commands named here
print and write; `make results` runs them all. Intervals are 95 %, by bootstrap over documents (2,000 resamples).
"""

_LOWER = """\
### In {precision}

`python -m benchmarks.linking --data ../shared/data --set {name} --precision {precision} --json docs/results`

The same terms, indexed and linked with `--precision {precision}`, less float32 (paired by document):
"""

_LOOP = """\
## Against the published loop

`python -m benchmarks.against_published_loop --data ../shared/data --json docs/results`

The same weights on the same strings in one process, on a machine of {cores} cores with {threads} threads: HPO with
its Spanish labels, the shipped models, distinct DisTEMIST mentions, 200 candidates asked for. The published loop
computes in float32, encodes in random batches of 32, and its cross-encoder reads every candidate of every mention.
The right vector of a string is the one it has alone, in float32, without padding. Answers of the same run are held
against the codes that a mention has anywhere in the corpus, documents of training included; on dev documents alone they
are in the tables above. Index of {terms:,} strings, encoder weights `{weights}`; Enlace {software}.
"""

_LATENCY = """\
## How fast mentions are linked

`python -m benchmarks.latency --data ../shared/data --json docs/results`, with `--precision int8` for the second column

One DisTEMIST mention of the dev documents after the other, each in a request of its own, and a thousand together;
five candidates with re-ranking, no score remembered unless it says so, on a machine of {cores} cores. The published
loop reads as many candidates as it retrieves (25). ONNX Runtime (`enlace index --runtime onnx`) answers from the same
vectors. Index of {terms:,} strings; Enlace {software}.
"""

_LARGE = """\
## A large index

`python -m benchmarks.large_index --json docs/results`

Synthetic vectors shaped like encoded terms, by `enlace index`'s own HNSW code, on a machine of {cores} cores; queries
that are not in the index, one after the other, each for its 64 nearest. Memory holds all vectors in float32
beside the index. Enlace {software}.
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
    "harmonize": """\
## Harmonising rows of codes

`python -m benchmarks.harmonize --json docs/results`

Rows of codes as hospitals have them (most of 5,000 frequent codes; any active codes, retired ones, ICD-10, unknown
ones) onto 40 variables of a synthetic release of full size, by the installed `enlace harmonize` in a process of its
own: reading the CSV, resolving, assigning with paths, writing Parquet, concept map and summary.
""",
}

_DAMAGE = """\
## Damaged sources

`python -m benchmarks.damage --json docs/results`

A hundred damaged copies of a small source of every format, each loaded by `enlace load` over an earlier release of
the same name. *Refused*: one sentence that names the file, or that tells of no concepts or a cycle of is-a; the earlier
release answers as before. *Rejections*: loaded, and the report names file, row and reason of what could not be used.
*The same*: the damage was where nothing is read. *Altered*: still a sound source, that says something else, such as
another letter of a term. *Fewer*: still a sound source, that says less, such as a table cut off behind a row. *WRONG*:
anything else; a stack trace, an earlier release lost or altered, a release that is not whole, a rejected row without
its place.
"""

_KILLED = """\
## Killed imports

`python -m benchmarks.killed_imports --data ../shared/data --json docs/results`

HPO with its Spanish labels is imported over HPO without them and killed, with SIGKILL, at random moments. Until
then the former release is asked over and over. *The same*: the import repeated made the release that an undisturbed
one makes, equal in its counts, in every record and in the hierarchy, and left nothing else behind.
"""


_HARMONIZE = """\
## Harmonising text

`python -m benchmarks.harmonize_distemist --data ../shared/data --json docs/results`

{mentions:,} DisTEMIST mentions of documents that no model saw, as rows of text, onto 40 variables over HPO
(`benchmarks/variables_hpo.yaml`), by the terms of HPO alone. Right is what the gold code is assigned to, which is some
variable for {assigned} of them; precision and recall are of pairs of row and variable. Rows with a lower score are
declined. The default of `--min-score`, 0.1, was chosen on these rows.
"""


_CONTEXT = """\
## Context of mentions

`python -m benchmarks.context --data ../shared/data --json docs/results`

Mentions of CodiEsp, DisTEMIST and CANTEMIST, labelled by hand ([how](context.md#how-good-it-is)). The test part was
labelled before the rules were run on it, and changed none. *Affirmed* is a mention of which nothing is said. On one
core of the machine that measured, {speed:,.0f} sentences a second, one mention in each.
"""


def times_section(times: dict[str, float]) -> str:
    """The times as Markdown."""
    rows = "\n".join(f"| {what} | {value:.2f} |" for what, value in times.items())
    return f"| what | measured |\n| --- | --- |\n{rows}\n"


def lower_section(name: str, precision: str) -> str:
    """What a set's figures are in a lower precision, less those in float32; empty where one is not there."""
    lower, full = (DOCS / "results" / f"{name}{suffix}.json" for suffix in (f"-{precision}", ""))
    if not (lower.is_file() and full.is_file()):
        return ""
    found = compare(Run.read(lower), Run.read(full))
    header = ("set", *(f"@{k}" for k in found[0].first), "MRR")
    rows = [
        (
            f"{one.subset} ({one.mentions:,})",
            *(
                f"{share:.3f} ({signed(difference)})"
                for share, difference in zip(
                    (*one.first.values(), one.first_mrr),
                    (*one.difference.accuracy.values(), one.difference.mrr),
                    strict=True,
                )
            ),
        )
        for one in found
    ]
    return f"{_LOWER.format(name=name, precision=precision)}\n{table(header, rows)}\n"


def loop_section(found: dict[str, Any]) -> str:
    """The comparison with the published loop as Markdown, under its heading."""
    index = found["index"]
    head = _LOOP.format(**found, terms=index["terms"], weights=index["encoder"]["weights_sha256"][:12])
    return f"{head}\n{_figures(found, against_published_loop.AIMS)}"


def _figures(found: dict[str, Any], aims: Aims) -> str:
    """Figures beside their aims."""
    rows = [
        (what, shown(what, value), aim(aims, what, value).replace("missed", "**missed**"))
        for what, value in found["figures"].items()
    ]
    return _table(("what", "measured", "aim"), rows)


def import_section(title: str, figures: dict[str, float]) -> str:
    """What an import cost as Markdown, under its heading."""
    rows = "\n".join(
        f"| {what} | {f'{value:,.0f}' if value >= 1000 or value == int(value) else f'{value:.2f}'} |"
        for what, value in figures.items()
    )
    return f"{title}\n| what | measured |\n| --- | --- |\n{rows}\n"


def damage_section(rows: list[dict[str, str | int]]) -> str:
    """What came of damage as Markdown, under its heading."""
    names = list(rows[0])
    cells = [[str(value or "") for value in row.values()] for row in rows]
    return f"{_DAMAGE}\n{_table(names, cells)}"


def killed_section(found: dict[str, Any]) -> str:
    """What came of killed imports as Markdown, under its heading."""
    moments = [Moment(**moment) for moment in found["moments"]]
    counts = ", ".join(f"{name} {number:,}" for name, number in found["counts"].items())
    return (
        f"{_KILLED}\n{_table(COLUMNS, [moment.cells() for moment in moments])}\n"
        f"Undisturbed, the import took {found['undisturbed_s']:.2f} s. The whole release: {counts}.\n"
    )


def harmonize_section(found: dict[str, Any]) -> str:
    """What harmonising annotated mentions came to as Markdown, under its heading."""
    by_score = found["by least score"]
    names = ["least score", *next(iter(by_score.values()))]
    cells = [[score, *(f"{value:.3f}" for value in some.values())] for score, some in by_score.items()]
    return f"{_HARMONIZE.format(**found)}\n{_table(names, cells)}"


def context_section(found: dict[str, Any]) -> str:
    """Precision and recall of each assertion on both labelled parts, under their heading."""
    parts = found["parts"]
    names = ["assertion"]
    for part, measured in parts.items():
        names += [f"{part} ({measured['mentions']})", "precision", "recall", "F1"]
    cells = []
    for assertion in next(iter(parts.values()))["assertions"]:
        row = [assertion]
        for measured in parts.values():
            one = measured["assertions"][assertion]
            row += [str(one["mentions"]), *(f"{one[name]:.3f}" for name in ("precision", "recall", "F1"))]
        cells.append(row)
    return f"{_CONTEXT.format(speed=found['sentences a second'])}\n{_table(names, cells)}"


def latency_section(found: dict[str, Any], in_int8: dict[str, Any] | None) -> str:
    """One mention and a batch, beside their aims."""
    other = in_int8["figures"] if in_int8 else {}
    rows = [
        (
            what,
            shown(what, value),
            shown(what, other[what]) if what in other else "",
            aim(latency.AIMS, what, other.get(what, value)).replace("missed", "**missed**"),
        )
        for what, value in found["figures"].items()
    ]
    text = _LATENCY.format(cores=found["cores"], terms=found["index"]["terms"], software=found["software"])
    return f"{text}\n{_table(('what', 'float32', 'int8', 'aim'), rows)}"


def large_section(found: dict[str, Any]) -> str:
    """An index of the size of SNOMED CT's strings."""
    return f"{_LARGE.format(**found)}\n{_figures(found, large_index.AIMS)}"


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


_SECTIONS: MappingProxyType[str, Callable[[Any], str]] = MappingProxyType(
    {
        "harmonize-distemist": harmonize_section,
        "recognition": recognition_section,
        "context": context_section,
        "damage": damage_section,
        "killed-imports": killed_section,
        "serve": serve_section,
        "one-request": one_request_section,
    }
)


def page() -> str:
    """The whole page."""
    figures = {path.stem: json.loads(path.read_text("utf-8")) for path in (DOCS / "results").glob("*.json")}
    return "\n".join(
        [
            _HEAD,
            linking_part(figures),
            *filter(
                None, [lower_section("distemist-hpo-terms", precision) for precision in (BFLOAT16, INT8)]
            ),
            *(evidence_section(figures[name]) for name in ("evidence",) if name in figures),
            *(retrained_section(figures[name]) for name in ("retrained",) if name in figures),
            *(loop_section(figures[name]) for name in ("against-published-loop",) if name in figures),
            *(
                latency_section(figures[name], figures.get(f"{name}-int8"))
                for name in ("latency",)
                if name in figures
            ),
            *(large_section(figures[name]) for name in ("large-index",) if name in figures),
            _TIMES,
            times_section(figures["times"]),
            *(import_section(title, figures[name]) for name, title in _IMPORTS.items() if name in figures),
            *(told(figures[name]) for name, told in _SECTIONS.items() if name in figures),
        ]
    )


if __name__ == "__main__":
    (DOCS / "results.md").write_text(page(), "utf-8")
