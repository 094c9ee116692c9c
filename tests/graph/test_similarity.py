"""Similarity and paths to the roots, against the definitions on small and random hierarchies."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

import numpy as np
import pytest

import graph.similarity
from graph.errors import ConceptNotFound
from graph.hierarchy import Hierarchy
from graph.model import CURIE
from graph.paths import paths_to_root
from graph.similarity import Similarity

#      root
#     /    \
#    a      b
#   / \    / \
#  c   d--     e        (d is a kind of a and of b)
IS_A = [("a", "root"), ("b", "root"), ("c", "a"), ("d", "a"), ("d", "b"), ("e", "b")]


def hierarchy(is_a: Iterable[tuple[CURIE, CURIE]]) -> Hierarchy:
    pairs = list(is_a)
    return Hierarchy.compile({id for pair in pairs for id in pair}, pairs, release="test")


@pytest.fixture
def measures() -> Similarity:
    return Similarity(hierarchy(IS_A))


def test_information_content_is_intrinsic(measures: Similarity) -> None:
    found = measures.information_content(["root", "a", "c"])
    assert found == pytest.approx([0, 1 - math.log(3) / math.log(6), 1])


def test_resnik_is_the_content_of_the_best_common_subsumer(measures: Similarity) -> None:
    of_a = 1 - math.log(3) / math.log(6)
    assert measures.resnik(["c", "c", "d", "c"], ["d", "e", "a", "c"]) == pytest.approx([of_a, 0, of_a, 1])


def test_lin_relates_it_to_both(measures: Similarity) -> None:
    of_a = 1 - math.log(3) / math.log(6)
    found = measures.lin(["c", "d", "root", "root"], ["d", "a", "root", "c"])
    assert found == pytest.approx([2 * of_a / 2, 2 * of_a / (1 + of_a), 1, 0])


def test_wu_palmer_relates_depths(measures: Similarity) -> None:
    found = measures.wu_palmer(["c", "c", "a", "root"], ["d", "e", "d", "root"])
    assert found == pytest.approx([2 * 2 / 6, 2 * 1 / 6, 2 * 2 / 5, 1])


def test_concepts_of_different_roots_share_nothing() -> None:
    measures = Similarity(hierarchy([("a", "x"), ("b", "y")]))
    assert measures.lin(["a"], ["b"]).tolist() == [0]
    assert measures.wu_palmer(["a"], ["b"]).tolist() == [0]


def test_unknown_ids_and_odd_pairs_are_errors(measures: Similarity) -> None:
    with pytest.raises(ConceptNotFound, match="'z'"):
        measures.lin(["a", "z"], ["a", "a"])
    with pytest.raises(ValueError, match="no pairs"):
        measures.resnik(["a"], [])
    assert measures.wu_palmer([], []).tolist() == []


@pytest.mark.parametrize("seed", range(3))
def test_bulk_answers_equal_the_definitions(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph.similarity, "_AT_ONCE", 50)
    rng = random.Random(seed)
    ids = [f"n{number:02}" for number in range(40)]
    pairs = [
        (id, parent)
        for place, id in enumerate(ids[2:], start=2)
        for parent in rng.sample(ids[:place], rng.choice([1, 2]))
    ]
    made = hierarchy(pairs)
    measures = Similarity(made)

    def depth(id: CURIE) -> int:
        return 1 + max(map(depth, made.parents(id)), default=0)

    def content(id: CURIE) -> float:
        return 1 - math.log(len(made.descendants(id)) + 1) / math.log(len(made))

    a, b = rng.choices(made.ids.ids_of(range(len(made))), k=200), rng.choices(ids[2:], k=200)
    shared = [({*made.ancestors(x), x} & {*made.ancestors(y), y}) for x, y in zip(a, b, strict=True)]
    best = np.array([max(map(content, common), default=0) for common in shared])
    deepest = np.array([max(map(depth, common), default=0) for common in shared])
    assert measures.resnik(a, b) == pytest.approx(best)
    assert measures.wu_palmer(a, b) == pytest.approx(
        2 * deepest / np.array([depth(x) + depth(y) for x, y in zip(a, b, strict=True)])
    )
    assert (measures.wu_palmer(a, b) <= 1).all()
    assert measures.lin(a, a).tolist() == [1.0] * 200


def test_paths_lead_to_every_root_the_shortest_first() -> None:
    made = hierarchy([*IS_A, ("d", "other")])
    assert paths_to_root(made, "d") == [("d", "other"), ("d", "a", "root"), ("d", "b", "root")]
    assert paths_to_root(made, "d", most=1) == [("d", "other")]
    assert paths_to_root(made, "root") == [("root",)]
    with pytest.raises(ConceptNotFound):
        paths_to_root(made, "z")


def test_paths_are_made_one_by_one() -> None:
    # A ladder of 40 rungs has more than a million million paths.
    is_a = [(f"{side}{n}", f"{up}{n - 1}") for n in range(1, 41) for side in "ab" for up in "ab"]
    assert len(paths_to_root(hierarchy(is_a), "a40", most=1)) == 1
