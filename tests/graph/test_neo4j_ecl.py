"""Expressions over a graph at a Neo4j server are answered as the slow evaluator answers them."""

from __future__ import annotations

from pathlib import Path

import pytest
from both_evaluators import BothEvaluators
from neo4j_graphs import Graphs
from neo4j_server import Server
from random_ecl import random_release

EXPRESSIONS = 80


@pytest.mark.parametrize("seed", [10, 11])
def test_random_expressions_over_random_releases(neo4j_server: Server, tmp_path: Path, seed: int) -> None:
    records = random_release(seed)
    with Graphs(neo4j_server, tmp_path) as graphs:
        both = BothEvaluators.of(records, graphs.store(records))
        both.check_expressions(EXPRESSIONS, seed)
        both.check_refinements(EXPRESSIONS, seed)
