"""Concepts beside each other in GraphQL: subsumption, similarity, common ancestors, paths to the root."""

from __future__ import annotations

from itertools import pairwise

import pytest
from demo_schema import Api

from graph.release import ReleaseHome
from graph.similarity import Similarity

RENAL = "SNOMEDCT:29029999999105"
ACUTE = "SNOMEDCT:29039999999107"
SIMILARITY = "query($pairs: [ConceptPair!]!) { similarity(pairs: $pairs) { lin resnik wuPalmer } }"
ANCESTORS = (
    "query($ids: [ID!]!) { lowestCommonAncestors(ids: $ids, first: 5) { nodes { id preferredTerm } } }"
)
PATHS = (
    "query($id: ID!, $first: Int!) { concept(id: $id) { pathsToRoot(first: $first) { id preferredTerm } } }"
)


def test_subsumption_of_pairs(api: Api) -> None:
    query = "query($pairs: [SubsumptionPair!]!) { subsumes(pairs: $pairs) }"
    pairs = [(RENAL, ACUTE), (ACUTE, RENAL), (RENAL, RENAL), (RENAL, "SNOMEDCT:1"), ("X:1", "X:1")]
    asked = [{"general": general, "specific": specific} for general, specific in pairs]
    assert api.ask(query, pairs=asked)["subsumes"] == [True, False, True, None, None]
    assert api.store.calls == {}
    assert api.ask(query, pairs=[])["subsumes"] == []
    _, (error,) = api.execute(query, pairs=asked * 201)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "pairs"}
    _, (error,) = api.execute(query, pairs=[{"general": "", "specific": "X:1"}])
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "pairs"}


def test_similarity_of_pairs_is_that_of_the_graph(api: Api, home: ReleaseHome) -> None:
    pairs = [(RENAL, ACUTE), (ACUTE, ACUTE), (RENAL, "X:1")]
    asked = [{"first": first, "second": second} for first, second in pairs]
    near, same, unknown = api.ask(SIMILARITY, pairs=asked)["similarity"]
    with home.open("demo") as opened:
        measures = Similarity(opened.hierarchy)
        assert near["lin"] == pytest.approx(measures.lin([RENAL], [ACUTE])[0])
        assert near["resnik"] == pytest.approx(measures.resnik([RENAL], [ACUTE])[0])
        assert near["wuPalmer"] == pytest.approx(measures.wu_palmer([RENAL], [ACUTE])[0])
    assert (same["lin"], same["wuPalmer"]) == (1, 1)
    assert 0 < near["lin"] < 1
    assert unknown is None
    _, (error,) = api.execute(SIMILARITY, pairs=asked * 400)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "pairs"}


def test_lowest_common_ancestors(api: Api) -> None:
    found = api.ask(ANCESTORS, ids=[ACUTE, RENAL])["lowestCommonAncestors"]["nodes"]
    assert [concept["id"] for concept in found] == [RENAL]
    assert api.store.calls == {"terms": 1}
    assert api.ask(ANCESTORS, ids=[])["lowestCommonAncestors"]["nodes"] == []
    _, (error,) = api.execute(ANCESTORS, ids=[ACUTE, "X:1"])
    assert error["extensions"] == {"code": "CONCEPT_NOT_FOUND", "argument": "ids"}


def test_paths_lead_from_a_concept_to_a_root_in_one_call(api: Api, home: ReleaseHome) -> None:
    paths = api.ask(PATHS, id=ACUTE, first=50)["concept"]["pathsToRoot"]
    assert api.store.calls == {"concepts": 1, "terms": 1}
    with home.open("demo") as opened:
        roots = opened.hierarchy.roots()
        for path in paths:
            ids = [concept["id"] for concept in path]
            assert ids[0] == ACUTE
            assert ids[-1] in roots
            assert all(above in opened.hierarchy.parents(id) for id, above in pairwise(ids))
    assert len(paths) > 1
    assert api.ask(PATHS, id=ACUTE, first=1)["concept"]["pathsToRoot"] == paths[:1]
    _, (error,) = api.execute(PATHS, id=ACUTE, first=0)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "first"}


WAY = "query($a: ID!, $b: ID!) { path(from: $a, to: $b) { up concepts { id preferredTerm } } }"


def test_the_path_between_two_concepts_leads_over_one_that_subsumes_both(api: Api, home: ReleaseHome) -> None:
    with home.open("demo") as opened:
        hierarchy = opened.hierarchy
        ids = hierarchy.ids_of(range(0, len(hierarchy), 40))
        for one in ids[:6]:
            for other in ids:
                found = api.ask(WAY, a=one, b=other)["path"]
                steps = [concept["id"] for concept in found["concepts"]]
                up = found["up"]
                assert (steps[0], steps[-1]) == (one, other)
                assert all(above in hierarchy.parents(id) for id, above in pairwise(steps[: up + 1]))
                assert all(id in hierarchy.parents(below) for id, below in pairwise(steps[up:]))
                assert hierarchy.subsumes(steps[up], one)
                assert hierarchy.subsumes(steps[up], other)
    down = api.ask(WAY, a=RENAL, b=ACUTE)["path"]
    assert [concept["id"] for concept in down["concepts"]] == [RENAL, ACUTE]
    assert down["up"] == 0
    assert api.store.calls == {"terms": 1}
    assert api.ask(WAY, a=ACUTE, b=RENAL)["path"]["up"] == 1
    same = api.ask(WAY, a=ACUTE, b=ACUTE)["path"]
    assert (same["up"], len(same["concepts"])) == (0, 1)


@pytest.mark.parametrize(
    ("a", "b", "extensions"),
    [
        (RENAL, "X:1", {"code": "CONCEPT_NOT_FOUND", "argument": "to"}),
        ("X:1", RENAL, {"code": "CONCEPT_NOT_FOUND", "argument": "from"}),
        ("", RENAL, {"code": "ARGUMENT_REJECTED", "argument": "from"}),
        (RENAL, "x" * 256, {"code": "ARGUMENT_REJECTED", "argument": "to"}),
    ],
)
def test_a_path_needs_two_active_concepts(api: Api, a: str, b: str, extensions: dict[str, str]) -> None:
    _, (error,) = api.execute(WAY, a=a, b=b)
    assert error["extensions"] == extensions
