"""The compiled hierarchy answers as a walk over the relations would, is saved whole, and names cycles."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graph.closure
from graph.errors import ConceptNotFound, HierarchyCycle, ReleaseDamaged
from graph.hierarchy import Hierarchy
from graph.model import CURIE

#    enfermedad
#     /      \
# cardíaca  infecciosa
#     \      /     \
#    endocarditis  gripe
HEART, INFECTION, DISEASE = "SNOMEDCT:56265001", "SNOMEDCT:40733004", "SNOMEDCT:64572001"
ENDOCARDITIS, FLU = "SNOMEDCT:56819008", "SNOMEDCT:6142004"
IDS = [HEART, INFECTION, DISEASE, ENDOCARDITIS, FLU]
IS_A = [
    (HEART, DISEASE),
    (INFECTION, DISEASE),
    (ENDOCARDITIS, HEART),
    (ENDOCARDITIS, INFECTION),
    (FLU, INFECTION),
]


class Walked:
    """The same answers by walking the relations, as slow and as plain as can be."""

    def __init__(self, ids: Iterable[CURIE], is_a: Iterable[tuple[CURIE, CURIE]]) -> None:
        self.ids, self.is_a = sorted(set(ids)), set(is_a)

    def parents(self, id: CURIE) -> list[CURIE]:
        return sorted(parent for child, parent in self.is_a if child == id)

    def children(self, id: CURIE) -> list[CURIE]:
        return sorted(child for child, parent in self.is_a if parent == id)

    def ancestors(self, id: CURIE) -> list[CURIE]:
        return sorted(reached(id, self.parents).keys() - {id})

    def descendants(self, id: CURIE) -> list[CURIE]:
        return sorted(reached(id, self.children).keys() - {id})

    def siblings(self, id: CURIE) -> list[CURIE]:
        return sorted({c for parent in self.parents(id) for c in self.children(parent)} - {id})

    def depth(self, id: CURIE) -> int:
        return min(steps for above, steps in reached(id, self.parents).items() if not self.parents(above))

    def lowest_common_ancestors(self, ids: list[CURIE]) -> list[CURIE]:
        common = set.intersection(*({id, *self.ancestors(id)} for id in ids))
        return sorted(c for c in common if not any(c in self.ancestors(other) for other in common))


def reached(id: CURIE, neighbours: Callable[[CURIE], list[CURIE]]) -> dict[CURIE, int]:
    """Everything that a breadth-first walk from `id` comes to, with its distance."""
    steps, queue = {id: 0}, deque([id])
    while queue:
        here = queue.popleft()
        for there in neighbours(here):
            if there not in steps:
                steps[there] = steps[here] + 1
                queue.append(there)
    return steps


@st.composite
def acyclic(draw: st.DrawFn) -> tuple[list[CURIE], list[tuple[CURIE, CURIE]]]:
    """Ids in any order and relations that lead from later to earlier ones, so that none goes round."""
    ids = draw(st.lists(st.text("abñ1:", min_size=1, max_size=4), min_size=1, max_size=14, unique=True))
    pairs = st.tuples(st.integers(0, len(ids) - 1), st.integers(0, len(ids) - 1))
    edges = draw(st.lists(pairs, max_size=30))
    return ids, [(ids[max(a, b)], ids[min(a, b)]) for a, b in edges if a != b]


@pytest.fixture(scope="module")
def hierarchy() -> Hierarchy:
    return Hierarchy.compile(IDS, IS_A, release="demo")


@settings(max_examples=150, deadline=None)
@given(acyclic(), st.data())
def test_it_answers_as_a_walk_over_the_relations_does(
    given_: tuple[list[CURIE], list[tuple[CURIE, CURIE]]], data: st.DataObject
) -> None:
    ids, is_a = given_
    compiled, walked = Hierarchy.compile(ids, is_a), Walked(ids, is_a)
    for id in ids:
        assert list(compiled.parents(id)) == walked.parents(id)
        assert list(compiled.children(id)) == walked.children(id)
        assert list(compiled.siblings(id)) == walked.siblings(id)
        assert list(compiled.ancestors(id)) == walked.ancestors(id)
        assert list(compiled.descendants(id)) == walked.descendants(id)
        assert compiled.depth(id) == walked.depth(id)
        for other in ids:
            assert compiled.subsumes(id, other) == (id == other or id in walked.ancestors(other))
    assert list(compiled.roots()) == [id for id in walked.ids if not walked.parents(id)]
    some = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4))
    assert list(compiled.lowest_common_ancestors(some)) == walked.lowest_common_ancestors(some)


@settings(max_examples=80, deadline=None)
@given(acyclic())
def test_forms_over_many_ordinals_answer_as_those_over_one_id(
    given_: tuple[list[CURIE], list[tuple[CURIE, CURIE]]],
) -> None:
    ids, is_a = given_
    compiled = Hierarchy.compile(ids, is_a)
    ordinals = compiled.ordinals(ids)
    assert list(compiled.ids_of(ordinals)) == ids
    a, b = np.repeat(ordinals, len(ids)), np.tile(ordinals, len(ids))
    expected = [compiled.subsumes(general, specific) for general in ids for specific in ids]
    assert compiled.subsumes_pairs(a, b).tolist() == expected
    for many, one in (
        (compiled.parents_of_ordinals, compiled.parents_of_ordinal),
        (compiled.children_of_ordinals, compiled.children_of_ordinal),
        (compiled.ancestors_of_ordinals, compiled.ancestors_of_ordinal),
        (compiled.descendants_of_ordinals, compiled.descendants_of_ordinal),
    ):
        assert many(ordinals).tolist() == sorted(
            {o for ordinal in ordinals for o in one(int(ordinal)).tolist()}
        )
    assert compiled.depths_of_ordinals(ordinals).tolist() == [compiled.depth(id) for id in ids]


@settings(max_examples=60, deadline=None)
@given(acyclic())
def test_levels_united_in_parts_give_the_same_closure(
    given_: tuple[list[CURIE], list[tuple[CURIE, CURIE]]],
) -> None:
    ids, is_a = given_
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph.closure, "PAIRS_AT_ONCE", 3)
        compiled, walked = Hierarchy.compile(ids, is_a), Walked(ids, is_a)
    for id in ids:
        assert list(compiled.ancestors(id)) == walked.ancestors(id)
        assert list(compiled.descendants(id)) == walked.descendants(id)


def test_a_concept_subsumes_itself(hierarchy: Hierarchy) -> None:
    assert hierarchy.subsumes(FLU, FLU)


def test_neither_ancestors_nor_descendants_hold_the_concept_itself(hierarchy: Hierarchy) -> None:
    assert hierarchy.ancestors(ENDOCARDITIS) == (INFECTION, HEART, DISEASE)
    assert hierarchy.descendants(INFECTION) == (ENDOCARDITIS, FLU)


def test_several_concepts_may_be_the_lowest_common_ancestors() -> None:
    is_a = [("X:3", "X:1"), ("X:3", "X:2"), ("X:4", "X:1"), ("X:4", "X:2"), ("X:1", "X:0"), ("X:2", "X:0")]
    diamond = Hierarchy.compile([f"X:{number}" for number in range(5)], is_a)
    assert diamond.lowest_common_ancestors(["X:3", "X:4"]) == ("X:1", "X:2")


def test_a_concept_and_its_ancestor_have_the_ancestor_in_common(hierarchy: Hierarchy) -> None:
    assert hierarchy.lowest_common_ancestors([ENDOCARDITIS, INFECTION]) == (INFECTION,)
    assert hierarchy.lowest_common_ancestors([FLU]) == (FLU,)
    assert hierarchy.lowest_common_ancestors([]) == ()


def test_concepts_under_different_roots_have_no_ancestor_in_common() -> None:
    two = Hierarchy.compile(["X:1", "X:2"], [])
    assert two.lowest_common_ancestors(["X:1", "X:2"]) == ()
    assert two.roots() == ("X:1", "X:2")


def test_depth_is_the_shortest_way_to_a_root() -> None:
    shortcut = Hierarchy.compile(["X:1", "X:2", "X:3"], [("X:3", "X:2"), ("X:2", "X:1"), ("X:3", "X:1")])
    assert [shortcut.depth(id) for id in ("X:1", "X:2", "X:3")] == [0, 1, 1]


def test_it_knows_which_ids_it_holds(hierarchy: Hierarchy) -> None:
    assert FLU in hierarchy
    assert "SNOMEDCT:6142005" not in hierarchy
    assert FLU + "0" * 40 not in hierarchy
    assert "" not in hierarchy
    assert FLU + "\0" not in hierarchy
    assert 6142004 not in hierarchy
    assert len(hierarchy) == 5


def test_unknown_ids_have_the_ordinal_minus_one(hierarchy: Hierarchy) -> None:
    asked = ["SNOMEDCT:1", FLU, FLU + "0" * 40, "", DISEASE + "\0", DISEASE]
    assert (hierarchy.ordinals(asked) >= 0).tolist() == [False, True, False, False, False, True]
    assert hierarchy.ordinals([]).tolist() == []


def test_an_unknown_ordinal_subsumes_nothing(hierarchy: Hierarchy) -> None:
    flu = hierarchy.ordinal(FLU)
    assert hierarchy.subsumes_pairs(np.array([-1, flu, -1]), np.array([flu, -1, -1])).tolist() == [False] * 3


@pytest.mark.parametrize("method", ["parents", "children", "siblings", "ancestors", "descendants", "depth"])
def test_an_unknown_concept_is_named_with_its_release(hierarchy: Hierarchy, method: str) -> None:
    with pytest.raises(ConceptNotFound, match="'demo' has no active concept 'SNOMEDCT:1'") as raised:
        getattr(hierarchy, method)("SNOMEDCT:1")
    assert raised.value.ids == ("SNOMEDCT:1",)


def test_subsumption_and_common_ancestors_want_known_concepts_too(hierarchy: Hierarchy) -> None:
    for ask in (
        lambda: hierarchy.subsumes("X:1", FLU),
        lambda: hierarchy.subsumes(FLU, "X:1"),
        lambda: hierarchy.lowest_common_ancestors([FLU, "X:1"]),
    ):
        with pytest.raises(ConceptNotFound):
            ask()


def test_ids_are_ranked_as_python_sorts_them() -> None:
    ids = ["X:ñ", "X:z", "X:10", "X:2", "Y:1", "X:𝄞", "X:é"]
    assert Hierarchy.compile(ids, []).roots() == tuple(sorted(ids))


def test_repeated_relations_count_once() -> None:
    twice = Hierarchy.compile(IDS + IDS, IS_A + IS_A)
    assert (len(twice), twice.is_a_count, twice.closure_size) == (5, 5, 8 - 1)


def test_relations_that_leave_the_ids_are_left_out_and_counted() -> None:
    is_a = [*IS_A, (FLU, "UPHENO:1"), ("SNOMEDCT:0", DISEASE), ("X:1", "X:2")]
    assert Hierarchy.compile(IDS, is_a).dangling == 3


# Cycles --------------------------------------------------------------------------------------------------


def test_a_cycle_is_named_from_child_to_parent() -> None:
    is_a = [("X:2", "X:1"), ("X:3", "X:2"), ("X:4", "X:3"), ("X:2", "X:4"), ("X:5", "X:4")]
    with pytest.raises(HierarchyCycle, match="X:2 → X:4 → X:3 → X:2") as raised:
        Hierarchy.compile([f"X:{number}" for number in range(1, 6)], is_a)
    assert raised.value.path == ("X:2", "X:4", "X:3", "X:2")


def test_a_concept_that_is_its_own_parent_is_a_cycle() -> None:
    with pytest.raises(HierarchyCycle) as raised:
        Hierarchy.compile(["X:1", "X:2"], [("X:1", "X:2"), ("X:2", "X:2")])
    assert raised.value.path == ("X:2", "X:2")


def test_a_long_cycle_is_shown_short_and_kept_whole() -> None:
    ids = [f"X:{number:04}" for number in range(500)]
    with pytest.raises(HierarchyCycle, match="…") as raised:
        Hierarchy.compile(ids, zip(ids, [*ids[1:], ids[0]], strict=True))
    assert len(raised.value.path) == 501


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_relations_compile_unless_they_go_round(edges: list[tuple[int, int]]) -> None:
    ids = [f"X:{number}" for number in range(8)]
    is_a = [(ids[a], ids[b]) for a, b in edges]
    walked = Walked(ids, is_a)
    goes_round = any(id in reached(parent, walked.parents) for id in ids for parent in walked.parents(id))
    if not goes_round:
        Hierarchy.compile(ids, is_a)
        return
    with pytest.raises(HierarchyCycle) as raised:
        Hierarchy.compile(ids, is_a)
    path = raised.value.path
    assert path[0] == path[-1]
    assert len(set(path)) == len(path) - 1
    assert set(pairwise(path)) <= set(is_a)


# Files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ids", "is_a"), [(IDS, IS_A), (IDS, []), (["X:1"], []), ([], [])])
def test_what_is_saved_opens_the_same(
    tmp_path: Path, ids: list[CURIE], is_a: list[tuple[CURIE, CURIE]]
) -> None:
    made = Hierarchy.compile(ids, [*is_a, ("X:8", "X:9")])
    made.save(tmp_path / "hierarchy")
    opened = Hierarchy.open(tmp_path / "hierarchy", release="demo")
    assert (len(opened), opened.dangling, opened.release) == (len(made), 1, "demo")
    assert opened.roots() == made.roots()
    for id in ids:
        for method in ("parents", "children", "siblings", "ancestors", "descendants", "depth"):
            assert getattr(opened, method)(id) == getattr(made, method)(id)
    assert "X:2" not in opened


def test_opened_arrays_cannot_be_written_to(tmp_path: Path, hierarchy: Hierarchy) -> None:
    hierarchy.save(tmp_path)
    opened = Hierarchy.open(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        opened.ancestors_of_ordinal(opened.ordinal(FLU))[0] = 1


def test_a_folder_without_a_hierarchy_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(ReleaseDamaged, match=r"hierarchy\.json"):
        Hierarchy.open(tmp_path)


def test_a_missing_cut_or_foreign_array_is_damaged_and_named(tmp_path: Path, hierarchy: Hierarchy) -> None:
    hierarchy.save(tmp_path)
    for file in sorted(tmp_path.glob("*.npy")):
        whole = file.read_bytes()
        for content in (whole[:-1], whole[:20], b"", None):
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content)
            with pytest.raises(ReleaseDamaged, match=file.name):
                Hierarchy.open(tmp_path)
        np.save(file, np.zeros(3))
        with pytest.raises(ReleaseDamaged, match=file.name):
            Hierarchy.open(tmp_path)
        file.write_bytes(whole)
    Hierarchy.open(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 2}'])
def test_a_description_that_does_not_hold_is_damaged(tmp_path: Path, hierarchy: Hierarchy, text: str) -> None:
    hierarchy.save(tmp_path)
    (tmp_path / "hierarchy.json").write_text(text)
    with pytest.raises(ReleaseDamaged, match=r"load the release again\.$"):
        Hierarchy.open(tmp_path)


def test_another_schema_version_is_refused_by_its_number(tmp_path: Path, hierarchy: Hierarchy) -> None:
    hierarchy.save(tmp_path)
    about = json.loads((tmp_path / "hierarchy.json").read_text())
    (tmp_path / "hierarchy.json").write_text(json.dumps(about | {"schema_version": 7}))
    with pytest.raises(ReleaseDamaged, match="schema version 7"):
        Hierarchy.open(tmp_path)
