"""Candidates: dense and lexical retrieval fused, grouped by concept.

Both retrievers name rows (terms); a mention's rows are pooled, each is given both scores, and a
concept stands for its best row. The search widens until there are `top_k` distinct concepts or the
index is exhausted, so top-200 really holds 200 concepts. A mention with abbreviations is searched
for as it stands and written out, and each concept stands for its best reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from linker.abbreviations import Abbreviations, Readings
from linker.encoder import Encoder, Vectors, model_settings
from linker.fusion import OrderWeights, RetrievalWeights, scores_behind
from linker.index import TermIndex
from linker.lexical import Rows, Scores, best_rows
from linker.normalization import fold_words
from linker.scope import Scope
from linker.term_abbreviations import with_those_of_terms
from linker.translation import Translation, TranslationTable

Defined: TypeAlias = Mapping[str, Sequence[str]]
"""The expansions of the abbreviations that a document defines."""

ORDERED = 64
"""Candidates whose words are looked at, where it is known how words translate."""
#: Mentions whose candidates are compared together. More take more memory and save no more time.
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One mention's candidates, best first, distinct concepts. Arrays have shape (k,), `readings` length k.

    `readings` holds what was searched for: the mention, or a reading of it with abbreviations written out.
    `exact` is 2 where the row is the mention letter for letter, 1 where it is after folding, else 0;
    `weight` is the weight of the sense (see `linker.index.Senses`). `translated`, (k, 2), is what `linker.translation`
    says of the concept's terms and the reading, 0 where nothing is known of words.
    """

    concepts: npt.NDArray[np.int64]
    rows: Rows
    dense: npt.NDArray[np.float32]
    lexical: npt.NDArray[np.float32]
    exact: npt.NDArray[np.int8]
    weight: npt.NDArray[np.float32]
    score: npt.NDArray[np.float32]
    translated: npt.NDArray[np.float32]
    readings: tuple[str, ...]
    defined: frozenset[str] = frozenset()
    """Those of the readings that are written out as the mention's document defines its abbreviations."""

    def __len__(self) -> int:
        return len(self.concepts)

    def at(self, places: npt.NDArray[np.int64]) -> Retrieved:
        """The candidates at these places, in this order."""
        return Retrieved(
            self.concepts[places],
            self.rows[places],
            self.dense[places],
            self.lexical[places],
            self.exact[places],
            self.weight[places],
            self.score[places],
            self.translated[places],
            tuple(self.readings[i] for i in places),
            self.defined,
        )

    def without(self, concepts: Sequence[int]) -> Retrieved:
        """The same candidates but for some concepts, given by ordinal."""
        return self.at(np.flatnonzero(~np.isin(self.concepts, concepts)))


def decided_by_match(one: Retrieved) -> bool:
    """Whether an exact or folded match decides, so that the cross-encoder has nothing to say about the first place."""
    return len(one) > 0 and bool(one.exact[0] > 0)


def decided_by_margin(one: Retrieved, margin: float | None) -> bool:
    """Whether retrieval is so sure of its first place that the cross-encoder, by its own `margin`, leaves it there."""
    if margin is None or not len(one):
        return False
    second = float(one.score[1]) if len(one) > 1 else 0.0
    return float(one.score[0]) - second >= margin


@dataclass(frozen=True, slots=True)
class Retriever:
    """Finds candidates in one index."""

    index: TermIndex
    encoder: Encoder
    abbreviations: Abbreviations
    weights: RetrievalWeights
    order: WordOrder | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        index: TermIndex,
        encoder: Encoder,
        weights: RetrievalWeights,
        order: WordOrder | None = None,
    ) -> Retriever:
        """With the listed abbreviations and those that the terms of the index in `folder` give away."""
        return cls(index, encoder, with_those_of_terms(folder, Abbreviations.open()), weights, order)

    @classmethod
    def of_model(cls, folder: Path, index: TermIndex, encoder: Encoder, source: str | Path) -> Retriever:
        """As `open`, with the weights of the bi-encoder at `source` and what its folder knows of words.

        Raises ModelNotFound where that cannot be read.
        """
        settings = model_settings(source)
        order = WordOrder.open(Path(source), settings)
        return cls.open(folder, index, encoder, RetrievalWeights.of(settings), order)

    def retrieve(
        self,
        mentions: Sequence[str],
        top_k: int,
        *,
        defined: Sequence[Defined] | None = None,
        scope: Scope | None = None,
    ) -> list[Retrieved]:
        """The `top_k` best concepts of each mention over its readings, exact matches of the first of these first.

        The first reading is the mention itself, or what its document's own abbreviations, `defined`, make of it.
        A mention gets fewer than `top_k` only when the index, or its part within `scope`, holds fewer concepts.
        """
        own = defined if defined is not None else [{}] * len(mentions)
        readings = [
            self.abbreviations.readings(mention, given) for mention, given in zip(mentions, own, strict=True)
        ]
        return self.retrieve_readings(readings, top_k, scope)

    def retrieve_readings(
        self, readings: Sequence[Readings], top_k: int, scope: Scope | None = None
    ) -> list[Retrieved]:
        """As `retrieve`, of mentions whose readings are known."""
        texts = list(dict.fromkeys(text for one in readings for text in one.texts))
        if not texts:
            return []
        vectors = self.encoder.encode(texts)
        most = max(top_k, ORDERED) if self.order else top_k
        searched = _search(self.index, texts, vectors, self.weights, top_k, most, scope)
        if self.order:
            searched = [self.order.ordered(self.index, one, top_k) for one in searched]
        found = dict(zip(texts, searched, strict=True))
        wanted = min(top_k, scope.count if scope else self.index.concept_count)
        return [_merge([found[text] for text in one.texts], wanted, one.defined) for one in readings]


