"""docs/scale.md, from what `benchmarks.annotate` measured.

python -m benchmarks.scale_page     writes docs/scale.md from docs/results/annotate.json and annotate-bfloat16.json
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from benchmarks.annotate import file_of
from linker.encoder import BFLOAT16, FULL

DOCS = Path(__file__).resolve().parents[1] / "docs"
#: Who annotates how many notes, and in how many hours they want to be through.
SITES = (
    ("a hospital", 1_000_000, 12),
    ("a region", 100_000_000, 72),
    ("a national archive", 2_000_000_000, 240),
)
#: Of a node as they are rented: cores, and memory in GiB.
NODE_CORES, NODE_GIB = 32, 128
#: Share of a worker's rate that is left where many share a node's memory and a cluster's storage.
EFFICIENCY = 0.8

_TEXT = """\
# Scale

Written by `python -m benchmarks.scale_page` from what `python -m benchmarks.annotate` measured
([annotate.json](results/annotate.json), [annotate-bfloat16.json](results/annotate-bfloat16.json)); `make scale` runs
both. Change the numbers at the head of `benchmarks/scale_page.py` to compute yours.

## Measured

{cores} cores, release `{release}` ({release_mib:,.0f} MiB on disk), recognisers: {recognizer}. A note has
{characters:,.0f} characters on average and {mentions:.1f} mentions; its annotations take {note_kib:.1f} KiB as
JSON Lines. The opening of the models is in the seconds.

{measured}
Memory does not grow with the number of notes once the answers that an annotator remembers have reached their bound:
documents are read as a stream, {batch} at once. The answers to the mentions that came last are remembered, so no rate
counts a note that had come before. Without the opening of the models one process annotates
**{rate:,.1f} notes a second**, with {busy:.1f} cores busy:
**{core_rate:,.1f} notes a second and core**.
{lower}
## Computed

A worker is a process on one core with models and release open, {worker_mib:,} MiB at the most; the files of the
release are memory-mapped, so that the workers of a node share them. A node has {node_cores} cores and
{node_gib} GiB, so {workers_a_node} workers, and {efficiency:.0%} of their rate is counted on. Storage is the
annotations (JSON Lines, not packed), and on each node the release.

{computed}
Annotations pack to about a tenth with gzip or zstandard. The texts themselves come on top where they are not on
storage that the nodes share already.

## On many machines

```sh
enlace annotate --release snomed-es --input notes.parquet --output annotations.jsonl --engine ray --address head:6379
enlace link --release snomed-es --input mentions.tsv --output linked.jsonl --engine ray --address head:6379
enlace harmonize --variables study.yaml --notes notes.parquet --output study.parquet --engine ray --address head:6379
enlace harmonize --variables study.yaml --input rows.csv --text-column text --output study.parquet --engine ray \\
  --address head:6379
```

Give the command on a node of the cluster, with the address of its head. Every node needs:

- the same version of Enlace, with `enlace[ray]`, and of Python;
- the release under `ENLACE_HOME` at the same path, on shared storage or copied: a release never changes once it is
  there, so a copy stays true. The same goes for models that are not shipped, where an index or `--recognizer` names
  a folder;
- the folder of the output, on storage that all nodes share: batches stand in `<output>.batches` until they are
  answered, and are gone at the end;
- the token of the head, `~/.ray/auth_token`, where the cluster asks for one, as new versions of Ray do.

Another folder to work in and another environment do no harm. `RAY_worker_niceness=0 ray start …` lets workers be as
important as other processes of a node. Without `--address` the workers are on this machine.

Batches of {batch} documents, of 128 mentions and more, or of 2,000 rows (100,000 where there are codes alone) go
through worker actors of Ray Data in order, one model a worker. A worker links a text that it met before no second
time; workers do not know what others met.

**The answer is the same, byte for byte, as that of one process**: batches are the same in both, and BERT and RoBERTa
models give a string or a pair the same number to the last bit whatever they read with it. That holds on
processors of one kind. On others, with another architecture, on a graphics processor or with the runtime
`onnx`, scores can differ in their last digit, and what hangs on a threshold with them.

A killed run continues where it stopped when the same command is given again, on one machine or on many, and ends in
the same file: the lines of whole batches are kept. What a cluster had answered after that is asked for again. A
cluster that cannot be reached, or does not answer as one, is told within a minute; a node without the release, with
another version, or that does not see the batches is told by its name.

## API replicas

`enlace serve` opens a release read-only and memory-mapped. Replicas on one machine share the pages of one copy;
replicas on many machines each have a copy, or mount one. They keep no state beyond caches, so any balancer will
do, by round robin:

1. Copy the new release's folder to every node, beside the old one. Nothing serves it yet.
2. Start replicas with `--release NEW`; `/health/ready` says when one is open, and the balancer sends to those.
3. Take the replicas of the old release out, one after the other.

