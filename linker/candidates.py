"""Candidates: dense and lexical retrieval fused, grouped by concept.

Both retrievers name rows (terms), and so do words that translate (`linker.word_order`); a mention's rows are pooled,
each is given both scores, and a concept stands for its best row. The search widens until there are `top_k` distinct
concepts or the index is exhausted, so top-200 really holds 200 concepts. A mention with abbreviations is searched for
as it stands and written out, and each concept stands for its best reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from linker.abbreviations import Abbreviations, Readings
from linker.encoder import Encoder, Vectors, model_settings
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.lexical import Rows, Scores, best_rows
from linker.normalization import fold_words, unhyphenated
from linker.retrieved import Retrieved, merged
from linker.scope import Scope
from linker.term_abbreviations import with_those_of_terms
from linker.word_order import NO_ROWS, ORDERED, WordOrder

Defined: TypeAlias = Mapping[str, Sequence[str]]
"""The expansions of the abbreviations that a document defines."""

#: Mentions whose candidates are compared together. More take more memory and save no more time.
_AT_ONCE = 256


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
        by_words = self.order.found(self.index, texts, scope) if self.order else [NO_ROWS] * len(texts)
        searched = _search(self.index, texts, vectors, by_words, self.weights, top_k, most, scope)
        if self.order:
            searched = [
                self.order.ordered(self.index, one, rows, top_k)
                for one, rows in zip(searched, by_words, strict=True)
            ]
        found = dict(zip(texts, searched, strict=True))
        wanted = min(top_k, scope.count if scope else self.index.concept_count)
        return [merged([found[text] for text in one.texts], wanted, one.defined) for one in readings]


def _search(
    index: TermIndex,
    mentions: Sequence[str],
    vectors: Vectors,
    by_words: Sequence[Rows],
    weights: RetrievalWeights,
    top_k: int,
    most: int,
    scope: Scope | None,
) -> list[Retrieved]:
    """The `top_k` best concepts of each text, and as many more as are at hand, up to `most`.

    `vectors` has shape (len(mentions), dimensions); `by_words`, what each text's words found, is there however many.
    """
    depth = max(64, 2 * top_k)
    wanted = min(top_k, scope.count if scope else index.concept_count)
    nearest = index.nearest(vectors, depth, scope.terms if scope else None)[1]
    similarities = index.lexical.similarities(mentions)
    same = _same(index, mentions)
    if scope is not None:
        similarities = (scores * scope.terms for scores in similarities)
        same = [rows[scope.terms[rows]] for rows in same]
    found: list[Retrieved] = []
    for start in range(0, len(mentions), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(mentions))
        pools = [
            _pooled(near, lexical, [own, told], depth)
            for near, lexical, own, told in zip(
                nearest[start:stop],
                islice(similarities, _AT_ONCE),
                same[start:stop],
                by_words[start:stop],
                strict=True,
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
            one = _by_concept(
                index, mentions[i], rows, alike, dense, lexical, by_words[i], weights, most, scope
            )
            found.append(one)
    return [
        one
        if len(one) >= wanted
        else _searched_wider(
            index, mentions[i], vectors[i], same[i], by_words[i], weights, wanted, most, scope, 4 * depth
        )
        for i, one in enumerate(found)
    ]


def _same(index: TermIndex, mentions: Sequence[str]) -> list[Rows]:
    """Of each text the rows that may be the same; where there are none, those of the text without its hyphens."""
    same = index.lexical.same_folded(mentions)
    hyphenated = [
        i for i, mention in enumerate(mentions) if not len(same[i]) and unhyphenated(mention) != mention
    ]
    joined = index.lexical.same_folded([unhyphenated(mentions[i]) for i in hyphenated])
    for i, rows in zip(hyphenated, joined, strict=True):
        same[i] = rows
    return same


def _pooled(near: Rows, lexical: Scores, others: Sequence[Rows], depth: int) -> tuple[Rows, Scores]:
    """The rows that any retriever names, in order, and their lexical scores."""
    rows = np.unique(np.concatenate([near, best_rows(lexical, depth), *others]))
    rows = rows[rows >= 0]
    return rows, lexical[rows]


def _searched_wider(
    index: TermIndex,
    mention: str,
    vector: npt.NDArray[np.float32],
    same: Rows,
    by_words: Rows,
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
        rows, lexical = _pooled(near, similarities, [same, by_words], depth)
        dense = index.vectors_of(rows) @ vector
        alike = np.isin(rows, same)
        one = _by_concept(index, mention, rows, alike, dense, lexical, by_words, weights, most, scope)
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
    by_words: Rows,
    weights: RetrievalWeights,
    most: int,
    scope: Scope | None,
) -> Retrieved:
    # Only a row of the same folded key can be the mention; keys may collide, so the text decides.
    exact = np.zeros(len(rows), dtype=np.int8)
    same = np.flatnonzero(same_key)
    folded = {fold_words(mention), fold_words(unhyphenated(mention))} - {""} if len(same) else set()
    for place in same:
        text = index.text(rows[place])
        if text == mention:
            exact[place] = 2
        elif fold_words(text) in folded:
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
    kept = order[np.sort(first)]
    among = np.isin(concepts[kept], concepts[np.isin(rows[spread], by_words)])
    among[:most] = True
    kept = kept[among]
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
