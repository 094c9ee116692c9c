"""Candidates weighed by what the mention's words say of their codes' axes, and completed from the same stems.

A code whose stem was retrieved may be meant with another behaviour, grade or whatever else qualifies it, a term of its
own or none. So the concepts of the first candidates' stems are candidates too, and all are ordered by a sum of the
score they had, or that of the best of their stem, and the logarithms of the probabilities of their axes
(`linker.code_axes`). The weights are fitted on held-out documents (`linker.training.axis_fit`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from linker.choosing import Ranked
from linker.code_axes import CodeAxes, LogProbabilities, Ordinals
from linker.fusion import AxisWeights, logit
from linker.index import TermIndex
from linker.lexical import LexicalIndex
from linker.retrieved import Retrieved, decided_by_match

DEPTH = 64
"""Candidates that are weighed, however many are asked for."""
STEMS = 25
"""Of the first candidates' stems, those whose other codes are candidates too."""

Order = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]


def axis_columns(
    one: Retrieved,
    order: Order,
    scores: Scores,
    axes: CodeAxes,
    lexical: LexicalIndex,
    within: npt.NDArray[np.bool_],
) -> tuple[Retrieved, Order, npt.NDArray[np.float32]]:
    """What is known of the first DEPTH candidates and of those that complete them.

    `order` are the candidates' places and `scores` their scores, best first; `within` (concepts,) says which may be
    answered with. Answers the candidates with those that were added at their end, the places weighed, and what
    `AxisWeights` weigh of them, shape (len(places), 4).
    """
    first = order[:DEPTH]
    stems = axes.values[one.concepts[first], 0]
    places: list[npt.NDArray[np.int64]] = []
    found: list[Ordinals] = []
    _, heads = np.unique(stems, return_index=True)
    heads = np.sort(heads[stems[heads] >= 0])[:STEMS]
    new = within.copy()
    new[one.concepts[first]] = False
    for head, members in zip(heads.tolist(), axes.of_stems(one.concepts[first[heads]]), strict=True):
        others = members[new[members]]
        found.append(others)
        places.append(np.full(len(others), head, dtype=np.int64))
    added = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    head_of = np.concatenate(places) if places else np.empty(0, dtype=np.int64)
    whole = _with(one, first[head_of], added)
    weighed = np.concatenate([first, len(one) + np.arange(len(added))])
    own = logit(scores[np.concatenate([np.arange(len(first)), head_of])])
    said = _said(whole, weighed, axes, lexical)
    known = np.column_stack([own, weighed < len(one), said[:, 1:].sum(axis=1), said[:, 0]])
    return whole, weighed, known.astype(np.float32)


@dataclass(frozen=True, slots=True)
class AxisRanker:
    """Weighs candidates of an index whose codes have axes; the weights are for the two orders that they come in."""

    index: TermIndex
    retrieved: AxisWeights = field(default_factory=AxisWeights)
    reranked: AxisWeights = field(default_factory=AxisWeights)

    def weighed(self, ranked: Ranked, within: npt.NDArray[np.bool_] | None = None) -> Ranked:
        """The candidates in their new order, and those that complete them, of the concepts `within`.

        What is beyond the first DEPTH stays behind. Where a term is the mention nothing changes, nor where codes have
        no axes.
        """
        one, axes = ranked.retrieved, self.index.axes
        if axes is None or not len(one) or decided_by_match(one):
            return ranked
        allowed = np.ones(self.index.concept_count, dtype=bool) if within is None else within
        whole, weighed, known = axis_columns(
            one, ranked.order, ranked.scores, axes, self.index.lexical, allowed
        )
        scores = (self.reranked if len(ranked.logits) else self.retrieved).score(known)
        best = np.argsort(-scores, kind="stable")
        rest = ranked.order[DEPTH:]
        behind = ~np.isin(one.concepts[rest], whole.concepts[weighed])
        likely = np.full(len(whole), np.nan, dtype=np.float32)
        likely[weighed] = np.exp(known[:, 2] + known[:, 3])
        return replace(
            ranked,
            retrieved=whole,
            order=np.concatenate([weighed[best], rest[behind]]),
            scores=np.concatenate([scores[best], scores.min() * ranked.scores[DEPTH:][behind]]),
            axes=likely,
            retrieved_count=len(one),
        )


def _said(one: Retrieved, places: Order, axes: CodeAxes, lexical: LexicalIndex) -> LogProbabilities:
    """Of candidates the logarithms of their axes' probabilities, in the reading that led to each; (k, axes)."""
    said = np.empty((len(places), axes.values.shape[1]), dtype=np.float32)
    readings = np.array([one.readings[place] for place in places.tolist()], dtype=object)
    for reading in dict.fromkeys(readings.tolist()):
        own = np.flatnonzero(readings == reading)
        said[own] = axes.log_of(one.concepts[places[own]], axes.log_probabilities(reading, lexical))
    return said


def _with(one: Retrieved, heads: Order, concepts: Ordinals) -> Retrieved:
    """The same candidates and, at their end, `concepts`, each with the row and the scores of its place in `heads`."""
    if not len(concepts):
        return one
    return replace(
        one.at(np.concatenate([np.arange(len(one)), heads])),
        concepts=np.concatenate([one.concepts, concepts]),
        exact=np.concatenate([one.exact, np.zeros(len(concepts), one.exact.dtype)]),
    )
