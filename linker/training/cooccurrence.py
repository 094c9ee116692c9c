"""Vectors of word pieces from the company that they keep, for a model from scratch to start from.

Pieces that stand near each other in clinical text, and in two terms of one concept, are counted; the positive
pointwise mutual information of the counts is factorised (Levy and Goldberg 2014; smoothed and shifted as in
Levy, Goldberg and Dagan 2015). The texts tell what terms alone do not: that a piece which no term has is
used like one that many have. The pairs of terms bring languages together, which texts keep apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

WINDOW = 6
"""Pieces to each side in text; one at distance d counts 1 / d."""
TERM_WINDOW = 10
"""The same in two terms of one concept, one after the other."""
TERM_WEIGHT = 3.0
"""What they count beside text."""
PAIRS_A_GROUP = 6
SMOOTHING = 0.75
SHIFT = 1.5
"""Only pieces that are together more than so many times as often as chance would have it are said to be."""
_LINES_AT_ONCE = 20_000

Pieces = Callable[[Sequence[str]], list[list[int]]]
"""Strings to the ids of their pieces, without those that begin and end a string."""


def piece_vectors(
    pieces: Pieces,
    count: int,
    texts: Iterable[str],
    groups: Iterable[Sequence[str]],
    dimensions: int,
    seed: int,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """A unit vector for each of `count` pieces, shape (count, dimensions), and which pieces have company, (count,).

    `texts` are read line by line, `groups` hold strings that name one concept. The same input and seed give
    the same vectors; a piece without company has a zero one.
    """
    from sklearn.utils.extmath import randomized_svd

    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    counts = _near(pieces, count, lines, WINDOW)
    counts += TERM_WEIGHT * _near(pieces, count, _joined_pairs(groups, seed), TERM_WINDOW)
    information = _positive_information(counts.tocoo())
    found = min(dimensions, count - 1)
    left, values, _ = randomized_svd(information, found, n_iter=4, random_state=seed)
    vectors = np.zeros((count, dimensions), dtype=np.float32)
    vectors[:, :found] = left * np.sqrt(values)
    norms = np.linalg.norm(vectors, axis=1)
    known = norms > 1e-6
    vectors[known] /= norms[known, None]
    vectors[~known] = 0
    return vectors, known


def _joined_pairs(groups: Iterable[Sequence[str]], seed: int) -> list[str]:
    chance = random.Random(seed)
    return [
        " ".join(chance.sample(group, 2))
        for group in groups
        if len(group) > 1
        for _ in range(min(PAIRS_A_GROUP, len(group)))
    ]


def _near(pieces: Pieces, count: int, lines: Sequence[str], window: int) -> sparse.csr_matrix:
    """How near pieces stand to each other in `lines`, shape (count, count), symmetric."""
    counts = sparse.csr_matrix((count, count), dtype=np.float32)
    for start in range(0, len(lines), _LINES_AT_ONCE):
        ids = pieces(lines[start : start + _LINES_AT_ONCE])
        # Lines are kept apart by as many blanks as the window is wide.
        row = np.concatenate([np.array([*line, *[-1] * window], dtype=np.int64) for line in ids])
        for distance in range(1, window + 1):
            first, second = row[:-distance], row[distance:]
            both = (first >= 0) & (second >= 0)
            near = sparse.coo_matrix(
                (
                    np.full(int(both.sum()), 1 / distance, dtype=np.float32),
                    (first[both], second[both]),
                ),
                shape=(count, count),
            ).tocsr()
            counts = counts + near + near.T
    return counts


def _positive_information(counts: sparse.coo_matrix) -> sparse.csr_matrix:
    """The shifted positive pointwise mutual information; contexts are smoothed, so that rare ones say less."""
    total = counts.data.sum()
    own = np.bincount(counts.row, counts.data, counts.shape[0])
    context = own**SMOOTHING
    context *= total / max(context.sum(), 1e-12)
    with np.errstate(divide="ignore"):
        information = np.log(counts.data * total / (own[counts.row] * context[counts.col])) - np.log(SHIFT)
    positive = information > 0
    return sparse.csr_matrix(
        (information[positive], (counts.row[positive], counts.col[positive])), shape=counts.shape
    )
