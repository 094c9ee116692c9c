"""Breaking the cycles of is-a: nothing goes round, little is lost, and always the same."""

from __future__ import annotations

from random import Random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.rrf.cycles import without_cycles

Edge = tuple[int, int, int]

#: Relations of a child to a parent with a priority; each pair once, no self loops.
edges = st.dictionaries(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1]), st.integers(0, 2)
).map(lambda found: [(child, parent, priority) for (child, parent), priority in found.items()])


def kept(given: list[Edge]) -> set[Edge]:
    columns = np.array(given, np.int64).reshape(-1, 3)
    keep = without_cycles(columns[:, 0], columns[:, 1], columns[:, 2])
    return {tuple(edge) for edge in columns[keep].tolist()}


def graph(some: set[Edge] | list[Edge]) -> nx.DiGraph:
    return nx.DiGraph([(child, parent) for child, parent, _ in some])


@given(edges)
def test_nothing_goes_round_and_only_relations_on_cycles_are_lost(given: list[Edge]) -> None:
    left = kept(given)
    assert nx.is_directed_acyclic_graph(graph(left))
    whole = graph(given)
    for child, parent, _ in set(given) - left:
        assert nx.has_path(whole, parent, child)


@given(edges)
def test_relations_give_way_to_those_of_lesser_priority(given: list[Edge]) -> None:
    for priority in range(3):
        before = {edge for edge in given if edge[2] <= priority}
        if nx.is_directed_acyclic_graph(graph(before)):
            assert before <= kept(given)


@given(edges, st.randoms(use_true_random=False))
def test_the_order_of_the_relations_does_not_count(given: list[Edge], random: Random) -> None:
    mixed = list(given)
    random.shuffle(mixed)
    assert kept(mixed) == kept(given)


@pytest.mark.parametrize(
    ("given", "lost"),
    [
        pytest.param([], set(), id="nothing"),
        pytest.param(
            [(1, 0, 0), (2, 1, 0), (3, 2, 0), (1, 3, 0)], {(1, 3, 0)}, id="the one nearest to a root loses"
        ),
        pytest.param([(5, 4, 0), (4, 5, 0)], {(4, 5, 0)}, id="without a root, the least"),
        pytest.param([(4, 5, 0), (5, 4, 1)], {(5, 4, 1)}, id="the later priority loses"),
        pytest.param(
            [(1, 2, 0), (1, 3, 0), (2, 1, 0), (3, 1, 0), (2, 3, 0)],
            {(3, 1, 0), (1, 2, 0)},
            id="among equals, the one that loses the fewest",
        ),
        pytest.param(
            [(1, 0, 0), (2, 1, 0), (1, 2, 0), (11, 0, 0), (12, 11, 0), (11, 12, 0)],
            {(1, 2, 0), (11, 12, 0)},
            id="two cycles apart",
        ),
    ],
)
def test_which_relations_are_lost(given: list[Edge], lost: set[Edge]) -> None:
    assert set(given) - kept(given) == lost


def test_a_long_cycle_and_a_dense_one() -> None:
    n = 3000
    ring = [(i, (i + 1) % n, 0) for i in range(n)]
    dense = [(n + i, n + j, 0) for i in range(40) for j in range(40) if i != j]
    left = kept(ring + dense)
    assert nx.is_directed_acyclic_graph(graph(left))
    assert len(set(ring) & left) == n - 1
    assert len(set(dense) & left) == 40 * 39 // 2
