"""The skip rule: chosen where re-ranking changes nothing that matters, and never at the cost of a right answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from clinic import ANGINA, ASTHMA, INFARCTION, retriever

from linker.encoder import BiEncoder
from linker.errors import TrainingError
from linker.fusion import RerankWeights
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.pair_text import PLAIN
from linker.pipeline import Linker
from linker.training.skip_fit import choose_skip_margin

SPANS = ["infarto del corazón", "asma de los bronquios", "una angina", "ataque cardiaco", "asma"]


class Judge:
    """A cross-encoder with logits of its own."""

    skip_margin: float | None = None
    form = PLAIN

    def __init__(self, weights: RerankWeights, favoured: str = "") -> None:
        self.weights = weights
        self.favoured = favoured

    def logits(self, pairs: Sequence[tuple[str, str]], *told: object) -> np.ndarray:
        return np.array([30.0 if term == self.favoured else 0.0 for _, term in pairs], np.float32)


AGREEING = RerankWeights(dense=1.0, rerank=0.0)


def judged(index: TermIndex, encoder: BiEncoder, judge: Judge) -> Linker:
    return Linker(retriever(index, encoder), judge)  # type: ignore[arg-type]


def golden(linker: Linker) -> list[GoldMention]:
    """As if what re-ranking puts first were right."""
    return [
        GoldMention(span, (answer.candidates[0].id,))
        for span, answer in zip(SPANS, linker.link(SPANS), strict=True)
    ]


def test_where_re_ranking_agrees_all_is_skipped(index: TermIndex, encoder: BiEncoder) -> None:
    linker = judged(index, encoder, Judge(AGREEING))
    rule = choose_skip_margin(linker, golden(linker), 0.0)
    assert rule.margin is not None
    # One is an exact match, which was not re-ranked before.
    assert rule.reranked == rule.skipped == 0.8
    assert (rule.changed, rule.right, rule.reciprocal_rank) == (0.0, (1.0, 1.0), (1.0, 1.0))


def test_a_right_answer_is_not_given_up(index: TermIndex, encoder: BiEncoder) -> None:
    linker = judged(index, encoder, Judge(RerankWeights(), favoured="ano"))
    rule = choose_skip_margin(linker, golden(linker), 1.0)
    assert rule.right[1] == rule.right[0]
    assert rule.changed == 0


def test_a_changed_answer_counts_against_its_share(index: TermIndex, encoder: BiEncoder) -> None:
    linker = judged(index, encoder, Judge(RerankWeights(), favoured="ano"))
    wrong = [GoldMention(span, ("X:00",)) for span in SPANS]
    nothing_lost = choose_skip_margin(linker, wrong, 1.0)
    assert nothing_lost.skipped == nothing_lost.reranked
    assert nothing_lost.changed > 0
    strict = choose_skip_margin(linker, wrong, 0.0)
    assert strict.changed == 0
    assert strict.skipped < nothing_lost.skipped


def test_the_margin_gives_what_the_rule_says(index: TermIndex, encoder: BiEncoder) -> None:
    judge = Judge(AGREEING)
    linker = judged(index, encoder, judge)
    gold = [
        GoldMention(span, (code,))
        for span, code in zip(SPANS, (INFARCTION, ASTHMA, ANGINA, "X", ASTHMA), strict=True)
    ]
    rule = choose_skip_margin(linker, gold, 0.5)
    judge.skip_margin = rule.margin
    found = linker.link(SPANS)
    right = np.mean([one.candidates[0].id in m.codes for one, m in zip(found, gold, strict=True)])
    assert right == pytest.approx(rule.right[1])


def test_without_mentions_nothing_can_be_chosen(index: TermIndex, encoder: BiEncoder) -> None:
    with pytest.raises(TrainingError, match="no mention of a held-out document"):
        choose_skip_margin(judged(index, encoder, Judge(AGREEING)), [])
