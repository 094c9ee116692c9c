"""Candidates: dense and lexical retrieval fused, grouped by concept.

Both retrievers name rows (terms), and so do words that translate (`linker.word_order`); a mention's rows are pooled,
each is given both scores, and a concept stands for its best row. The search widens until there are `top_k` distinct
concepts or the index is exhausted, so top-200 really holds 200 concepts. A mention with abbreviations is searched for
as it stands and written out, and each concept stands for its best reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from linker.abbreviations import Abbreviations, Readings
from linker.encoder import Encoder, Vectors, model_settings
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.lexical import NO_ROWS, Rows, Scores, best_rows
from linker.normalization import fold_words, unhyphenated
from linker.retrieved import Retrieved, merged
from linker.scope import Scope
from linker.term_abbreviations import with_those_of_terms
from linker.word_order import ORDERED, WordOrder

Defined: TypeAlias = Mapping[str, Sequence[str]]
"""The expansions of the abbreviations that a document defines."""

#: Mentions whose candidates are compared together. More take more memory and save no more time.
_AT_ONCE = 256
#: Rows that each retriever names; more where more candidates are asked for.
_DEPTH = 64


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
        by_words = self.order.found(self.index, texts, scope) if self.order else None
        searched = _search(self.index, texts, vectors, by_words, self.weights, top_k, scope)
        if self.order:
            searched = [self.order.ordered(self.index, one, top_k) for one in searched]
        found = dict(zip(texts, searched, strict=True))
        wanted = min(top_k, scope.count if scope else self.index.concept_count)
        return [merged([found[text] for text in one.texts], wanted, one.defined) for one in readings]


def _search(
    index: TermIndex,
    mentions: Sequence[str],
    vectors: Vectors,
    by_words: Sequence[Rows] | None,
    weights: RetrievalWeights,
    top_k: int,
    scope: Scope | None,
) -> list[Retrieved]:
    """The `top_k` best concepts of each text, or more: all whose words are to be looked at, where words order them.

    `vectors` has shape (len(mentions), dimensions); `by_words` is what each text's words found, None where words
    order nothing.
    """
    depth = max(_DEPTH, 2 * top_k)
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
                by_words[start:stop] if by_words else repeat(NO_ROWS, stop - start),
                strict=True,
            )
        ]
        # Terms near one mention are near another, and each is decoded once.
        rows, places = np.unique(np.concatenate([pool.rows for pool in pools]), return_inverse=True)
        decoded = index.vectors_of(rows)
        ends = np.cumsum([len(pool.rows) for pool in pools])
        for i, pool, at in zip(range(start, stop), pools, np.split(places, ends[:-1]), strict=True):
            dense = decoded[at] @ vectors[i]
            told = by_words[i] if by_words else None
            found.append(_by_concept(index, mentions[i], pool, same[i], dense, told, weights, top_k, scope))
    return [
        one
        if len(one) >= wanted
        else _searched_wider(
            index,
            mentions[i],
            vectors[i],
            same[i],
            by_words[i] if by_words else None,
            weights,
            wanted,
            scope,
            4 * depth,
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


@dataclass(frozen=True, slots=True)
class _Pool:
    """The rows that any retriever names for a text, in order, and their lexical scores, both of shape (k,).

    `lists` are those that each names, best first.
    """

    rows: Rows
    lexical: Scores
    lists: tuple[Rows, Rows]


def _pooled(near: Rows, lexical: Scores, others: Sequence[Rows], depth: int) -> _Pool:
    alike = best_rows(lexical, depth)
    rows = np.unique(np.concatenate([near, alike, *others]))
    rows = rows[rows >= 0]
    return _Pool(rows, lexical[rows], (near[near >= 0], alike))


def _looked_at(
    index: TermIndex,
    pool: _Pool,
    by_words: Rows,
    concepts: npt.NDArray[np.int64],
    scope: Scope | None,
) -> npt.NDArray[np.bool_]:
    """Which of a pool's `concepts`, best first, have all their terms looked at; shape (len(concepts),).

    Those that are found by words, and ORDERED more: of each retriever its own first, then the best. The retrievers'
    come first because a deeper search brings more that crowd them out by both scores together.
    """
    found, *lists = (_named(index, rows, scope) for rows in (by_words[by_words >= 0], *pool.lists))
    head = {concept for named in lists for concept in islice(named, ORDERED // 2)}
    each = concepts.tolist()
    others = [place for place, concept in enumerate(each) if concept not in head]
    looked_at = np.array([concept in head or concept in found for concept in each], dtype=np.bool_)
    looked_at[others[: ORDERED - (len(each) - len(others))]] = True
    return looked_at


def _named(index: TermIndex, rows: Rows, scope: Scope | None) -> dict[int, None]:
    """The distinct concepts of rows, those within the scope, in order."""
    named = index.senses.of_rows(rows)[1]
    return dict.fromkeys((named if scope is None else named[scope.concepts[named]]).tolist())


def _searched_wider(
    index: TermIndex,
    mention: str,
    vector: npt.NDArray[np.float32],
    same: Rows,
    by_words: Rows | None,
    weights: RetrievalWeights,
    wanted: int,
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
        others = [same] if by_words is None else [same, by_words]
        pool = _pooled(near, similarities, others, depth)
        dense = index.vectors_of(pool.rows) @ vector
        one = _by_concept(index, mention, pool, same, dense, by_words, weights, wanted, scope)
        if len(one) >= wanted or depth >= len(index):
            return one
        depth *= 4


def _by_concept(
    index: TermIndex,
    mention: str,
    pool: _Pool,
    same_key: Rows,
    dense: npt.NDArray[np.float32],
    by_words: Rows | None,
    weights: RetrievalWeights,
    wanted: int,
    scope: Scope | None,
) -> Retrieved:
    rows, lexical = pool.rows, pool.lexical
    # Only a row of the same folded key can be the mention; keys may collide, so the text decides.
    exact = np.zeros(len(rows), dtype=np.int8)
    folded = {fold_words(mention), fold_words(unhyphenated(mention))} - {""} if len(same_key) else set()
    for place in np.flatnonzero(np.isin(rows, same_key)):
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
    looked = 0
    if by_words is not None:
        looked_at = _looked_at(index, pool, by_words, concepts[kept], scope)
        looked = int(looked_at.sum())
        kept = np.concatenate([kept[looked_at], kept[~looked_at]])
    kept = kept[: max(wanted, looked)]
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
        looked=looked,
    )