@dataclass(frozen=True, slots=True)
class WordOrder:
    """The order that the words of mentions and terms give what was retrieved (`linker.translation`)."""

    translation: Translation
    weights: OrderWeights

    @classmethod
    def open(cls, folder: Path, settings: Mapping[str, Any]) -> WordOrder | None:
        """Of a bi-encoder's folder and settings; None where they know nothing of words, or not how they weigh."""
        table, weights = TranslationTable.read(folder), OrderWeights.of(settings)
        return WordOrder(Translation(table), weights) if table and weights else None

    def ordered(self, index: TermIndex, one: Retrieved, wanted: int) -> Retrieved:
        """The first `wanted` candidates of one reading, by their words too; exact matches stay ahead of the rest."""
        if not len(one):
            return one
        first = slice(ORDERED)
        translated = np.zeros_like(one.translated)
        translated[first] = self.translation.columns(one.readings[0], index.terms_of(one.concepts[first]))
        known = np.column_stack([one.dense[first], one.lexical[first], translated[first]])
        ordered = self.weights.score(known)
        scores = np.concatenate([ordered, scores_behind(one.score[ORDERED:], float(ordered.min()))])
        order = np.lexsort((np.arange(len(one)), np.where(one.exact > 0, 0, -scores), one.exact == 0))
        return replace(one, score=scores, translated=translated).at(order[:wanted])


def _merge(readings: Sequence[Retrieved], wanted: int, defined: Sequence[str] = ()) -> Retrieved:
    """One list from the lists of a mention's readings, the most trusted first among them."""
    if len(readings) == 1:
        return readings[0]
    concepts = np.concatenate([one.concepts for one in readings])
    score = np.concatenate([one.score for one in readings])
    # Another reading that equals a term is a strong candidate, but the mention itself is no exact match.
    own = np.zeros_like(readings[0].exact) if _stands_for_another(readings, defined) else readings[0].exact
    exact = np.concatenate([own, *(np.zeros_like(one.exact) for one in readings[1:])])
    exact_place = np.where(exact > 0, np.arange(len(exact)), len(exact))
    order = np.lexsort((np.arange(len(score)), -score, exact_place))
    _, first = np.unique(concepts[order], return_index=True)
    kept = order[np.sort(first)][:wanted]
    texts = [text for one in readings for text in one.readings]
    return Retrieved(
        concepts[kept],
        np.concatenate([one.rows for one in readings])[kept],
        np.concatenate([one.dense for one in readings])[kept],
        np.concatenate([one.lexical for one in readings])[kept],
        exact[kept],
        np.concatenate([one.weight for one in readings])[kept],
        score[kept],
        np.concatenate([one.translated for one in readings])[kept],
        tuple(texts[i] for i in kept),
        frozenset(defined),
    )


def _stands_for_another(readings: Sequence[Retrieved], defined: Sequence[str]) -> bool:
    """Whether a mention in capitals is a release's word in lower case alone, and stands for terms of other concepts.

    `IRA`, insuficiencia renal aguda, is not *ira*; but `DM` is a release's own `dm` where that is diabetes.
    """
    first, *others = readings
    mention = first.readings[0] if first.readings else ""
    if defined or " " in mention or not mention.isupper() or first.exact.max(initial=0) != 1:
        return False
    meant = {int(concept) for one in others for concept in one.concepts[one.exact > 0]}
    return bool(meant) and meant.isdisjoint(first.concepts[first.exact > 0].tolist())


