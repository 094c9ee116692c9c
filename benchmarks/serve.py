"""How many requests a second a server answers, and how fast, with 50 clients on the same cores.

    python -m benchmarks.serve --home FOLDER [--release NAME] [--seconds 120] [--json DIR]

Serves a release that is loaded and indexed (`enlace load`, `enlace index`) with two workers, and asks, one kind of
request after the other: a concept with terms, parents, children and ancestors; a search as you type; a `link` of five
mentions. Each kind is asked twice: at fixed times, with a latency counted from when a request was due, and then by
clients that never pause, which shows what the server can give at most and what waiting for one's turn costs there.
With --neo4j the same question about concepts is asked of a Neo4j server directly, through its driver, in one
statement, by as many clients; the server is started for it and holds a copy of the release. Prints rates, latencies,
errors, and what the server's memory grows by. Each takes --seconds. Of serve.json the rows that are not measured stay
as they are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.http_load import Load, load, post
from benchmarks.measured_process import MIB
from benchmarks.times import ENLACE
from graph.importing import import_release
from graph.release import ReleaseHome
from graph.release_records import release_records

CONCEPT = """query($id: ID!) { concept(id: $id) { id preferredTerm terms(first: 100) { nodes { text language kind } }
  parents(first: 100) { nodes { id preferredTerm } } children(first: 100) { nodes { id preferredTerm } }
  ancestors(first: 100) { nodes { id preferredTerm } } } }"""
SEARCH = "query($text: String!) { search(text: $text, first: 10) { nodes { id matchedTerm score } } }"
LINK = """query($mentions: [String!]!) { link(mentions: $mentions, top: 5) {
  mention decision { id } candidates { id preferredTerm score } } }"""
_NAMES = "[(p)-[:HAS_TERM]->(t) | [t.text, t.language, t.kind]]"
#: The same about a concept, for Neo4j: the names of all that is there with it, in one statement.
CYPHER = f"""MATCH (c:Concept {{release: $release, id: $id}})
CALL (c) {{ MATCH (c)-[:HAS_TERM]->(t) RETURN collect([t.text, t.language, t.kind]) AS terms }}
CALL (c) {{ MATCH (c)-[:IS_A]->(p) RETURN collect([p.id, {_NAMES}]) AS parents }}
CALL (c) {{ MATCH (c)<-[:IS_A]-(p) RETURN collect([p.id, {_NAMES}]) AS children }}
CALL (c) {{ MATCH (c)-[:IS_A*1..]->(p) WITH DISTINCT p RETURN collect([p.id, {_NAMES}]) AS ancestors }}
RETURN terms, parents, children, ancestors"""
WORKERS = 2
_NEO4J = "concept, of Neo4j"
#: Of each kind the requests a second where clients ask at fixed times, and what is meant to hold then.
_AIMS = (
    ("concept", 600, "≥ 500/s, p95 ≤ 100 ms"),
    ("search", 600, "p95 ≤ 50 ms"),
    ("link", 40, "≥ 20/s, p95 ≤ 1 s"),
)
#: Of each kind.
_MOST_REQUESTS = 250_000
_WARM_S = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of request, as it is asked."""

    name: str
    requests: Sequence[bytes]
    aim: str
    rate: float | None = None
    """Requests a second, by all clients together; None: each asks when it has its answer."""


@contextmanager
def serving(home: Path, release: str, *options: str, linkers: int = 0) -> Iterator[tuple[int, int]]:
    """A server of a release, once `linkers` of its workers can link; yields its port and its process id."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [ENLACE, "serve", "--release", release, "--port", "0", *options],
            env={**os.environ, "ENLACE_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert server.stdout
            found = re.search(r":(\d+)/", server.stdout.readline())
            if not found:
                sys.exit("The server did not start.")
            port = int(found[1])
            if not _ready(port, linkers):
                log.seek(0)
                told = re.findall(rb'"message": "(Linking is not available[^\n]*?)"', log.read())
                sys.exit(told[-1].decode() if told else "The linker did not become ready.")
            yield port, server.pid
        finally:
            server.terminate()
            server.wait(60)


def _ready(port: int, linkers: int) -> bool:
    """Whether so many workers can link, once they can or it is clear that they cannot."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                found = re.search(rb"^enlace_linker_ready (\S+)", answer.read(), re.MULTILINE)
            if found and float(found[1]) >= linkers:
                return True
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
                if linkers and json.load(answer)["linker"] == "unavailable":
                    return False
        except OSError:
            pass
        time.sleep(0.5)
    return False


