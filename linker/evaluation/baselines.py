"""The baselines that run beside a linker, over the same index strings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graph.model import CURIE
from linker.index import TermIndex
from linker.normalization import fold, fold_words


def exact_or_folded(index: TermIndex, mentions: Sequence[str]) -> list[list[CURIE]]:
    """The concepts of the terms that equal each mention after folding, heavier senses first."""
    ids = index.concept_ids()
    answers = []
    for mention, rows in zip(mentions, index.lexical.same_folded(mentions), strict=True):
        folded = fold_words(mention)
        senses = [
            (float(-weight), int(concept))
            for row in rows
            if fold_words(index.text(row)) == folded
            for concept, weight in zip(index.senses.of(row), index.senses.weights_of(row), strict=True)
        ]
        answers.append(list(dict.fromkeys(ids[concept] for _, concept in sorted(senses))))
    return answers


def tfidf(index: TermIndex, mentions: Sequence[str], top: int) -> list[list[CURIE]]:
    """Char 2- to 4-gram TF-IDF within words (scikit-learn), cosine; distinct concepts, best first."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 4),
        sublinear_tf=True,
        lowercase=False,
        preprocessor=fold,
        dtype=np.float32,
    )
    terms = vectorizer.fit_transform(index.texts())
    queries = vectorizer.transform(mentions)
    ids = index.concept_ids()
    answers: list[list[CURIE]] = []
    for start in range(0, len(mentions), 256):
        for scores in (queries[start : start + 256] @ terms.T).toarray():
            answers.append(_distinct_concepts(index, ids, scores, top))
    return answers


def _distinct_concepts(index: TermIndex, ids: Sequence[CURIE], scores: np.ndarray, top: int) -> list[CURIE]:
    depth = 4 * top
    while True:
        depth = min(depth, len(scores))
        best = np.argpartition(-scores, depth - 1)[:depth]
        best = best[np.lexsort((best, -scores[best]))]
        concepts = list(dict.fromkeys(ids[c] for row in best for c in index.senses.of(row)))
        if len(concepts) >= top or depth == len(scores):
            return concepts[:top]
        depth *= 4