A request that names its release is answered by that release on every replica that serves it:
[Serving](serving.md).
"""


_LOWER = """
With an index in bfloat16 (`enlace index --precision bfloat16`) {count:,} notes took {low:,.0f} seconds instead of
{full:,.0f}, on a processor that computes in it (AVX512-BF16 or AMX; without it is slower). What that does to accuracy
is in the [results](results.md).
"""


def page(found: dict[str, Any] | None = None, in_bfloat16: dict[str, Any] | None = None) -> str:
    """The page, from the measured figures, by default those of the files."""
    from linker.annotation.annotator import DOCUMENTS_AT_ONCE

    told = found or _figures(FULL)
    if not found:
        in_bfloat16 = _figures(BFLOAT16)
    last = told["rows"][-1]
    rate, busy = _rates(told["rows"])
    core_rate = rate / max(busy, 1)
    worker_mib = max(row["peak_mib"] for row in told["rows"])
    workers = min(NODE_CORES, int(NODE_GIB * 1024 // worker_mib))
    note_bytes = last["output_bytes"] / last["notes"]
    return _TEXT.format(
        cores=told["cores"],
        release=told["release"],
        release_mib=told["release_bytes"] / (1 << 20),
        recognizer=", ".join(told["recognizer"]),
        characters=last["characters"] / last["notes"],
        mentions=last["mentions"] / last["notes"],
        note_kib=note_bytes / 1024,
        measured=_measured(told["rows"]),
        batch=DOCUMENTS_AT_ONCE,
        rate=rate,
        busy=busy,
        core_rate=core_rate,
        lower=_lower(told["rows"], in_bfloat16["rows"]) if in_bfloat16 else "",
        worker_mib=worker_mib,
        node_cores=NODE_CORES,
        node_gib=NODE_GIB,
        workers_a_node=workers,
        efficiency=EFFICIENCY,
        computed=_computed(core_rate * EFFICIENCY, workers, note_bytes, told["release_bytes"]),
    )


def _figures(precision: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "results" / file_of(precision)).read_text("utf-8"))
    return found


def _lower(rows: list[dict[str, Any]], lower: list[dict[str, Any]]) -> str:
    """What an index in bfloat16 makes of the least number of notes that both were measured with."""
    count, full, low = min(
        (row["notes"], row["seconds"], other["seconds"])
        for row in rows
        for other in lower
        if row["notes"] == other["notes"]
    )
    return _LOWER.format(count=count, full=full, low=low)


def _rates(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Notes a second without the opening of the models, and how many cores were busy, from the first and last row.

    Of a row whose notes came again, what it took until all had come once.
    """
    first, last = rows[0], rows[-1]
    count, seconds = _first_pass(last)
    if first is last:
        return count / seconds, last["processor_seconds"] / last["seconds"]
    count, seconds = count - _first_pass(first)[0], seconds - _first_pass(first)[1]
    busy = last["processor_seconds"] - first["processor_seconds"]
    return count / seconds, busy / (last["seconds"] - first["seconds"])


def _first_pass(row: dict[str, Any]) -> tuple[int, float]:
    """How many notes did not come again, and in how many seconds they were through."""
    if "first_pass_seconds" in row:
        return row["distinct_notes"], row["first_pass_seconds"]
    return row["notes"], row["seconds"]


def _measured(rows: list[dict[str, Any]]) -> str:
    header = ["notes", "mentions", "seconds", "notes a second", "peak MiB"]
    cells = [
        [
            f"{row['notes']:,}",
            f"{row['mentions']:,}",
            f"{row['seconds']:,.0f}",
            _told_rate(*_first_pass(row), row["notes"]),
            f"{row['peak_mib']:,}",
        ]
        for row in rows
    ]
    if any("ray_seconds" in row for row in rows):
        header += ["on 2 workers of Ray, seconds", "same answers"]
        for row, own in zip(rows, cells, strict=True):
            own += (
                [f"{row['ray_seconds']:,.0f}", "yes" if row["ray_same"] else "no"]
                if "ray_seconds" in row
                else ["", ""]
            )
    return _table(header, cells)


def _told_rate(once: int, seconds: float, notes: int) -> str:
    """The rate of notes that had not come before."""
    return f"{once / seconds:,.1f}" + (f", of the first {once:,}" if once < notes else "")


def _computed(rate: float, workers: int, note_bytes: float, release_bytes: int) -> str:
    cells = []
    for site, count, hours in SITES:
        needed = math.ceil(count / (rate * hours * 3600))
        nodes = math.ceil(needed / workers)
        taken = count / (rate * min(needed, nodes * workers) * 3600)
        cells.append(
            [
                site,
                f"{count:,}",
                f"{needed:,}",
                f"{nodes:,}",
                f"{taken:,.1f}",
                _bytes(count * note_bytes),
                _bytes(nodes * release_bytes),
            ]
        )
    return _table(
        ["who", "notes", "workers", "nodes", "hours", "annotations", "copies of the release"], cells
    )


def _bytes(count: float) -> str:
    for unit in ("MB", "GB"):
        count /= 1e6 if unit == "MB" else 1e3
        if count < 1000:
            return f"{count:,.0f} {unit}"
    return f"{count / 1000:,.1f} TB"


def _table(names: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [names, ["---"] * len(names), *rows])


if __name__ == "__main__":
    (DOCS / "scale.md").write_text(page(), "utf-8")
