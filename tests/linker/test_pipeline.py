"""`Linker`: mentions in, ranked concepts out, in order, alike in any company, and exact matches kept safe."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from clinic import (
    ANUS,
    ASTHMA,
    CALCIUM,
    COLIC,
    COVID,
    INFARCTION,
    RECORDS,
    RENAL_COLIC,
    YEAR,
    RecordsInMemory,
    imported,
    indexed,
    retriever,
)
from tiny_models import make_bi_encoder

from graph.model import Concept, Record, Term
from graph.release import ReleaseHome
from linker.encoder import BiEncoder
from linker.errors import IndexMismatch, IndexNotFound, LinkerError, MentionRejected
from linker.fusion import RerankWeights, RetrievalWeights
from linker.index import TermIndex
from linker.indexing import build_index
from linker.mention_texts import MAXIMUM_MENTION_LENGTH
from linker.model import Linking
from linker.model import Path as Way
from linker.pair_text import PairForm
from linker.pipeline import RERANK_DEPTH, Linker
from linker.reranker import Reranker

MENTIONS = ["infarto", "asma", "dolor de espalda", "COLICO", "asma", "IAM ¿antiguo?", " asma ", "+"]


class Contrarian:
    """A cross-encoder that abhors what is alike and is very sure of the rest."""

    weights = RerankWeights()
    skip_margin: float | None = None
    form = PairForm()

    def logits(self, pairs: Sequence[tuple[str, str]], *told: object) -> npt.NDArray[np.float32]:
        return np.array([-40 if a.lower() == b.lower() else 40 - len(b) for a, b in pairs], np.float32)


def same_answer(one: Linking, other: Linking) -> None:
    assert [c.id for c in one.candidates] == [c.id for c in other.candidates]
    assert [c.matched_term for c in one.candidates] == [c.matched_term for c in other.candidates]
    assert one.decision == other.decision
    np.testing.assert_allclose(
        [c.score for c in one.candidates], [c.score for c in other.candidates], atol=1e-4
    )


class TestMentions:
    def test_answers_come_in_the_order_of_the_mentions(self, linker: Linker) -> None:
        assert [one.mention for one in linker.link(MENTIONS)] == MENTIONS

    def test_equal_mentions_are_answered_alike(self, linker: Linker) -> None:
        answers = linker.link(MENTIONS)
        assert answers[1].candidates == answers[4].candidates == answers[6].candidates

    def test_a_mention_is_answered_alike_alone_and_in_any_batch(self, linker: Linker) -> None:
        together = linker.link(MENTIONS)
        for mention, answer in zip(MENTIONS, together, strict=True):
            same_answer(linker.link([mention])[0], answer)
        for answer, other in zip(linker.link(MENTIONS[::-1])[::-1], together, strict=True):
            same_answer(answer, other)

    def test_no_mentions_have_no_answers(self, linker: Linker) -> None:
        assert linker.link([]) == []

    @pytest.mark.parametrize("empty", ["", "   ", "\t\n", "\u00a0"])
    def test_an_empty_mention_is_refused_with_its_place(self, empty: str, linker: Linker) -> None:
        with pytest.raises(MentionRejected, match=r"^Mention 3 is empty"):
            linker.link(["asma", "tos", empty, "fiebre"])

    def test_a_document_is_no_mention(self, linker: Linker) -> None:
        with pytest.raises(MentionRejected, match=r"^Mention 2 has 100,000 characters and at most 1,000 "):
            linker.link(["asma", "x" * 100_000])
        assert linker.link(["asma " * (MAXIMUM_MENTION_LENGTH // 5)])[0].candidates

    def test_half_a_character_is_refused(self, linker: Linker) -> None:
        with pytest.raises(MentionRejected, match=r"^Mention 1 holds half a character"):
            linker.link(["asma \ud83d"])

    @pytest.mark.parametrize(
        "odd",
        ["\x00", "asma\x00", "¿?", "🫀", "\u200b", "심장", "a" * 900, "e\u0301" * 300, "\\N", "'; DROP"],
    )
    def test_odd_text_is_answered(self, odd: str, linker: Linker) -> None:
        answer = linker.link([odd])[0]
        assert len(answer.candidates) == 5
        assert all(0 <= c.score <= 1 for c in answer.candidates)

    def test_several_threads_get_the_answers_of_one(
        self, index: TermIndex, tiny_bi_encoder: Path, tiny_cross_encoder: Path
    ) -> None:
        # Freshly opened models, since their first use sets their tokenisers up.
        encoder = BiEncoder.open(tiny_bi_encoder, device="cpu")
        linker = Linker(retriever(index, encoder), Reranker.open(tiny_cross_encoder, device="cpu"))
        batches = [MENTIONS[i:] + MENTIONS[:i] for i in range(len(MENTIONS))] * 2
        with ThreadPoolExecutor(4) as pool:
            answered = list(pool.map(linker.link, batches))
        for batch, answers in zip(batches, answered, strict=True):
            for answer, alone in zip(answers, linker.link(batch), strict=True):
                same_answer(answer, alone)


class TestRanking:
    def test_candidates_are_distinct_and_scores_descend_within_0_and_1(self, linker: Linker) -> None:
        for answer in linker.link(MENTIONS, top_k=10):
            assert len({c.id for c in answer.candidates}) == len(answer.candidates) == 10
            scores = [c.score for c in answer.candidates]
            assert scores == sorted(scores, reverse=True)
            assert 0 <= min(scores) <= max(scores) <= 1

    def test_a_shorter_list_is_the_head_of_a_longer_one(self, linker: Linker) -> None:
        for short, long in zip(linker.link(MENTIONS, top_k=3), linker.link(MENTIONS, top_k=10), strict=True):
            assert short.candidates == long.candidates[:3]

    def test_an_exact_match_decides_over_any_cross_encoder(
        self, index: TermIndex, encoder: BiEncoder
    ) -> None:
        linker = Linker(retriever(index, encoder), Contrarian())  # type: ignore[arg-type]
        answers = linker.link(["asma", "ASMÁ", "año", "ano", "covid 19", "ca"])
        assert [one.decision.id for one in answers] == [ASTHMA, ASTHMA, YEAR, ANUS, COVID, CALCIUM]
        assert [one.decision.path for one in answers] == [
            Way.EXACT,
            Way.FOLDED,
            Way.EXACT,
            Way.EXACT,
            Way.FOLDED,
            Way.FOLDED,
        ]
        assert [one.candidates[0].score for one in answers] == [1.0, 0.999, 1.0, 1.0, 0.999, 0.999]

    def test_all_senses_of_an_exact_match_come_first_the_heavier_ahead(
        self, index: TermIndex, encoder: BiEncoder
    ) -> None:
        linker = Linker(retriever(index, encoder), Contrarian())  # type: ignore[arg-type]
        answer = linker.link(["cólico"])[0]
        assert [c.id for c in answer.candidates[:2]] == [COLIC, RENAL_COLIC]
        assert [c.path for c in answer.candidates[:3]] == [Way.EXACT, Way.EXACT, Way.RETRIEVED]

    def test_a_folded_match_is_not_outscored_by_what_it_stands_ahead_of(
        self, index: TermIndex, encoder: BiEncoder
    ) -> None:
        sure = RetrievalWeights(dense=0, lexical=0, bias=20)
        answer = Linker(retriever(index, encoder, sure), None).link(["ASMÁ"], top_k=10)[0]
        assert answer.candidates[0].path is Way.FOLDED
        assert [c.score for c in answer.candidates] == [0.999] * 10

    def test_without_a_match_the_cross_encoder_orders(
        self, index: TermIndex, encoder: BiEncoder, reranker: Reranker
    ) -> None:
        mention = "infarto del corazón"
        answer = Linker(retriever(index, encoder), reranker).link([mention], top_k=10)[0]
        logits = reranker.logits([(mention, c.matched_term) for c in answer.candidates])
        assert np.all(np.diff(logits) <= 1e-4)
        for candidate, logit in zip(answer.candidates, logits, strict=True):
            assert candidate.path is Way.RERANKED
            assert candidate.scores.rerank == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)
            assert candidate.score == candidate.scores.rerank

    def test_from_the_margin_on_nothing_is_read(self, index: TermIndex, encoder: BiEncoder) -> None:
        contrarian = Contrarian()
        linker = Linker(retriever(index, encoder), contrarian)  # type: ignore[arg-type]
        mention = "infarto del corazón"
        (plain,) = linker.without_reranker().link([mention], top_k=10)
        margin = plain.candidates[0].score - plain.candidates[1].score
        assert margin > 0
        contrarian.skip_margin = margin + 1e-4
        assert linker.link([mention])[0].candidates[0].path is Way.RERANKED
        contrarian.skip_margin = margin - 1e-4
        (skipped,) = linker.link([mention], top_k=10)
        assert [c.id for c in skipped.candidates] == [c.id for c in plain.candidates]
        assert {c.path for c in skipped.candidates} == {Way.RETRIEVED}

    def test_a_budget_that_is_over_leaves_the_order_of_retrieval(
        self, index: TermIndex, encoder: BiEncoder, reranker: Reranker
    ) -> None:
        linker = Linker(retriever(index, encoder), reranker)
        for answer, plain in zip(
            linker.link(MENTIONS, top_k=12, budget_ms=0),
            linker.without_reranker().link(MENTIONS, top_k=12),
            strict=True,
        ):
            assert [c.id for c in answer.candidates] == [c.id for c in plain.candidates]
            assert [c.score for c in answer.candidates] == [c.score for c in plain.candidates]
            decided = plain.candidates[0].path in (Way.EXACT, Way.FOLDED)
            for place, (cut, retrieved) in enumerate(zip(answer.candidates, plain.candidates, strict=True)):
                unread = place < RERANK_DEPTH and retrieved.path is Way.RETRIEVED and not decided
                assert cut.path is (Way.CUT if unread else retrieved.path)

    def test_a_budget_cuts_off_later_mentions(
        self,
        index: TermIndex,
        encoder: BiEncoder,
        reranker: Reranker,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        clock = iter(range(100))
        monkeypatch.setattr("linker.pipeline.time.perf_counter", lambda: next(clock))
        monkeypatch.setattr("linker.pipeline.MENTIONS_A_LOOK", 1)
        linker = Linker(retriever(index, encoder), reranker)
        # The clock is read once to begin with and then before each mention: there is time for two.
        answers = linker.link(
            ["infarto del corazón", "asma", "una angina", "colico renal", "ca"], budget_ms=2500
        )
        assert [one.candidates[0].path for one in answers] == [
            Way.RERANKED,
            Way.EXACT,
            Way.RERANKED,
            Way.CUT,
            Way.FOLDED,
        ]

    def test_enough_time_changes_nothing(
        self, index: TermIndex, encoder: BiEncoder, reranker: Reranker
    ) -> None:
        linker = Linker(retriever(index, encoder), reranker)
        for answer, plain in zip(linker.link(MENTIONS, budget_ms=1e9), linker.link(MENTIONS), strict=True):
            same_answer(answer, plain)

    @pytest.mark.parametrize("budget", [-1.0, float("nan")])
    def test_a_budget_below_nought_is_refused(self, budget: float, linker: Linker) -> None:
        with pytest.raises(LinkerError, match=r"budget is .* give 0 or more"):
            linker.link(["asma"], budget_ms=budget)

    def test_without_a_cross_encoder_retrieval_orders(self, index: TermIndex, encoder: BiEncoder) -> None:
        answer = Linker(retriever(index, encoder), None).link(["infarto del corazón"], top_k=10)[0]
        assert {c.path for c in answer.candidates} == {Way.RETRIEVED}
        assert {c.scores.rerank for c in answer.candidates} == {None}

    def test_beyond_what_the_cross_encoder_reads_the_order_holds(
        self, encoder: BiEncoder, reranker: Reranker, tmp_path: Path
    ) -> None:
        count = RERANK_DEPTH + 15
        records: list[Record] = [Concept(f"X:{i:02}") for i in range(count)]
        records += [Term(f"X:{i:02}", f"lesión número {i}", "es") for i in range(count)]
        store = RecordsInMemory(records)
        build_index(tmp_path / "i", "r", store, encoder, bi_encoder="", cross_encoder="")  # type: ignore[arg-type]
        index = TermIndex.open(tmp_path / "i")
        for second in (reranker, Contrarian()):
            linker = Linker(retriever(index, encoder), second)  # type: ignore[arg-type]
            answer = linker.link(["lesión sin número"], top_k=count)[0]
            assert len({c.id for c in answer.candidates}) == count
            scores = [c.score for c in answer.candidates]
            assert scores == sorted(scores, reverse=True)
            ways = [c.path for c in answer.candidates]
            assert ways == [Way.RERANKED] * RERANK_DEPTH + [Way.RETRIEVED] * 15
        index.close()

    def test_each_candidate_says_what_matched(self, linker: Linker, index: TermIndex) -> None:
        ids = index.concept_ids()
        for answer in linker.link(MENTIONS, top_k=10):
            for candidate in answer.candidates:
                row = index.texts().index(candidate.matched_term)
                ordinal = ids.index(candidate.id)
                assert ordinal in index.senses.of(row)
                assert candidate.preferred_term == index.preferred_term(ordinal)
                assert candidate.scores.dense is not None
                assert candidate.scores.lexical is not None
            chosen = not answer.decision.reason
            assert answer.decision.id == (answer.candidates[0].id if chosen else None)


class TestOpening:
    def test_it_opens_the_models_that_the_manifest_names(self, index_folder: Path, linker: Linker) -> None:
        opened = Linker.open(index_folder)
        for answer, other in zip(
            opened.link(["angina de pecho", "bronquitis aguda"]),
            linker.link(["angina de pecho", "bronquitis aguda"]),
            strict=True,
        ):
            same_answer(answer, other)
        opened.close()
        unranked = Linker.open(index_folder, rerank=False)
        assert unranked.link(["infarto"])[0].decision.path is Way.RETRIEVED
        unranked.close()

    def test_a_model_that_changed_since_is_refused(self, tmp_path: Path) -> None:
        home = ReleaseHome(tmp_path / "home")
        folder = imported(home, "clinic", RECORDS)
        model = make_bi_encoder(tmp_path / "model")
        indexed(home, "clinic", BiEncoder.open(model), bi_encoder=model)
        linker = Linker.open(folder)
        assert linker.link(["asma"])[0].decision.id == ASTHMA
        linker.close()
        other = make_bi_encoder(tmp_path / "other", seed=1)
        (other / "model.safetensors").replace(model / "model.safetensors")
        with pytest.raises(IndexMismatch, match="weights_sha256"):
            Linker.open(folder)

    def test_a_release_without_an_index_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(IndexNotFound):
            Linker.open(imported(ReleaseHome(tmp_path), "bare", RECORDS))

    def test_a_weighty_mention_in_the_index_changes_the_answer(
        self, encoder: BiEncoder, tmp_path: Path
    ) -> None:
        home = ReleaseHome(tmp_path)
        folder = imported(home, "clinic", RECORDS)
        indexed(home, "clinic", encoder, mentions=[("cólico", RENAL_COLIC), ("el infarto", INFARCTION)])
        index = TermIndex.open(folder)
        answers = Linker(retriever(index, encoder), None).link(["cólico", "el infarto"])
        assert [one.decision.id for one in answers] == [RENAL_COLIC, INFARCTION]
        assert answers[1].candidates[0].preferred_term == "infarto de miocardio"
        index.close()
