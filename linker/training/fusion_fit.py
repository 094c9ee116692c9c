"""Fitting the fusion weights: logistic regression on mentions that neither model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.encoder import Encoder
from linker.errors import TrainingError
from linker.fusion import RerankWeights, RetrievalWeights
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.reranker import Reranker

DEPTH = 25


@dataclass(frozen=True, slots=True)
class Features:
    """The candidates of many mentions: `values` (n, features), `gold` (n,) bool."""

    values: np.ndarray
    gold: np.ndarray


def fit_retrieval_weights(
    index: TermIndex, encoder: Encoder, mentions: Sequence[GoldMention]
) -> RetrievalWeights:
    """Weights of the dense and the lexical score. Raises TrainingError if no mention has its code in the index."""
    # Each retriever alone first, so that what only one of them finds is among the examples.
    features = [
        _candidates(index, encoder, mentions, weights, None)
        for weights in (RetrievalWeights(10, 0, -7), RetrievalWeights(0, 10, -5))
    ]
    dense, lexical, bias = _fit(
        Features(np.vstack([f.values for f in features]), np.concatenate([f.gold for f in features]))
    )
    return RetrievalWeights(dense, lexical, bias)


def fit_rerank_weights(
    index: TermIndex,
    encoder: Encoder,
    reranker: Reranker,
    weights: RetrievalWeights,
    mentions: Sequence[GoldMention],
) -> RerankWeights:
    """Weights of the three scores on what `weights` retrieves. Raises TrainingError as above."""
    dense, lexical, rerank, bias = _fit(_candidates(index, encoder, mentions, weights, reranker))
    return RerankWeights(dense, lexical, rerank, bias)


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
            columns.append(reranker.logits(pairs))
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
    # A negative weight for agreement is noise of a small sample.
    return [round(max(0.0, float(w)), 4) for w in fitted.coef_[0]] + [round(float(fitted.intercept_[0]), 4)]
