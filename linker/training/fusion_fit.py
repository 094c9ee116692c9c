"""Fitting the fusion weights on mentions that neither model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.disambiguation import columns
from linker.encoder import Encoder
from linker.errors import TrainingError
from linker.evaluation.metrics import gold_rank
from linker.fusion import RerankWeights, RetrievalWeights
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.pair_text import Context
from linker.reranker import Reranker
from linker.training.ranking_fit import fit_ranking

DEPTH = 25
"""Candidates a mention that the weights are fitted on, and among which retrieval is to have the right one."""
LEXICAL_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""What the lexical score may weigh beside the dense one."""


List: TypeAlias = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]
"""Of one mention's candidates the values, shape (k, columns) or (k,), and which are right, (k,)."""


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
    lists = _lists(index, encoder, mentions, RetrievalWeights(10, 10 * best, -7), None)
    slope, bias = _probability([(values @ np.array([1.0, best]), right) for values, right in lists])
    return RetrievalWeights(round(slope, 4), round(best * slope, 4), round(bias, 4))


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
    contexts: Sequence[Context] = (),
) -> RerankWeights:
    """Weights of what is known of candidates, on what `weights` retrieves. Raises TrainingError as above.

    They are fitted for the order of each mention's candidates; a slope and a bias then make a probability of the
    sum. `contexts` has one item a mention, or none at all.
    """
    lists = _lists(index, encoder, mentions, weights, reranker, contexts)
    ranking = fit_ranking(lists)
    slope, bias = _probability([(values @ ranking, right) for values, right in lists])
    return RerankWeights(*(round(float(weight), 4) for weight in (*(slope * ranking), bias)))


def _lists(
    index: TermIndex,
    encoder: Encoder,
    mentions: Sequence[GoldMention],
    weights: RetrievalWeights,
    reranker: Reranker | None,
    contexts: Sequence[Context] = (),
) -> list[List]:
    """The candidates of each mention that no term decides: two scores each or, with a `reranker`, all columns."""
    spans = [mention.span for mention in mentions]
    found = Retriever(index, encoder, Abbreviations.open(), weights).retrieve(spans, DEPTH)
    lists = []
    for place, (mention, one) in enumerate(zip(mentions, found, strict=True)):
        if len(one) == 0 or one.exact[0] > 0:
            continue  # decided by the match: the weights have no say
        values = np.column_stack([one.dense, one.lexical])
        if reranker:
            pairs = list(zip(one.readings, index.texts_of(one.rows), strict=True))
            form = reranker.form
            glosses = [index.gloss(c, form.parents_shown) for c in one.concepts] if form.glossed else ()
            around = [contexts[place]] * len(one) if contexts else ()
            values = columns(one, reranker.logits(pairs, glosses, around), pairs)
        right = np.array([index.concept_id(c) in mention.codes for c in one.concepts])
        lists.append((values.astype(np.float64), right))
    if not any(right.any() for _, right in lists):
        raise TrainingError(
            "No held-out mention has its code among the candidates; the mentions' codes must be ids of the release."
        )
    return lists


def _probability(lists: Sequence[List]) -> tuple[float, float]:
    """The slope and the bias that make of a sum the probability that a candidate is right."""
    from sklearn.linear_model import LogisticRegression

    sums = np.concatenate([sums for sums, _ in lists])[:, None]
    fitted = LogisticRegression(C=10.0, max_iter=2000).fit(
        sums, np.concatenate([right for _, right in lists])
    )
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
