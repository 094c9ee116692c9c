"""docs/neo4j.md: every query in it is run against the demonstration release on a real server, and finds something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest
from neo4j_server import Server

from api.error_codes import CODES
from graph.importing import import_release
from graph.neo4j_schema import OLDEST_VERSION, SCHEMA_VERSION, State
from graph.release import OpenRelease, ReleaseHome
from loaders import demo
from loaders.formats import load

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "neo4j.md").read_text("utf-8")
QUERIES = re.findall(r"```cypher\n(.*?)```", DOCUMENT, re.DOTALL)
RELEASE = "enlace-document"


@pytest.fixture(scope="module")
def opened(neo4j_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenRelease]:
    home = ReleaseHome(tmp_path_factory.mktemp("home"))
    source = load([demo.render(tmp_path_factory.mktemp("demo"))])
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEO4J_URI", raising=False)
        for name, value in neo4j_server.environment.items():
            patch.setenv(name, value)
        import_release(home, RELEASE, source.records, sources=(), store=neo4j_server.uri)
        with home.open(RELEASE) as opened:
            yield opened
        home.remove(RELEASE)


@pytest.fixture(scope="module")
def driver(neo4j_server: Server) -> Iterator[neo4j.Driver]:
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=auth) as driver:
        asked = "SHOW INDEXES YIELD name WHERE name = 'term_text' RETURN name"
        there = driver.execute_query(asked).records
        yield driver
        if not there:
            driver.execute_query("DROP INDEX term_text IF EXISTS")


@pytest.fixture(scope="module")
def parameters(opened: OpenRelease) -> dict[str, Any]:
    """A value for everything that the document's queries ask for, of one concept that has all of it."""
    store = opened.store
    related = {relation.source for relation in store.scan_relations() if relation.group}
    mapped = [mapping for mapping in store.scan_mappings() if mapping.concept in related]
    mapping = next(m for m in mapped if opened.hierarchy.parents(m.concept))
    (relations,) = store.relations([mapping.concept])
    return {
        "name": RELEASE,
        "id": mapping.concept,
        "ids": [mapping.concept],
        "code": mapping.target,
        "retired": next(store.scan_successions()).retired,
        "type": relations[0].type,
        "descendants": [mapping.concept],
        "words": "insuficiencia renal",
    }


def test_the_document_has_queries() -> None:
    assert len(QUERIES) == 11


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_query_of_the_document_finds_something(
    query: str, driver: neo4j.Driver, parameters: dict[str, Any]
) -> None:
    asked = {name: parameters[name] for name in re.findall(r"\$(\w+)", query)}
    found = driver.execute_query(query, asked)
    if query.startswith("CREATE"):
        driver.execute_query("CALL db.awaitIndexes(60)")
    else:
        assert found.records
        assert any(record.data() for record in found.records)


def test_no_query_of_the_document_reads_every_node(
    opened: OpenRelease, driver: neo4j.Driver, parameters: dict[str, Any]
) -> None:
    for query in QUERIES:
        if not query.startswith("CREATE"):
            plan = driver.execute_query(f"EXPLAIN {query}", parameters).summary.plan
            assert plan
            for operator, details in _operators(plan):
                # Of releases there are few. (In a database as small as this one the planner may read an index whole.)
                scans = operator.startswith(("AllNodesScan", "NodeByLabelScan"))
                assert not scans or ":Release" in details, (operator, details, query)


def _operators(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield plan["operatorType"], plan["args"].get("Details", "")
    for child in plan.get("children", ()):
        yield from _operators(child)


def test_the_model_in_the_document_is_the_one_that_is_written(
    opened: OpenRelease, driver: neo4j.Driver
) -> None:
    table = DOCUMENT.partition("| node or relationship |")[2].partition("\n\n")[0]
    words = set(re.findall(r"`(\w+)", table))
    written = {
        name
        for query in (
            "MATCH (n) WHERE n.release IS NOT NULL UNWIND labels(n) + keys(n) AS name RETURN DISTINCT name",
            "MATCH (n)-[r]->() WHERE n.release IS NOT NULL UNWIND keys(r) + type(r) AS name RETURN DISTINCT name",
        )
        for (name,) in driver.execute_query(query).records
    }
    assert {"Concept", "Code", "Term", "HAS_TERM", "IS_A", "RELATES_TO", "MAPS_TO", "SUCCEEDED_BY"} <= written
    assert written <= words
    (release,) = driver.execute_query("MATCH (r:Release {name: $name}) RETURN r", name=RELEASE).records
    assert {"key", "name", "state", "schema_version", "started", "finished", "languages"} <= set(release["r"])
    assert release["r"]["terms"] == opened.release.counts["terms"]


def test_states_codes_and_versions_are_those_of_the_program() -> None:
    states = re.findall(
        r"^\| `(\w+)` \|", DOCUMENT.partition("| state |")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert states == [state.value for state in State]
    codes = set(re.findall(r"`((?:STORE|RELEASE)_[A-Z]+)`", DOCUMENT))
    assert codes <= set(CODES.values())
    assert {code for code in CODES.values() if code.startswith("STORE_")} <= codes
    assert "Neo4j {}.{} (long-term support) and later".format(*OLDEST_VERSION) in DOCUMENT
    assert SCHEMA_VERSION == 1
