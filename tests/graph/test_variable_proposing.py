"""Expressions proposed from examples: they cover what they should, tightly, and nothing that they should not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from variable_graphs import Drawn, graphs

from graph.ecl.content import Content
from graph.ecl.evaluator import Evaluator
from graph.ecl.parser import parse
from graph.errors import ConceptNotFound, GraphError
from graph.hierarchy import Hierarchy
from graph.variables.proposing import Exclusion, Group, propose


@settings(max_examples=40)
@given(graphs(), st.data())
def test_all_examples_and_no_counter_example(drawn: Drawn, data: st.DataObject) -> None:
    hierarchy = drawn.hierarchy
    ids = list(hierarchy.ids_of(range(len(hierarchy))))
    wanted = data.draw(st.sets(st.sampled_from(ids), min_size=1))
    unwanted = data.draw(st.sets(st.sampled_from(ids))) - wanted
    proposals = propose(hierarchy, sorted(wanted), sorted(unwanted))
    evaluator = Evaluator(Content(hierarchy, drawn.universe, None))  # type: ignore[arg-type]  # no table is asked
    for proposal in proposals:
        mask = evaluator.concepts(parse(proposal.ecl))
        covered = set(hierarchy.ids_of(mask[: len(hierarchy)].nonzero()[0]))
        assert wanted <= covered
        assert not unwanted & covered
        assert proposal.covered == len(covered)
        assert sorted(one for group in proposal.groups for one in group.examples) == sorted(wanted)
    assert proposals == sorted(proposals, key=lambda one: one.bits)
    assert propose(hierarchy, sorted(wanted, reverse=True), sorted(unwanted)) == proposals


@pytest.fixture(scope="module")
def tree() -> Hierarchy:
    """A root with 20 branches of 50 leaves each, X:<branch><leaf>."""
    ids, pairs = ["X:0"], []
    for branch in range(10, 30):
        ids.append(f"X:{branch}")
        pairs.append((f"X:{branch}", "X:0"))
        for leaf in range(10, 60):
            ids.append(f"X:{branch}{leaf}")
            pairs.append((f"X:{branch}{leaf}", f"X:{branch}"))
    return Hierarchy.compile(ids, pairs, release="tree")


def test_examples_of_one_branch_become_the_branch(tree: Hierarchy) -> None:
    examples = [f"X:12{leaf}" for leaf in range(10, 20)]
    best = propose(tree, examples)[0]
    assert (best.ecl, best.covered) == ("<< X:12", 51)
    assert best.groups == (Group(("X:12",), tuple(examples)),)
    best = propose(tree, examples, ["X:1259"])[0]
    assert (best.ecl, best.covered, best.exclusions) == (
        "<< X:12 MINUS << X:1259",
        50,
        (Exclusion("X:1259", alone=False),),
    )
    best = propose(tree, examples, ["X:12"])[0]
    assert (best.ecl, best.exclusions) == ("<< X:12 MINUS X:12", (Exclusion("X:12", alone=True),))


def test_examples_from_everywhere_stay_a_list(tree: Hierarchy) -> None:
    examples = [f"X:{branch}10" for branch in range(10, 14)]
    proposals = propose(tree, examples)
    assert proposals[0].ecl == " OR ".join(f"<< {one}" for one in examples)
    assert proposals[-1].ecl != "<< X:0" or proposals[-1].covered == len(tree)
    assert {len(one.groups) for one in proposals} == {1, 2, 3, 4}


def test_what_cannot_be_proposed(tree: Hierarchy) -> None:
    with pytest.raises(ConceptNotFound, match="X:99"):
        propose(tree, ["X:10", "X:99"])
    with pytest.raises(GraphError, match="X:10 is an example and a counter-example"):
        propose(tree, ["X:10"], ["X:10"])
    with pytest.raises(GraphError, match="give at least one"):
        propose(tree, [])
    with pytest.raises(GraphError, match="at most 200"):
        propose(tree, [f"X:{branch}{leaf}" for branch in range(10, 15) for leaf in range(10, 60)])
