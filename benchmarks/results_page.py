"""Writes docs/results.md from the figures in docs/results/, which the benchmarks wrote.

python -m benchmarks.results_page
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
CUTOFFS = ("1", "5", "10", "25", "50", "100", "200")

_HEAD = """\
# Results

Written by `python -m benchmarks.results_page` from the files in [results](results), which the commands named here
print and write; `make results` runs them all. Intervals are 95 %, by bootstrap over documents (2,000 resamples).

## Linking: DisTEMIST mentions to HPO

`python -m benchmarks.distemist_hpo --data ../shared/data --json docs/results`

Gold spans of the documents that CodiEsp calls dev, linked to HPO 2024-04-26 with its Spanish labels; Spanish and
English strings are indexed. No dev document was in the training of the models, nor in the fitting of the weights
that fuse scores, nor is any of its mentions in the index. The HPO codes come from published cross-mappings of
SNOMED CT codes. **These scores are not comparable with the published SNOMED CT scores**, which are on another
terminology.
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

The peak beyond what the closure of is-a needs, which is measured in a process that does nothing but compile it.
""",
    "import-neo4j": """\
### Into Neo4j

`python -m benchmarks.import_neo4j --json docs/results`

The same release through `enlace load --store` into a Neo4j Community server with 1 GB of heap on the same 2 cores.
""",
}


def linking_section(title: str, found: dict[str, Any]) -> str:
    """A scoreboard as Markdown."""
    index = found["index"]
    lines = [
        f"### {title}",
        "",
        f"{found['mentions']:,} mentions of {found['documents']:,} documents; {index['terms']:,} strings of "
        f"{index['concepts']:,} concepts, {index['mentions']:,} annotated mentions among them; encoder "
        f"`{index['encoder']['name']}`, {index['encoder']['pooling']} pooling, weights "
        f"`{index['encoder']['weights_sha256'][:12]}`; recall@64 of the stored vectors {index['recall_at_64']}.",
        "",
        "| system | " + " | ".join(f"@{k}" for k in CUTOFFS) + " | MRR |",
        "| --- |" + " --- |" * (len(CUTOFFS) + 1),
    ]
    for system in found["systems"]:
        estimates = [*(system["accuracy"][k] for k in CUTOFFS), system["mrr"]]
        cells = [f"{e['value']:.3f} [{e['low']:.2f}–{e['high']:.2f}]" for e in estimates]
        lines.append(f"| {system['system']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def times_section(times: dict[str, float]) -> str:
    """The times as Markdown."""
    rows = "\n".join(f"| {what} | {value:.2f} |" for what, value in times.items())
    return f"| what | measured |\n| --- | --- |\n{rows}\n"


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
            linking_section("Terms alone", figures["distemist-hpo-terms"]),
            linking_section(
                "Terms and the mentions of training documents", figures["distemist-hpo-terms-and-mentions"]
            ),
            _TIMES,
            times_section(figures["times"]),
            *(import_section(title, figures[name]) for name, title in _IMPORTS.items() if name in figures),
        ]
    )


if __name__ == "__main__":
    (DOCS / "results.md").write_text(page(), "utf-8")
