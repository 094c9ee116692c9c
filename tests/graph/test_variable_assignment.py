"""Assignment to the most specific variables, held to its rules concept by concept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from variable_graphs import Drawn, graphs

from graph.variables.assignment import Assignment
from graph.variables.evidence import WaysUp


def slow_order(drawn: Drawn, sets: list[set[int]], parents: list[int], number: int) -> list[int]:
    """The most specific variables of a concept, by the words of the rule."""

    def tops(place: int) -> set[int]:
        held = {one for one in sets[place] if one < drawn.universe.active}
        return {one for one in held if not (drawn.above[one] - {one}) & held}

    def tops_above(place: int) -> set[int]:
        return tops(place) & drawn.above[number] if number in drawn.above else set()

    def no_wider(one: int, other: int) -> bool:
        return all(any(wide in drawn.above[top] for wide in tops(other)) for top in tops_above(one))

    def declared_part(one: int, other: int) -> bool:
        while one >= 0 and one != other:
            one = parents[one]
        return one == other

    def before(one: int, other: int) -> bool:
        narrower, wider = no_wider(one, other), no_wider(other, one)
        if narrower != wider:
            return narrower
        if sets[one] != sets[other]:
            return sets[one] < sets[other]
        return one != other and declared_part(one, other)

    holding = [place for place, held in enumerate(sets) if number in held]
    return [one for one in holding if not any(before(other, one) for other in holding)]


@st.composite
def defined(draw: st.DrawFn) -> tuple[Drawn, list[set[int]], list[int]]:
    """A graph, sets over it (any, or all below some concepts without others), and parents."""
    drawn = draw(graphs())
    numbers = st.sets(st.integers(0, drawn.universe.concepts - 1))
    count = draw(st.integers(1, 5))
    sets = []
    for _ in range(count):
        held = draw(numbers)
        if draw(st.booleans()):
            without = draw(numbers)
            held |= {one for one, above in drawn.above.items() if above & held and not above & without}
        sets.append(held)
    parents = [draw(st.integers(-1, place - 1)) for place in range(count)]
    return drawn, sets, parents


@given(defined())
def test_assignment_is_what_the_rules_say(given: tuple[Drawn, list[set[int]], list[int]]) -> None:
    drawn, sets, parents = given
    masks = [drawn.universe.of(sorted(held)) for held in sets]
    assignment = Assignment(drawn.universe, drawn.hierarchy, masks, parents)
    for number in range(drawn.universe.concepts):
        expected = slow_order(drawn, sets, parents, number)
        assert list(assignment.variables_of(number)) == expected
        # The rules leave a variable for every concept that any holds.
        assert bool(expected) == any(number in held for held in sets)
    assert assignment.variables_of(-1) == ()
    assert len(set(assignment.combinations)) == len(assignment.combinations)


def test_one_that_is_below_goes_before_one_that_is_above_though_their_sets_cross() -> None:
    from graph.ecl.universe import Universe
    from graph.hierarchy import Hierarchy
    from graph.sorted_ids import SortedIds

    ids = ["X:0", "X:1", "X:2", "X:3", "X:4"]
    hierarchy = Hierarchy.compile(
        ids, [("X:1", "X:0"), ("X:2", "X:1"), ("X:3", "X:1"), ("X:4", "X:0")], release="x"
    )
    universe = Universe(hierarchy.ids, SortedIds.of([]), SortedIds.of([]))
    everything_but_2, below_1 = universe.of([0, 1, 3, 4]), universe.of([1, 2, 3])
    assignment = Assignment(universe, hierarchy, [everything_but_2, below_1], [-1, -1])
    assert [assignment.variables_of(number) for number in range(5)] == [(0,), (1,), (1,), (1,), (0,)]


@given(graphs(), st.data())
def test_the_way_up_is_a_shortest_path_to_a_top(drawn: Drawn, data: st.DataObject) -> None:
    active = drawn.universe.active
    tops = sorted(data.draw(st.sets(st.integers(0, active - 1), min_size=1)))
    ways = WaysUp(drawn.hierarchy, np.array(tops, np.int64))
    steps = dict[int, int]()
    for one in range(active):
        parents = [steps[p] + 1 for p in drawn.hierarchy.parents_of_ordinal(one).tolist() if p in steps]
        if one in tops or parents:
            steps[one] = 0 if one in tops else min(parents)
    for one in range(active):
        path = ways.path(one)
        if not drawn.above[one] & set(tops):
            assert path == ()
            continue
        assert path[0] == one
        assert path[-1] in tops
        assert len(path) == steps[one] + 1
        for low, high in pairwise(path):
            assert high in drawn.hierarchy.parents_of_ordinal(low)