def _search(
    index: TermIndex,
    mentions: Sequence[str],
    vectors: Vectors,
    weights: RetrievalWeights,
    top_k: int,
    most: int,
    scope: Scope | None,
) -> list[Retrieved]:
    """The `top_k` best concepts of each text, and as many more as are at hand, up to `most`.

    `vectors` has shape (len(mentions), dimensions).
    """
    depth = max(64, 2 * top_k)
    wanted = min(top_k, scope.count if scope else index.concept_count)
    nearest = index.nearest(vectors, depth, scope.terms if scope else None)[1]
    similarities = index.lexical.similarities(mentions)
    same = index.lexical.same_folded(mentions)
    if scope is not None:
        similarities = (scores * scope.terms for scores in similarities)
        same = [rows[scope.terms[rows]] for rows in same]
    found: list[Retrieved] = []
    for start in range(0, len(mentions), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(mentions))
        pools = [
            _pooled(near, lexical, own, depth)
            for near, lexical, own in zip(
                nearest[start:stop], islice(similarities, _AT_ONCE), same[start:stop], strict=True
            )
        ]
        # Terms near one mention are near another, and each is decoded once.
        rows, places = np.unique(np.concatenate([rows for rows, _ in pools]), return_inverse=True)
        decoded = index.vectors_of(rows)
        ends = np.cumsum([len(rows) for rows, _ in pools])
        for i, (rows, lexical), at in zip(
            range(start, stop), pools, np.split(places, ends[:-1]), strict=True
        ):
            dense = decoded[at] @ vectors[i]
            alike = np.isin(rows, same[i])
            found.append(_by_concept(index, mentions[i], rows, alike, dense, lexical, weights, most, scope))
    return [
        one
        if len(one) >= wanted
        else _searched_wider(index, mentions[i], vectors[i], same[i], weights, wanted, most, scope, 4 * depth)
        for i, one in enumerate(found)
    ]


def _pooled(near: Rows, lexical: Scores, same: Rows, depth: int) -> tuple[Rows, Scores]:
    """The rows that either retriever names, in order, and their lexical scores."""
    rows = np.unique(np.concatenate([near, best_rows(lexical, depth), same]))
    rows = rows[rows >= 0]
    return rows, lexical[rows]


def _searched_wider(
    index: TermIndex,
    mention: str,
    vector: npt.NDArray[np.float32],
    same: Rows,
    weights: RetrievalWeights,
    wanted: int,
    most: int,
    scope: Scope | None,
    depth: int,
) -> Retrieved:
    """The same for one text, from `depth` on ever wider, until there are `wanted` concepts or no more rows."""
    (similarities,) = index.lexical.similarities([mention])
    among = scope.terms if scope else None
    if scope is not None:
        similarities = similarities * scope.terms
    while True:
        near = index.nearest(vector[None], depth, among)[1][0]
        rows, lexical = _pooled(near, similarities, same, depth)
        dense = index.vectors_of(rows) @ vector
        one = _by_concept(index, mention, rows, np.isin(rows, same), dense, lexical, weights, most, scope)
        if len(one) >= wanted or depth >= len(index):
            return one
        depth *= 4


def _by_concept(
    index: TermIndex,
    mention: str,
    rows: Rows,
    same_key: npt.NDArray[np.bool_],
    dense: npt.NDArray[np.float32],
    lexical: npt.NDArray[np.float32],
    weights: RetrievalWeights,
    most: int,
    scope: Scope | None,
) -> Retrieved:
    folded = fold_words(mention)
    # Only a row of the same folded key can be the mention; keys may collide, so the text decides.
    exact = np.zeros(len(rows), dtype=np.int8)
    for place in np.flatnonzero(same_key):
        text = index.text(rows[place])
        if text == mention:
            exact[place] = 2
        elif folded and fold_words(text) == folded:
            exact[place] = 1
    fused = weights.score(dense, lexical)
    spread, concepts, weight = index.senses.of_rows(rows)
    if scope is not None:
        within = scope.concepts[concepts]
        spread, concepts, weight = spread[within], concepts[within], weight[within]
    # Best first: exact before folded before the rest; among exact ones the heavier sense; then the score.
    sense_weight = np.where(exact[spread] > 0, weight, 0)
    order = np.lexsort((rows[spread], -fused[spread], -sense_weight, -exact[spread].astype(np.int64)))
    _, first = np.unique(concepts[order], return_index=True)
    kept = order[np.sort(first)][:most]
    best = spread[kept]
    return Retrieved(
        concepts[kept],
        rows[best],
        dense[best],
        lexical[best],
        exact[best],
        weight[kept],
        fused[best],
        np.zeros((len(kept), 2), dtype=np.float32),
        (mention,) * len(kept),
    )
