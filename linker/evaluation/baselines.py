"""The baselines that run beside a linker, over the same index strings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from graph.model import CURIE
from linker.evaluation.answers import Answers
from linker.index import TermIndex
from linker.normalization import fold, fold_words

_SCORES_AT_ONCE = 1 << 25


def exact_or_folded(index: TermIndex, mentions: Sequence[str]) -> Answers:
    """The concepts of the terms that equal each mention after folding, heavier senses first; the score is 1."""
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
    return Answers(answers, [1.0 if answer else -np.inf for answer in answers])


def tfidf(
    index: TermIndex,
    mentions: Sequence[str],
    top: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Answers:
    """Char 2- to 4-gram TF-IDF within words (scikit-learn); distinct concepts, best first; the score is a cosine."""
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
    best: list[float] = []
    block = max(1, _SCORES_AT_ONCE // len(index))
    for start in range(0, len(mentions), block):
        for scores in (queries[start : start + block] @ terms.T).toarray():
            answers.append(_distinct_concepts(index, ids, scores, top))
            best.append(float(scores.max()))
        progress(len(answers))
    return Answers(answers, best)


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
