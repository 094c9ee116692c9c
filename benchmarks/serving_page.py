"""What serving costs, as parts of docs/results.md."""

from __future__ import annotations

from typing import Any

_SERVE = """\
## Serving

`python -m benchmarks.serve --home FOLDER --neo4j --json docs/results`

`enlace serve --workers {workers}` on a machine of {cores} cores, which {clients} clients share; the release
`{release}`. Each kind of request is asked first at fixed times, so many a second by all clients together, with a
latency counted from when a request was due; this is what the aims are about. Then by clients that never pause, each
asking one request after the other: there a request mostly waits for its turn. *Concept*: one with its terms, parents,
children and ancestors and what those are called. *Search*: as one types. *Link*: five mentions, none twice. *Of
Neo4j*: the concept's question in one statement to a Neo4j server on the same machine, through its driver, by as many
clients that never pause. Memory is what the server and its workers share with no other process, and what it grew by
during the {seconds_each:.0f} seconds that each kind is asked for, after five of warming up; linking fills the memory
of its answers, which is bounded.
"""

_ONE_REQUEST = """\
### One request against many

`python -m benchmarks.one_request --home FOLDER --json docs/results`

{concepts} concepts with terms, parents, children, ancestors and their names, the same answer in both ways, from the
same server over one connection. The REST way asks for one thing a call, and for each name once.
"""


def serve_section(found: dict[str, Any]) -> str:
    """Rates and latencies as Markdown, under a heading."""
    columns = {
        "asked": "asked",
        "aim": "aim",
        "requests_a_second": "a second",
        "p50_ms": "p50 ms",
        "p95_ms": "p95 ms",
        "p99_ms": "p99 ms",
        "private_mib": "MiB",
        "grown_mib": "grown MiB",
    }
    rows = [
        [*(str(row.get(name, "")) for name in columns), str(sum(row["errors"].values()))]
        for row in found["rows"]
    ]
    told = f"{_SERVE.format(**found)}\n{_table([*columns.values(), 'errors'], rows)}"
    rates = {row["asked"]: row["requests_a_second"] for row in found["rows"]}
    if rates.get("concept, of Neo4j"):
        ratio = rates["concept"] / rates["concept, of Neo4j"]
        told += f"\nEnlace answers {ratio:.1f} times as many concepts a second as Neo4j does directly.\n"
    return told


def one_request_section(found: dict[str, Any]) -> str:
    """Both ways as Markdown, under a heading."""
    rows = [[row["way"], f"{row['calls']:,}", str(row["ms"])] for row in found["rows"]]
    return f"{_ONE_REQUEST.format(**found)}\n{_table(['way', 'calls', 'ms'], rows)}"


def _table(names: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [names, ["---"] * len(names), *rows])
