"""Evaluation: accuracies worked out by hand, intervals that can be repeated, and baselines that answer concepts."""

from __future__ import annotations

import json

import pytest
from clinic import ANSWERABLE, ANUS, ASTHMA, COLIC, COVID, INFARCTION, RENAL_COLIC, YEAR
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import MentionFileError, MentionRejected
from linker.evaluation.baselines import exact_or_folded, tfidf
from linker.evaluation.evaluation import evaluate
from linker.evaluation.metrics import CUTOFFS, gold_rank, scoreboard
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.pipeline import Linker


class TestMetrics:
    def test_the_rank_is_the_place_of_the_first_right_candidate(self) -> None:
        assert gold_rank(["A", "B", "C"], ["C", "B"]) == 2
        assert gold_rank(["A"], ["A"]) == 1
        assert gold_rank(["A"], ["B"]) == gold_rank([], ["B"]) == 0

    def test_accuracies_and_mrr(self) -> None:
        board = scoreboard("x", [1, 2, 0, 5, 6, 30], ["a", "a", "b", "b", "c", "c"], 200)
        found = {k: estimate.value for k, estimate in board.accuracy.items()}
        assert found == pytest.approx(
            {1: 1 / 6, 5: 3 / 6, 10: 4 / 6, 25: 4 / 6, 50: 5 / 6, 100: 5 / 6, 200: 5 / 6}
        )
        assert board.mrr.value == pytest.approx((1 + 1 / 2 + 1 / 5 + 1 / 6 + 1 / 30) / 6)
        assert (board.mentions, board.documents) == (6, 3)

    def test_no_cutoff_beyond_what_was_asked_for(self) -> None:
        assert list(scoreboard("x", [1], ["a"], 25).accuracy) == [1, 5, 10, 25]

    def test_mentions_of_one_document_are_drawn_together(self) -> None:
        by_document = scoreboard("x", [1] * 50 + [0] * 50, ["a"] * 50 + ["b"] * 50, 1).accuracy[1]
        by_mention = scoreboard("x", [1] * 50 + [0] * 50, [str(i) for i in range(100)], 1).accuracy[1]
        assert (by_document.low, by_document.high) == (0, 1)
        assert 0.3 < by_mention.low < 0.5 < by_mention.high < 0.7

    @settings(derandomize=True, deadline=None, max_examples=30)
    @given(st.lists(st.tuples(st.integers(0, 250), st.sampled_from("abcdefgh")), min_size=1, max_size=60))
    def test_bounds_hold_the_value_and_can_be_repeated(self, rows: list[tuple[int, str]]) -> None:
        ranks, documents = [rank for rank, _ in rows], [document for _, document in rows]
        board = scoreboard("x", ranks, documents, 200)
        for estimate in (*board.accuracy.values(), board.mrr):
            assert -1e-9 <= estimate.low <= estimate.value + 1e-9
            assert estimate.value - 1e-9 <= estimate.high <= 1 + 1e-9
        values = [board.accuracy[k].value for k in CUTOFFS]
        assert values == sorted(values)
        assert board.mrr.value >= board.accuracy[1].value
        assert scoreboard("x", ranks, documents, 200) == board


class TestBaselines:
    def test_exact_or_folded_answers_the_concepts_of_equal_terms(self, index: TermIndex) -> None:
        answers = exact_or_folded(index, ["ASMÁ", "colico", "año", "ano", "covid 19", "asmas"])
        assert answers == [[ASTHMA], [COLIC, RENAL_COLIC], [YEAR], [ANUS], [COVID], []]

    @pytest.mark.parametrize("top", [1, 3, 10, 200])
    def test_tf_idf_answers_distinct_concepts(self, index: TermIndex, top: int) -> None:
        for answer in tfidf(index, ["infarto agudo", "asma", "xyzzy"], top):
            assert len(answer) == len(set(answer)) == min(top, len(ANSWERABLE))
            assert set(answer) <= ANSWERABLE

    def test_tf_idf_finds_what_shares_characters(self, index: TermIndex) -> None:
        answers = tfidf(index, ["infartos agudos", "asmas bronquiales"], 1)
        assert answers == [[INFARCTION], [ASTHMA]]


class TestEvaluate:
    GOLD = (
        GoldMention("asma", (ASTHMA,), "d1"),
        GoldMention("ASMÁ", ("Y:7", ASTHMA), "d1"),
        GoldMention("cólico", (RENAL_COLIC,), "d2"),
        GoldMention("asma y cólico", (f"{ASTHMA}+{COLIC}",), "d2"),
        GoldMention("asma", ("X:77",)),
        GoldMention("asma", ("NO_CODE",)),
    )

    def test_every_system_is_scored_on_every_mention(self, linker: Linker) -> None:
        report = evaluate(linker, self.GOLD, top=10)
        assert (report.mentions, report.documents, report.top) == (6, 4, 10)
        assert [board.system for board in report.systems] == ["enlace", "exact or folded", "TF-IDF"]
        for board in report.systems:
            assert (board.mentions, board.documents) == (6, 4)
            # Two asthmas and a colic are found; composite and unknown codes are missed.
            assert board.accuracy[10].value == pytest.approx(3 / 6), board.system
        for board in report.systems[:2]:
            # The colic at place two, after the concept whose preferred term it is.
            assert board.accuracy[1].value == pytest.approx(2 / 6), board.system
            assert board.mrr.value == pytest.approx(2.5 / 6), board.system

    def test_mentions_whose_codes_the_index_has_not_are_counted(self, linker: Linker) -> None:
        assert evaluate(linker, self.GOLD, top=5).gold_not_in_index == 3

    def test_the_report_names_the_index_and_is_plain_data(self, linker: Linker) -> None:
        plain = json.loads(json.dumps(evaluate(linker, self.GOLD, top=5).as_json()))
        assert plain["release"] == "clinic"
        assert plain["index"]["encoder"]["pooling"] == "mean"

    def test_progress_is_told(self, linker: Linker) -> None:
        told: list[int] = []
        evaluate(linker, self.GOLD, top=5, progress=told.append)
        assert told == [6]

    def test_nothing_to_evaluate_on_is_told(self, linker: Linker) -> None:
        with pytest.raises(MentionFileError, match="no mention to evaluate on"):
            evaluate(linker, [])

    def test_a_mention_that_is_none_is_named(self, linker: Linker) -> None:
        with pytest.raises(MentionRejected, match=r"^Mention 2 "):
            evaluate(linker, [self.GOLD[0], GoldMention("x" * 2000, (ASTHMA,))])