def resident_mib(process: int) -> float:
    """What a server and its workers hold resident that no other process shares, in MiB."""
    total = 0
    for one in [process, *_children(process)]:
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        total += 1024 * sum(int(kib) for kib in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.MULTILINE))
    return total / MIB


def cpu_s(process: int) -> float:
    """The processor time that a server and its workers took."""
    total = 0
    for one in [process, *_children(process)]:
        said = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(said[11]) + int(said[12])
    return total / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def questions(home: Path, release: str, seed: int) -> list[Asked]:
    """Requests of each kind about a release, drawn at random."""
    chance = random.Random(seed)
    with ReleaseHome(home).open(release) as opened:
        every = [one.id for one in opened.store.scan_concepts() if one.active and one.id in opened.hierarchy]
        found = opened.store.terms(every)
    terms = list(dict.fromkeys(term.text for one in found for term in one if term.kind != "definition"))
    ids = chance.sample(every, min(5_000, len(every)))
    chance.shuffle(terms)
    typed = [" ".join(word[:4] for word in chance.choice(terms).split()[:2]) for _ in range(2_000)]
    requests = {
        "concept": [post(CONCEPT, {"id": id}) for id in ids],
        "search": [post(SEARCH, {"text": text}) for text in typed if text],
        # No mention twice: a linker remembers its answers.
        "link": [post(LINK, {"mentions": terms[at : at + 5]}) for at in range(0, len(terms) - 4, 5)],
    }
    return [
        Asked(f"{name} at {rate}/s" if rate else name, requests[name], aim if rate else "", rate)
        for name, pace, aim in _AIMS
        for rate in (pace, None)
    ]


async def neo4j_load(
    uri: str, auth: tuple[str, str], key: str, ids: Sequence[str], *, clients: int, seconds: float
) -> Load:
    """The question about a concept, asked of Neo4j by so many clients that share the driver's connections."""
    import neo4j

    met = Load()
    start = time.perf_counter()
    turn = 0
    async with neo4j.AsyncGraphDatabase.driver(uri, auth=auth, max_connection_pool_size=clients) as driver:

        async def client() -> None:
            nonlocal turn
            while time.perf_counter() < start + seconds:
                id = ids[turn % len(ids)]
                turn += 1
                began = time.perf_counter()
                async with driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
                    record = await (await session.run(CYPHER, release=key, id=id)).single()
                assert record is not None
                met.latencies_s.append(time.perf_counter() - began)

        await asyncio.gather(*(client() for _ in range(clients)))
    met.seconds = time.perf_counter() - start
    return met


def beside_neo4j(home: Path, release: str, ids: Sequence[str], *, clients: int, seconds: float) -> Load:
    """`neo4j_load` on a server of its own that holds a copy of the release."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from neo4j_server import running

    from graph import neo4j_address

    with running(fast=True) as launched, tempfile.TemporaryDirectory() as folder:
        server = launched.server
        os.environ.update(server.environment)
        copies = ReleaseHome(folder)
        with ReleaseHome(home).open(release) as opened:
            import_release(copies, release, release_records(opened.store), sources=(), store=server.uri)
        address = neo4j_address.read(copies.folder(release))
        assert address

        async def ask(seconds: float) -> Load:
            auth = (server.user, server.password)
            return await neo4j_load(server.uri, auth, address.key, ids, clients=clients, seconds=seconds)

        asyncio.run(ask(min(_WARM_S, seconds)))
        return asyncio.run(ask(seconds))


def check(asked: Asked, port: int) -> None:
    """End with the server's own sentence where it refuses the first request of a kind: the rest would measure that."""
    body = asked.requests[0].partition(b"\r\n\r\n")[2]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
    if said.get("errors"):
        sys.exit(f"The server refuses {asked.name}: {said['errors'][0]['message']}")


