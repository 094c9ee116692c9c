"""One GraphQL request against the REST way: a call for each concept's terms, parents and children.

    python -m benchmarks.one_request --home FOLDER [--release NAME] [--concepts 20] [--json DIR]

The question: concepts with their terms, parents, children and ancestors, and how each of those is called. The REST way
asks the same server, over one connection that is kept, for one thing at a time: a concept's terms, the ids of its
parents, of its children, of its ancestors, then the name of each that it has not met. So both ways pay the same for a
call, and the REST way is spared what a client pays who does not remember names. Their answers are compared.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.serve import serving
from graph.release import ReleaseHome

WHOLE = """query($ids: [ID!]!) { concepts(ids: $ids) { id terms(first: 100) { nodes { text language kind } }
  parents(first: 100) { nodes { id preferredTerm } } children(first: 100) { nodes { id preferredTerm } }
  ancestors(first: 100) { nodes { id preferredTerm } } } }"""
PARTS = ("parents", "children", "ancestors")
REPETITIONS = 5


def whole(ask: Callable[[str, dict[str, Any]], Any], ids: list[str]) -> list[Any]:
    """All in one request."""
    found: list[Any] = ask(WHOLE, {"ids": ids})["concepts"]
    return found


def one_by_one(ask: Callable[[str, dict[str, Any]], Any], ids: list[str]) -> list[Any]:
    """A call for each thing."""
    names: dict[str, str] = {}

    def name(id: str) -> str:
        if id not in names:
            query = "query($id: ID!) { concept(id: $id) { preferredTerm } }"
            names[id] = ask(query, {"id": id})["concept"]["preferredTerm"]
        return names[id]

    found = []
    for id in ids:
        query = "query($id: ID!) { concept(id: $id) { terms(first: 100) { nodes { text language kind } } } }"
        said: dict[str, Any] = {"id": id, "terms": ask(query, {"id": id})["concept"]["terms"]}
        for part in PARTS:
            query = f"query($id: ID!) {{ concept(id: $id) {{ {part}(first: 100) {{ nodes {{ id }} }} }} }}"
            near = [one["id"] for one in ask(query, {"id": id})["concept"][part]["nodes"]]
            said[part] = {"nodes": [{"id": other, "preferredTerm": name(other)} for other in near]}
        found.append(said)
    return found


def main() -> None:
    """Measure, print, and write `one-request.json` where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="ENLACE_HOME with the release")
    parser.add_argument("--release", default="hpo-2024-04")
    parser.add_argument("--concepts", type=int, default=20)
    parser.add_argument("--json", type=Path, help="the folder to write one-request.json to")
    options = parser.parse_args()
    with ReleaseHome(options.home).open(options.release) as opened:
        known = [one.id for one in opened.store.scan_concepts() if one.active and one.id in opened.hierarchy]
    ids = random.Random(1).sample(known, options.concepts)
    rows = []
    with serving(options.home, options.release) as (port, _), httpx.Client(timeout=60) as client:
        calls = 0

        def ask(query: str, variables: dict[str, Any]) -> Any:
            nonlocal calls
            calls += 1
            answer = client.post(
                f"http://127.0.0.1:{port}/graphql", json={"query": query, "variables": variables}
            )
            said = answer.json()
            assert "errors" not in said, said
            return said["data"]

        answers = []
        for way, how in (("one GraphQL request", whole), ("a call for each thing", one_by_one)):
            answers.append(how(ask, ids))
            calls, seconds = 0, []
            for _ in range(REPETITIONS):
                start = time.perf_counter()
                how(ask, ids)
                seconds.append(time.perf_counter() - start)
            rows.append(
                {"way": way, "calls": calls // REPETITIONS, "ms": round(1000 * statistics.median(seconds), 1)}
            )
        assert answers[0] == answers[1], "both ways answer the same"
    table = Table("way", "calls", "ms")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=100).print(table)
    if options.json:
        said = {"release": options.release, "concepts": options.concepts, "rows": rows}
        (options.json / "one-request.json").write_text(
            json.dumps(said, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
