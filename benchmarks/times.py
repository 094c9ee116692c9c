"""How long importing, indexing, starting and linking take, through the installed `enlace`.

    python -m benchmarks.times --data ../shared/data [--json DIR]

Real HPO with its Spanish labels: import, indexing with the shipped models, from starting the server to
its first answer and to its first linking, and the latency of a GraphQL `link` request of ten mentions
with parents, children and ancestors of every candidate. Prints medians of the stated number of requests.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from api.web.graphiql_files import FOLDER
from benchmarks.corpora import distemist_hpo

RELEASE = "hpo-2024-04"
ENLACE = str(Path(sys.executable).with_name("enlace"))
REQUESTS = 30
GRAPHIQL_PAGE = FOLDER / "page.js"
LINK_QUERY = """query($mentions: [String!]!, $top: Int!) { link(mentions: $mentions, top: $top) {
  mention decision { path concept { id preferredTerm } }
  candidates { score matchedTerm path concept {
    id preferredTerm
    parents(first: 100) { nodes { id preferredTerm } }
    children(first: 100) { nodes { id preferredTerm } }
    ancestors(first: 100) { nodes { id preferredTerm } } } } } }"""


def run(home: Path, *arguments: str) -> float:
    """Run `enlace` and return its wall time in seconds. Raises CalledProcessError."""
    start = time.perf_counter()
    environment = {**os.environ, "ENLACE_HOME": str(home)}
    subprocess.run([ENLACE, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


@contextmanager
def serving(home: Path) -> Iterator[tuple[httpx.Client, float]]:
    """A server of RELEASE on a free port; yields a client that keeps its connection, and the moment of starting."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    server = subprocess.Popen(
        [ENLACE, "serve", "--release", RELEASE, "--port", str(port)],
        env={**os.environ, "ENLACE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client, start
    finally:
        server.terminate()
        server.wait(30)


def ask(
    client: httpx.Client, query: str, variables: dict[str, Any], patience_s: float = 60
) -> dict[str, Any]:
    """The data of a GraphQL answer; waits for the server to listen."""
    deadline = time.perf_counter() + patience_s
    while True:
        try:
            answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
        except httpx.ConnectError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.02)
            continue
        if answer.get("errors"):
            raise RuntimeError(answer["errors"][0]["message"])
        data: dict[str, Any] = answer["data"]
        return data


def server_times(home: Path, spans: list[str]) -> dict[str, float]:
    """Seconds to the first answer and the first linking, milliseconds of warm `link` requests."""
    with serving(home) as (client, start):
        ask(client, "{ release { name } }", {})
        first_answer = time.perf_counter() - start
        ask(client, LINK_QUERY, {"mentions": spans[:10], "top": 5})
        first_linking = time.perf_counter() - start
        example = GRAPHIQL_PAGE.read_text("utf-8").split("EXAMPLE = `")[1].split("`")[0]
        small = link_latencies(client, example, 3, spans)
        large = link_latencies(client, LINK_QUERY, 5, spans)
    return {
        "server's first answer, s": first_answer,
        "server's first linking, s": first_linking,
        f"link of ten mentions, GraphiQL's request (top 3), ms, median of {REQUESTS}": statistics.median(
            small
        ),
        f"link of ten mentions, top 5 with all children, ms, median of {REQUESTS}": statistics.median(large),
    }


def link_latencies(client: httpx.Client, query: str, top: int, spans: list[str]) -> list[float]:
    """Milliseconds of REQUESTS warm requests, ten mentions each, every mention once."""
    latencies = []
    for request in range(REQUESTS + 5):
        mentions = spans[10 * request : 10 * request + 10]
        begun = time.perf_counter()
        ask(client, query, {"mentions": mentions, "top": top})
        latencies.append(1000 * (time.perf_counter() - begun))
    return latencies[5:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    hpo = options.data / "hpo"
    spans = list(dict.fromkeys(mention.span for mention in distemist_hpo(options.data)))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        translations = str(hpo / "hp-es.babelon.tsv")
        source = str(hpo / "hp.v2024-04-26.json.gz")
        times = {
            "import of HPO, s": run(
                home, "load", source, "--translations", translations, "--release", RELEASE
            ),
            "indexing of HPO, s": run(home, "index", "--release", RELEASE),
            **server_times(home, spans),
        }
    table = Table(title=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    table.add_column("what")
    table.add_column("time", justify="right")
    for what, value in times.items():
        table.add_row(what, f"{value:.2f}" if value < 100 else f"{value:.0f}")
    Console().print(table)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / "times.json").write_text(json.dumps(times, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