def measure(asked: Asked, port: int, process: int, *, clients: int, seconds: float) -> dict[str, Any]:
    """What clients met who asked one kind of request; memory is compared with that after warming up."""
    check(asked, port)
    uvloop.run(
        load(port, asked.requests, clients=clients, seconds=min(_WARM_S, seconds), most=_MOST_REQUESTS)
    )
    before, processor = resident_mib(process), cpu_s(process)
    met = uvloop.run(
        load(
            port, asked.requests[::-1], clients=clients, seconds=seconds, most=_MOST_REQUESTS, rate=asked.rate
        )
    )
    answered = len(met.latencies_s)
    return {
        "asked": asked.name,
        "aim": asked.aim,
        "requests": answered,
        "errors": met.errors,
        "requests_a_second": round(met.rate, 1),
        "p50_ms": round(met.percentile_ms(50), 1),
        "p95_ms": round(met.percentile_ms(95), 1),
        "p99_ms": round(met.percentile_ms(99), 1),
        "server_cpu_ms_a_request": round(1000 * (cpu_s(process) - processor) / max(1, answered), 2),
        "private_mib": round(resident_mib(process), 1),
        "grown_mib": round(resident_mib(process) - before, 1),
    }


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table."""
    table = Table(
        "asked",
        "aim",
        "requests",
        "errors",
        "a second",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "CPU ms",
        "MiB",
        "grown",
    )
    for row in rows:
        table.add_row(
            *(str(row[key]) for key in ("asked", "aim", "requests")),
            str(sum(row["errors"].values())),
            *(
                str(row.get(key, ""))
                for key in (
                    "requests_a_second",
                    "p50_ms",
                    "p95_ms",
                    "p99_ms",
                    "server_cpu_ms_a_request",
                    "private_mib",
                    "grown_mib",
                )
            ),
        )
    Console(width=150).print(table)


def main() -> None:
    """Measure, print, and write `serve.json` where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="ENLACE_HOME with the release")
    parser.add_argument("--release", default="hpo-2024-04")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120, help="of each kind; at most 120")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds to ask, by how they begin, separated by commas")
    parser.add_argument("--neo4j", action="store_true", help="ask the same of Neo4j too")
    parser.add_argument("--json", type=Path, help="the folder to write serve.json to")
    options = parser.parse_args()
    every = questions(options.home, options.release, options.seed)
    asked = [one for one in every if one.name.startswith(tuple(options.only.split(",")))]
    if not asked:
        sys.exit(f"No kind of request begins with {options.only!r}; there are concept, search and link.")
    each = min(options.seconds, 120)
    workers = ("--workers", str(WORKERS))
    with serving(options.home, options.release, *workers, linkers=WORKERS) as (port, process):
        rows = [measure(one, port, process, clients=options.clients, seconds=each) for one in asked]
    if options.neo4j:
        ids = [
            json.loads(request.partition(b"\r\n\r\n")[2])["variables"]["id"] for request in every[0].requests
        ]
        met = beside_neo4j(options.home, options.release, ids, clients=options.clients, seconds=each)
        rows.append(
            {
                "asked": _NEO4J,
                "aim": "",
                "requests": len(met.latencies_s),
                "errors": met.errors,
                "requests_a_second": round(met.rate, 1),
                "p50_ms": round(met.percentile_ms(50), 1),
                "p95_ms": round(met.percentile_ms(95), 1),
                "p99_ms": round(met.percentile_ms(99), 1),
            }
        )
    show(rows)
    if options.json:
        said = {
            "release": options.release,
            "clients": options.clients,
            "workers": WORKERS,
            "seconds_each": each,
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "rows": rows,
        }
        file = options.json / "serve.json"
        before = json.loads(file.read_text("utf-8"))["rows"] if file.exists() else []
        named = {row["asked"]: row for row in [*before, *rows]}
        order = [*(one.name for one in every), _NEO4J]
        said["rows"] = [named[name] for name in order if name in named]
        file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
