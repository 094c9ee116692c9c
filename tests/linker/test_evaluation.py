"""Evaluation over a small index: who is scored, on which mentions, and what the figures name."""

from __future__ import annotations

import json

import numpy as np
import pytest
from clinic import (
    ANSWERABLE,
    ANUS,
    ASTHMA,
    BRONCHITIS,
    COLIC,
    COVID,
    INFARCTION,
    RENAL_COLIC,
    YEAR,
    retriever,
)

from graph.hierarchy import Hierarchy
from linker.encoder import BiEncoder
from linker.errors import LinkerError, MentionFileError, MentionRejected
from linker.evaluation.baselines import exact_or_folded, tfidf
from linker.evaluation.evaluation import OURS, PUBLISHED, PUBLISHED_RERANKED, Evaluation, evaluate
from linker.evaluation.subsets import (
    ALL,
    CLEANED,
    KNOWN,
    SEEN,
    UNSEEN,
    UNSEEN_CASED,
    UNSEEN_CODES,
    UNSEEN_KNOWN,
    UNTRAINED,
    UNTRAINED_KNOWN,
    subsets,
)
from linker.index import TermIndex
from linker.mention_formats import NO_CODE
from linker.mentions import GoldMention
from linker.pipeline import Linker

GOLD = (
    GoldMention("asma", (ASTHMA,), "d1"),
    GoldMention("ASMÁ", ("Y:7", ASTHMA), "d1"),
    GoldMention("cólico", (RENAL_COLIC,), "d2"),
    GoldMention("asma y cólico", (f"{ASTHMA}+{COLIC}",), "d2"),
    GoldMention("asma", ("X:77",)),
    GoldMention("asma", (NO_CODE,)),
)
#: Asthma is a kind of bronchitis here, and colics are a family.
IS_A = Hierarchy.compile(ANSWERABLE, [(ASTHMA, BRONCHITIS), (RENAL_COLIC, COLIC)])


def board(report: Evaluation, subset: str, system: str = OURS):
    (scores,) = (one for one in report.subsets if one.subset == subset)
    (found,) = (one for one in scores.systems if one.system == system)
    return found


class TestBaselines:
    def test_exact_or_folded_answers_the_concepts_of_equal_terms(self, index: TermIndex) -> None:
        found = exact_or_folded(index, ["ASMÁ", "colico", "año", "ano", "covid 19", "asmas"])
        assert found.candidates == [[ASTHMA], [COLIC, RENAL_COLIC], [YEAR], [ANUS], [COVID], []]
        assert found.scores == [1, 1, 1, 1, 1, -np.inf]

    @pytest.mark.parametrize("top", [1, 3, 10, 200])
    def test_tf_idf_answers_distinct_concepts(self, index: TermIndex, top: int) -> None:
        for answer in tfidf(index, ["infarto agudo", "asma", "xyzzy"], top).candidates:
            assert len(answer) == len(set(answer)) == min(top, len(ANSWERABLE))
            assert set(answer) <= ANSWERABLE

    def test_tf_idf_finds_what_shares_characters(self, index: TermIndex) -> None:
        found = tfidf(index, ["infartos agudos", "asmas bronquiales", "asma"], 1)
        assert found.candidates == [[INFARCTION], [ASTHMA], [ASTHMA]]
        assert found.scores[0] < found.scores[2] == pytest.approx(1)


class TestSubsets:
    TRAINING = (GoldMention("Tos seca", (COVID,), "t"), GoldMention("asma y cólico", (ASTHMA,), "t"))
    MENTIONS = (
        GoldMention("asma", (ASTHMA,)),  # a term of the index, its code in training
        GoldMention("ASMÁ", (ANUS, ASTHMA)),  # the same when folded
        GoldMention("TOS SECA", (BRONCHITIS,)),  # a training mention when folded, a new code
        GoldMention("tos perruna", ("X:77",)),  # new, and the index has no such code
        GoldMention("tos perruna", (YEAR,)),
        GoldMention("tos y asma", (f"{ASTHMA}+{COLIC}",)),
        GoldMention("algo", (NO_CODE,)),
    )

    def members(self, index: TermIndex, training: tuple[GoldMention, ...] | None) -> dict[str, list[int]]:
        found = subsets(self.MENTIONS, index, training)
        return {name: np.flatnonzero(rows).tolist() for name, rows in found.items()}

    def test_which_mentions_are_in_which(self, index: TermIndex) -> None:
        assert self.members(index, self.TRAINING) == {
            ALL: [0, 1, 2, 3, 4, 5, 6],
            CLEANED: [0, 1, 2, 3, 4],
            SEEN: [0, 1, 2],
            UNSEEN: [3, 4],
            UNSEEN_CASED: [1, 2, 3, 4],
            UNSEEN_CODES: [2, 3, 4],
            UNTRAINED: [0, 1, 3, 4],
            KNOWN: [0, 1, 2, 4],
            UNSEEN_KNOWN: [4],
            UNTRAINED_KNOWN: [0, 1, 4],
        }

    def test_without_training_mentions_no_code_is_called_unseen(self, index: TermIndex) -> None:
        found = self.members(index, None)
        assert not {UNSEEN_CODES, UNTRAINED, UNTRAINED_KNOWN} & set(found)
        assert found[SEEN] == [0, 1]
        assert found[UNSEEN] == [2, 3, 4]

    def test_a_set_without_mentions_is_left_out(self, index: TermIndex) -> None:
        assert list(subsets([GoldMention("algo", (NO_CODE,))], index, None)) == [ALL]


