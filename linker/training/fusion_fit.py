"""Fitting the fusion weights: logistic regression on mentions that neither model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.encoder import Encoder
from linker.errors import TrainingError
from linker.evaluation.metrics import gold_rank
from linker.fusion import RerankWeights, RetrievalWeights
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.overlap import word_overlaps
from linker.reranker import Reranker

DEPTH = 25
"""Candidates a mention that the weights are fitted on, and among which retrieval is to have the right one."""
LEXICAL_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""What the lexical score may weigh beside the dense one."""


@dataclass(frozen=True, slots=True)
class Features:
    """The candidates of many mentions: `values` (n, features), `gold` (n,) bool."""

    values: np.ndarray
    gold: np.ndarray


def fit_retrieval_weights(
    index: TermIndex, encoder: Encoder, mentions: Sequence[GoldMention]
) -> RetrievalWeights:
    """Weights of the dense and the lexical score. Raises TrainingError if no mention has its code in the index.

    Retrieval is there to bring the right concept among the candidates, so the share of
    the lexical score is the one with the highest recall at DEPTH (of equal ones, the highest mean reciprocal
    rank); the slope and the bias are then fitted, so that the score is a probability.
    """
    shares = {share: _recall(index, encoder, mentions, share) for share in LEXICAL_SHARES}
    best = max(shares, key=lambda share: (*shares[share], -share))
    found = _candidates(index, encoder, mentions, RetrievalWeights(10, 10 * best, -7), None)
    fused = found.values[:, :1] + best * found.values[:, 1:2]
    slope, bias = _fit(Features(fused, found.gold))
    return RetrievalWeights(slope, round(best * slope, 4), bias)


def _recall(
    index: TermIndex, encoder: Encoder, mentions: Sequence[GoldMention], share: float
) -> tuple[float, float]:
    """Recall at DEPTH and mean reciprocal rank with the lexical score weighing `share` of the dense one."""
    retriever = Retriever(index, encoder, Abbreviations.open(), RetrievalWeights(10, 10 * share, -7))
    found = retriever.retrieve([mention.span for mention in mentions], DEPTH)
    ranks = [
        gold_rank([index.concept_id(concept) for concept in one.concepts], mention.codes)
        for mention, one in zip(mentions, found, strict=True)
    ]
    return sum(rank > 0 for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


def fit_rerank_weights(
    index: TermIndex,
    encoder: Encoder,
    reranker: Reranker,
    weights: RetrievalWeights,
    mentions: Sequence[GoldMention],
) -> RerankWeights:
    """Weights of the three scores and the word overlaps on what `weights` retrieves. Raises TrainingError as above."""
    return RerankWeights(*_fit(_candidates(index, encoder, mentions, weights, reranker)))


def _candidates(
    index: TermIndex,
    encoder: Encoder,
    mentions: Sequence[GoldMention],
    weights: RetrievalWeights,
    reranker: Reranker | None,
) -> Features:
    spans = [mention.span for mention in mentions]
    found = Retriever(index, encoder, Abbreviations.open(), weights).retrieve(spans, DEPTH)
    rows, gold = [], []
    for mention, one in zip(mentions, found, strict=True):
        if len(one) == 0 or one.exact[0] > 0:
            continue  # decided by the match: the weights have no say
        columns = [one.dense, one.lexical]
        if reranker:
            pairs = [(text, index.text(row)) for text, row in zip(one.readings, one.rows, strict=True)]
            columns += [reranker.logits(pairs), *word_overlaps(pairs).T]
        rows.append(np.stack(columns, axis=1))
        gold.append(np.array([index.concept_id(c) in mention.codes for c in one.concepts]))
    if not any(there.any() for there in gold):
        raise TrainingError(
            "No held-out mention has its code among the candidates; the mentions' codes must be ids of the release."
        )
    return Features(np.vstack(rows), np.concatenate(gold))


def _fit(features: Features) -> list[float]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0, max_iter=2000).fit(features.values, features.gold)
    return [round(float(w), 4) for w in (*fitted.coef_[0], fitted.intercept_[0])]
