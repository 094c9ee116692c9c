"""Every answer equals that of the slow evaluator, on random releases and on the demonstration terminology."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from both_evaluators import BothEvaluators
from random_ecl import random_release

import graph.ecl.hierarchy_sets
import graph.ecl.refining
import graph.ecl.term_matching
from graph.batches import RecordBatch, records_of
from graph.counting import CountingStore
from graph.ecl.parser import parse
from graph.ladybug_builder import LadybugBuilder
from graph.ladybug_store import LadybugStore
from graph.model import CURIE, Record
from graph.store import GraphStore
from loaders import demo
from loaders.formats import load

EXPRESSIONS_A_RELEASE = 250
RELEASES = range(8)
DEMO_EXPRESSIONS = 120


def stored(folder: Path, records: Sequence[Record]) -> GraphStore:
    builder = LadybugBuilder.open(folder / "graph.lbug")
    builder.add(records)
    builder.finish()
    return LadybugStore.open(folder / "graph.lbug")


@pytest.fixture(scope="module", params=RELEASES)
def small(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BothEvaluators]:
    records = random_release(request.param)
    store = stored(tmp_path_factory.mktemp("small"), records)
    with pytest.MonkeyPatch.context() as patch:
        if request.param > 3:
            # These take the ways of large releases.
            patch.setattr(graph.ecl.hierarchy_sets, "_GATHERED", 0)
            patch.setattr(graph.ecl.refining, "_FEW_VALUES", 0)
            patch.setattr(graph.ecl.term_matching, "_FEW", 0)
        # The counting one reads no columns, as a store may.
        yield BothEvaluators.of(records, CountingStore(store) if request.param == 1 else store)
    store.close()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothEvaluators]:
    records: list[Record] = []
    for given in load(demo.render(tmp_path_factory.mktemp("demo"))).records:
        records.extend(records_of(given) if isinstance(given, RecordBatch) else [given])
    store = stored(tmp_path_factory.mktemp("store"), records)
    yield BothEvaluators.of(records, store)
    store.close()


def test_random_expressions_over_random_releases(small: BothEvaluators) -> None:
    small.check_expressions(EXPRESSIONS_A_RELEASE, seed=len(small.records))


def test_random_refinements_over_random_releases(small: BothEvaluators) -> None:
    small.check_refinements(EXPRESSIONS_A_RELEASE, seed=len(small.records))


def test_random_expressions_over_the_demonstration_terminology(demonstration: BothEvaluators) -> None:
    demonstration.check_expressions(DEMO_EXPRESSIONS, depth=2)


def test_operators_on_the_hierarchy_keep_its_laws(demonstration: BothEvaluators) -> None:
    def of(expression: str) -> frozenset[CURIE]:
        answer = demonstration.answer(parse(expression))
        assert isinstance(answer, frozenset)
        return answer

    everything = sorted(of("*"))
    below = {id: of(f"< {id}") for id in everything}
    assert len(everything) > 100
    for id in everything:
        assert of(f"<< {id}") == below[id] | {id}
        assert of(f"> {id}") == {other for other in everything if id in below[other]}
        assert of(f">> {id}") == of(f"> {id}") | {id}
        # The closure is what steps from children to children reach.
        reached, frontier = frozenset[CURIE](), of(f"<! {id}")
        while frontier:
            reached |= frontier
            frontier = frozenset().union(*(of(f"<! {child}") for child in frontier)) - reached
        assert reached == below[id]