class TestEvaluate:
    def test_every_system_is_scored_on_every_mention(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD, top=10)
        assert (report.mentions, report.documents, report.top) == (6, 4, 10)
        whole = report.subsets[0]
        assert (whole.subset, whole.mentions, whole.documents) == (ALL, 6, 4)
        assert [one.system for one in whole.systems] == [OURS, "exact or folded", "TF-IDF"]
        for one in whole.systems:
            # Two asthmas and a colic are found; composite and unknown codes are missed.
            assert one.accuracies.accuracy[10].value == pytest.approx(3 / 6), one.system
        for one in whole.systems[:2]:
            # The colic at place two, after the concept whose preferred term it is.
            assert one.accuracies.accuracy[1].value == pytest.approx(2 / 6), one.system
            assert one.accuracies.mrr.value == pytest.approx(2.5 / 6), one.system

    def test_cleaned_mentions_are_scored_apart(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD, top=10)
        cleaned = board(report, CLEANED).accuracies.accuracy
        assert cleaned[1].value == pytest.approx(2 / 4)
        assert board(report, KNOWN).accuracies.accuracy[10].value == 1

    def test_sets_of_the_same_mentions_are_said_to_be_one(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD[:3], top=10)
        same = {one.subset: one.same_as for one in report.subsets}
        assert same == {ALL: "", CLEANED: ALL, SEEN: ALL, UNSEEN_CASED: "", KNOWN: ALL}

    def test_lineage_counts_where_there_is_a_hierarchy(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD, top=10, hierarchy=IS_A)
        assert report.is_a == 2
        found = board(report, CLEANED, "exact or folded").accuracies
        # The colic's parent stands before it.
        assert found.lineage_step[1].value == found.lineage_path[1].value == pytest.approx(3 / 4)
        flat = evaluate(linker, GOLD, top=10, hierarchy=Hierarchy.compile(ANSWERABLE, []))
        assert board(flat, CLEANED).accuracies.lineage_step == {}
        assert flat.is_a == 0

    def test_systems_are_compared_with_the_first(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD, top=10, variants={"retrieval": linker.without_reranker()})
        assert board(report, ALL).behind is None
        for system in ("retrieval", "TF-IDF"):
            own, ours = board(report, ALL, system), board(report, ALL)
            assert own.behind is not None
            assert own.behind.accuracy[1].value == pytest.approx(
                ours.accuracies.accuracy[1].value - own.accuracies.accuracy[1].value
            )

    def test_the_published_loop_runs_with_the_same_models(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD, top=10, published_loop=True)
        systems = [one.system for one in report.subsets[0].systems]
        assert systems[-2:] == [PUBLISHED, PUBLISHED_RERANKED]
        without = evaluate(linker.without_reranker(), GOLD, top=10, published_loop=True)
        assert [one.system for one in without.subsets[0].systems][-1] == PUBLISHED

    def test_the_published_loop_needs_a_bi_encoder(self, index: TermIndex, encoder: BiEncoder) -> None:
        class Wrapped:
            identity = encoder.identity
            encode = encoder.encode

        with pytest.raises(LinkerError, match="bi-encoder's own weights"):
            evaluate(Linker(retriever(index, Wrapped()), None), GOLD, top=5, published_loop=True)

    def test_mentions_whose_codes_the_index_has_not_are_counted(self, linker: Linker) -> None:
        assert evaluate(linker, GOLD, top=5).gold_not_in_index == 3

    def test_documents_that_were_trained_on_are_counted(self, linker: Linker) -> None:
        training = [
            GoldMention("tos", (COVID,), "d2"),
            GoldMention("tos", (COVID,)),
            GoldMention("x", (COVID,), "t"),
        ]
        report = evaluate(linker, GOLD, top=5, training=training)
        assert (report.training_mentions, report.training_documents_shared) == (3, 1)
        assert evaluate(linker, GOLD, top=5).training_mentions is None

    def test_the_report_names_the_index_and_is_plain_data(self, linker: Linker) -> None:
        plain = json.loads(json.dumps(evaluate(linker, GOLD, top=5, hierarchy=IS_A).as_json()))
        assert plain["release"] == "clinic"
        assert plain["index"]["encoder"]["pooling"] == "mean"
        assert len(plain["gold_sha256"]) == 64
        rows = plain["rows"]
        assert rows["document"] == [0, 0, 1, 1, 2, 3]
        assert rows["systems"]["exact or folded"]["rank"] == [1, 1, 2, 0, 0, 0]
        assert rows["systems"]["exact or folded"]["score"] == [1, 1, 1, None, 1, 1]
        assert rows["systems"]["exact or folded"]["step_rank"] == [1, 1, 1, 0, 0, 0]

    def test_rows_of_some_systems(self, linker: Linker) -> None:
        report = evaluate(linker, GOLD, top=5)
        assert list(report.as_json([OURS])["rows"]["systems"]) == [OURS]

    def test_progress_is_told(self, linker: Linker) -> None:
        told: list[tuple[str, int, int]] = []
        evaluate(linker, GOLD, top=5, published_loop=True, progress=lambda *stage: told.append(stage))
        # Each distinct string is asked once.
        assert told[0] == (OURS, 4, 4)
        last = {stage: done == total for stage, done, total in told}
        assert set(last) == {OURS, "TF-IDF", f"{PUBLISHED}, encoding", PUBLISHED_RERANKED}
        assert all(last.values())

    def test_nothing_to_evaluate_on_is_told(self, linker: Linker) -> None:
        with pytest.raises(MentionFileError, match="no mention to evaluate on"):
            evaluate(linker, [])

    def test_a_mention_that_is_none_is_named(self, linker: Linker) -> None:
        with pytest.raises(MentionRejected, match=r"^Mention 2 "):
            evaluate(linker, [GOLD[0], GoldMention("x" * 2000, (ASTHMA,))])
