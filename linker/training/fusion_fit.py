"""Fitting the fusion weights on mentions that neither model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from linker.candidates import Retriever
from linker.disambiguation import columns
from linker.encoder import Encoder
from linker.errors import TrainingError
from linker.evaluation.metrics import gold_rank
from linker.fusion import OrderWeights, RerankWeights, RetrievalWeights
from linker.index import TermIndex
from linker.mentions import GoldMention
from linker.pair_text import Context
from linker.reranker import Reranker
from linker.retrieved import Retrieved
from linker.training.ranking_fit import fit_ranking
from linker.translation import Translation
from linker.word_order import ORDERED, WordOrder

DEPTH = 25
"""Candidates a mention that the weights are fitted on, and among which retrieval is to have the right one."""
LEXICAL_SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""What the lexical score may weigh beside the dense one."""


List: TypeAlias = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]
"""Of one mention's candidates the values, shape (k, columns) or (k,), and which are right, (k,)."""


@dataclass(frozen=True, slots=True)
class FittingSet:
    """An index and its folder, and mentions of held-out documents with a concept that it holds.

    `contexts` has one item a mention, or none at all.
    """

    folder: Path
    index: TermIndex
    mentions: Sequence[GoldMention]
    contexts: Sequence[Context] = ()

    @classmethod
    def of(cls, folder: Path, index: TermIndex, mentions: Sequence[GoldMention]) -> FittingSet:
        """With those of `mentions` that name one concept which the index holds."""
        known = set(index.concept_ids())
        return cls(folder, index, [m for m in mentions if not m.composite and not known.isdisjoint(m.codes)])

    def retriever(
        self, encoder: Encoder, weights: RetrievalWeights, order: WordOrder | None = None
    ) -> Retriever:
        """What finds candidates in the index, as linking does."""
        return Retriever.open(self.folder, self.index, encoder, weights, order)

    def retrieved(
        self,
        encoder: Encoder,
        weights: RetrievalWeights,
        order: WordOrder | None = None,
        depth: int = DEPTH,
    ) -> list[Retrieved]:
        """The first `depth` candidates of each mention."""
        asked = [mention.span for mention in self.mentions]
        return self.retriever(encoder, weights, order).retrieve(asked, depth)


def fit_retrieval_weights(sets: Sequence[FittingSet], encoder: Encoder) -> RetrievalWeights:
    """Weights of the dense and the lexical score. Raises TrainingError if no mention has its code among candidates.

    Retrieval is there to bring the right concept among the candidates, so the share of
    the lexical score is the one with the highest recall at DEPTH (of equal ones, the highest mean reciprocal
    rank) over the mentions of all sets; the slope and the bias are then fitted, so that the score is a probability.
    """
    shares = {share: _recall(sets, encoder, share) for share in LEXICAL_SHARES}
    best = max(shares, key=lambda share: (*shares[share], -share))
    lists = [
        (np.column_stack([found.dense, found.lexical]).astype(np.float64), right)
        for _, _, found, right in _open(sets, encoder, RetrievalWeights(10, 10 * best, -7))
    ]
    slope, bias = slope_and_bias([(values @ np.array([1.0, best]), right) for values, right in lists])
    return RetrievalWeights(round(slope, 4), round(best * slope, 4), round(bias, 4))


def _recall(sets: Sequence[FittingSet], encoder: Encoder, share: float) -> tuple[float, float]:
    """Recall at DEPTH and mean reciprocal rank with the lexical score weighing `share` of the dense one."""
    weights = RetrievalWeights(10, 10 * share, -7)
    ranks = [
        gold_rank([one.index.concept_id(concept) for concept in found.concepts], mention.codes)
        for one in sets
        for mention, found in zip(one.mentions, one.retrieved(encoder, weights), strict=True)
    ]
    return sum(rank > 0 for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


def fit_order(
    sets: Sequence[FittingSet], encoder: Encoder, weights: RetrievalWeights, translation: Translation
) -> WordOrder:
    """How what `translation` says weighs beside the scores of what `weights` retrieves. Raises TrainingError as above.

    Fitted for the order of each mention's candidates; a slope and a bias then make a probability of the sum.
    """
    unfitted = WordOrder(translation, OrderWeights())
    lists = [
        (np.column_stack([found.dense, found.lexical, found.translated]).astype(np.float64), right)
        for _, _, found, right in _open(sets, encoder, weights, unfitted, ORDERED)
    ]
    return WordOrder(translation, OrderWeights(*fit_logistic(lists)))


def fit_rerank_weights(
    sets: Sequence[FittingSet],
    encoder: Encoder,
    reranker: Reranker,
    weights: RetrievalWeights,
    order: WordOrder | None = None,
) -> RerankWeights:
    """Weights of what is known of candidates, on what `weights` retrieves. Raises TrainingError as above.

    They are fitted as those of the order are.
    """
    lists = []
    form = reranker.form
    for one, place, found, right in _open(sets, encoder, weights, order):
        index = one.index
        pairs = list(zip(found.readings, index.texts_of(found.rows), strict=True))
        glosses = [index.gloss(c, form.parents_shown) for c in found.concepts] if form.glossed else ()
        around = [one.contexts[place]] * len(found) if one.contexts else ()
        values = columns(found, reranker.logits(pairs, glosses, around))
        lists.append((values.astype(np.float64), right))
    return RerankWeights(*fit_logistic(lists))


def fit_logistic(lists: Sequence[List]) -> list[float]:
    """The weights of the columns, fitted for the order of each list, and the bias; the sum is a probability's logit.

    Raises TrainingError where no list has a right one.
    """
    ranking = fit_ranking(lists)
    slope, bias = slope_and_bias([(values @ ranking, right) for values, right in lists])
    return [round(float(weight), 4) for weight in (*(slope * ranking), bias)]


def _open(
    sets: Sequence[FittingSet],
    encoder: Encoder,
    weights: RetrievalWeights,
    order: WordOrder | None = None,
    depth: int = DEPTH,
) -> list[tuple[FittingSet, int, Retrieved, npt.NDArray[np.bool_]]]:
    """Of each mention that no term decides: its set, its place there, its candidates, and which are right."""
    found = [
        (one, place, own, np.array([one.index.concept_id(c) in mention.codes for c in own.concepts]))
        for one in sets
        for place, (mention, own) in enumerate(
            zip(one.mentions, one.retrieved(encoder, weights, order, depth), strict=True)
        )
        if len(own) and not own.exact[0] > 0
    ]
    if not any(right.any() for *_, right in found):
        raise TrainingError(
            "No held-out mention has its code among the candidates; the mentions' codes must be ids of the releases."
        )
    return found


def slope_and_bias(lists: Sequence[List]) -> tuple[float, float]:
    """The slope and the bias that make of a sum the probability that a candidate is right."""
    from sklearn.linear_model import LogisticRegression

    sums = np.concatenate([sums for sums, _ in lists])[:, None]
    fitted = LogisticRegression(C=10.0, max_iter=2000).fit(
        sums, np.concatenate([right for _, right in lists])
    )
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
