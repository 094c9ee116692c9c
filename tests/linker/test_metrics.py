"""Metrics against their definitions, written out naively; intervals that can be repeated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.hierarchy import Hierarchy
from linker.evaluation.answers import Outcomes
from linker.evaluation.comparison import difference
from linker.evaluation.lineage import lineage_ranks
from linker.evaluation.metrics import CUTOFFS, DocumentBootstrap, Estimate, accuracies, gold_rank
from linker.evaluation.risk_coverage import STATED_RISKS, curve, risk_coverage

ROWS = st.lists(
    st.tuples(
        st.integers(0, 250), st.sampled_from("abcdefgh"), st.sampled_from([0.1, 0.2, 0.5, 0.9, -math.inf])
    ),
    min_size=1,
    max_size=60,
)
PROPERTY = settings(derandomize=True, deadline=None, max_examples=30)


def outcomes(ranks: list[int], scores: list[float] | None = None) -> Outcomes:
    return Outcomes(np.array(ranks), None, None, np.array(scores or [1.0] * len(ranks)))


def values(estimates: dict[int, Estimate]) -> dict[int, float]:
    return {k: estimate.value for k, estimate in estimates.items()}


class TestAccuracies:
    def test_the_rank_is_the_place_of_the_first_right_candidate(self) -> None:
        assert gold_rank(["A", "B", "C"], ["C", "B"]) == 2
        assert gold_rank(["A"], ["A"]) == 1
        assert gold_rank(["A"], ["B"]) == gold_rank([], ["B"]) == 0

    def test_accuracies_and_mrr(self) -> None:
        found = accuracies(outcomes([1, 2, 0, 5, 6, 30]), 200, DocumentBootstrap(list("aabbcc")))
        assert values(found.accuracy) == pytest.approx(
            {1: 1 / 6, 5: 3 / 6, 10: 4 / 6, 25: 4 / 6, 50: 5 / 6, 100: 5 / 6, 200: 5 / 6}
        )
        assert found.mrr.value == pytest.approx((1 + 1 / 2 + 1 / 5 + 1 / 6 + 1 / 30) / 6)
        assert found.lineage_step == found.lineage_path == {}

    def test_no_cutoff_beyond_what_was_asked_for(self) -> None:
        assert list(accuracies(outcomes([1]), 25, DocumentBootstrap(["a"])).accuracy) == [1, 5, 10, 25]

    def test_mentions_of_one_document_are_drawn_together(self) -> None:
        half = np.repeat([1.0, 0.0], 50)
        by_document = DocumentBootstrap(["a"] * 50 + ["b"] * 50).estimate(half)
        by_mention = DocumentBootstrap(list(range(100))).estimate(half)
        assert (by_document.low, by_document.high) == (0, 1)
        assert 0.3 < by_mention.low < 0.5 < by_mention.high < 0.7

    def test_the_interval_is_that_of_resampling_one_document_at_a_time(self) -> None:
        random = np.random.default_rng(1)
        documents = random.integers(0, 30, 200)
        right = (random.random(200) < 0.7).astype(float)
        found = DocumentBootstrap(documents).estimate(right)
        by_document = [right[documents == d] for d in np.unique(documents)]
        resampled = [
            np.concatenate(
                [by_document[i] for i in random.integers(0, len(by_document), len(by_document))]
            ).mean()
            for _ in range(2000)
        ]
        assert (found.low, found.high) == pytest.approx(np.percentile(resampled, [2.5, 97.5]), abs=0.01)

    @PROPERTY
    @given(ROWS)
    def test_against_the_definitions(self, rows: list[tuple[int, str, float]]) -> None:
        ranks, documents = [rank for rank, _, _ in rows], [document for _, document, _ in rows]
        found = accuracies(outcomes(ranks), 200, DocumentBootstrap(documents))
        for k in CUTOFFS:
            right = sum(1 for rank in ranks if 1 <= rank <= k)
            assert found.accuracy[k].value == pytest.approx(right / len(ranks))
        assert found.mrr.value == pytest.approx(sum(1 / rank for rank in ranks if rank) / len(ranks))
        for estimate in (*found.accuracy.values(), found.mrr):
            assert -1e-9 <= estimate.low <= estimate.value + 1e-9
            assert estimate.value - 1e-9 <= estimate.high <= 1 + 1e-9
        assert accuracies(outcomes(ranks), 200, DocumentBootstrap(documents)) == found

    @PROPERTY
    @given(ROWS, st.data())
    def test_a_difference_is_that_of_the_two(
        self, rows: list[tuple[int, str, float]], data: st.DataObject
    ) -> None:
        first = outcomes([rank for rank, _, _ in rows])
        second = outcomes(data.draw(st.permutations(first.rank.tolist())))
        bootstrap = DocumentBootstrap([document for _, document, _ in rows])
        found = difference(first, second, 200, bootstrap)
        one, other = (accuracies(each, 200, bootstrap) for each in (first, second))
        for k in CUTOFFS:
            assert found.accuracy[k].value == pytest.approx(one.accuracy[k].value - other.accuracy[k].value)
        turned = difference(second, first, 200, bootstrap)
        assert turned.mrr.low == pytest.approx(-found.mrr.high)
        itself = difference(first, first, 200, bootstrap)
        assert itself.mrr == Estimate(0, 0, 0)


def naive_risk_coverage(
    ranks: list[int], scores: list[float]
) -> tuple[float, dict[float, float], list[float]]:
    """Area, coverage at each stated risk, and the coverages of the thresholds, each mention at its own threshold."""
    n = len(ranks)
    risk_at = {}
    for threshold in sorted(set(scores), reverse=True):
        answered = [rank for rank, score in zip(ranks, scores, strict=True) if score >= threshold]
        risk_at[threshold] = (len(answered) / n, sum(rank != 1 for rank in answered) / len(answered))
    area = sum(risk_at[score][1] for score in scores) / n
    real = [risk_at[t] for t in risk_at if t > -math.inf]
    coverage = {r: max((c for c, risk in real if risk <= r), default=0.0) for r in STATED_RISKS}
    return area, coverage, [c for c, _ in real]


class TestRiskCoverage:
    @PROPERTY
    @given(ROWS)
    def test_against_the_definitions(self, rows: list[tuple[int, str, float]]) -> None:
        # A mention without candidates has no right one among them.
        rows = [(0 if score == -math.inf else rank % 4, document, score) for rank, document, score in rows]
        ranks, scores = [rank for rank, _, _ in rows], [score for _, _, score in rows]
        area, coverage, thresholds = naive_risk_coverage(ranks, scores)
        found = risk_coverage(outcomes(ranks, scores), DocumentBootstrap([d for _, d, _ in rows]))
        assert found.area.value == pytest.approx(area)
        assert {risk: e.value for risk, e in found.coverage.items()} == pytest.approx(coverage)
        for estimate in (found.area, *found.coverage.values()):
            assert 0 <= estimate.low <= estimate.high <= 1
        assert curve(outcomes(ranks, scores))[0].tolist() == pytest.approx(thresholds)

    def test_scores_that_part_right_from_wrong_cost_nothing(self) -> None:
        bootstrap = DocumentBootstrap(list("abcdefghij"))
        ranks = [1] * 8 + [0] * 2
        knowing = risk_coverage(outcomes(ranks, [0.9] * 8 + [0.1] * 2), bootstrap)
        assert knowing.coverage[0.05].value == 0.8
        assert knowing.area.value == pytest.approx(0.2 * 0.2)
        blind = risk_coverage(outcomes(ranks, [0.5] * 10), bootstrap)
        assert blind.area.value == pytest.approx(0.2)
        assert blind.coverage[0.2].value == 1
        assert blind.coverage[0.05].value == 0

    def test_a_scale_does_not_matter(self) -> None:
        bootstrap = DocumentBootstrap(list("aabbc"))
        ranks, scores = [1, 0, 1, 2, 1], [0.9, 0.7, 0.7, 0.2, 0.4]
        stretched = [100 * score - 7 for score in scores]
        assert risk_coverage(outcomes(ranks, scores), bootstrap) == risk_coverage(
            outcomes(ranks, stretched), bootstrap
        )


#: A DAG in which D has two parents: R over A, B; A over C, D; B over D; D over E; X stands alone.
IS_A = [("A", "R"), ("B", "R"), ("C", "A"), ("D", "A"), ("D", "B"), ("E", "D")]


class TestLineage:
    hierarchy = Hierarchy.compile("ABCDERX", IS_A)

    @pytest.mark.parametrize(
        ("candidates", "gold", "ranks"),
        [
            (["D"], ["D"], (1, 1)),
            (["C", "B"], ["D"], (2, 2)),  # a sibling is no lineage, a parent is
            (["C", "R", "E"], ["D"], (3, 2)),  # a grandparent is along a path alone
            (["X", "C"], ["D"], (0, 0)),
            (["R"], ["E"], (0, 1)),
            (["E"], ["R"], (0, 1)),
            (["Z", "E"], ["Z"], (1, 1)),  # not in the hierarchy, and still itself
            (["Z"], ["Y"], (0, 0)),
            (["C"], ["X", "A"], (1, 1)),  # either code
            (["A"], ["A+B"], (0, 0)),
            ([], ["A"], (0, 0)),
        ],
    )
    def test_ranks(self, candidates: list[str], gold: list[str], ranks: tuple[int, int]) -> None:
        assert lineage_ranks(self.hierarchy, candidates, gold) == ranks

    @PROPERTY
    @given(st.permutations(list("ABCDERX")), st.sampled_from("ABCDERX"), st.integers(0, 7))
    def test_against_walking_the_graph(self, candidates: list[str], gold: str, n: int) -> None:
        h = self.hierarchy
        near = {gold, *h.parents(gold), *h.children(gold)}
        far = {gold, *h.ancestors(gold), *h.descendants(gold)}
        expected = gold_rank(candidates[:n], near), gold_rank(candidates[:n], far)
        assert lineage_ranks(h, candidates[:n], [gold]) == expected

    def test_lineage_accuracies(self) -> None:
        found = accuracies(
            Outcomes(np.array([0, 30]), np.array([1, 2]), np.array([1, 1]), np.ones(2)),
            50,
            DocumentBootstrap(["a", "b"]),
        )
        assert values(found.lineage_step) == {1: 0.5, 25: 1}
        assert values(found.lineage_path) == {1: 1, 25: 1}
        assert values(found.accuracy) == {1: 0, 5: 0, 10: 0, 25: 0, 50: 0.5}
