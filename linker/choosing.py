"""From ranked candidates to a decision: which weights count, and what lies outside a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linker.content_words import word_stems
from linker.decisions import DEPTH, Decisions, DecisionWeights, Standing, decided
from linker.decisions import reason as why
from linker.disambiguation import TRANSLATED
from linker.index import TermIndex
from linker.model import Candidate, Decision, Evidence, Path, Reason
from linker.retrieved import Retrieved
from linker.scope import CLEARLY, Scope

BY_DOCUMENT = (Evidence("abbreviation in the document", 1.0),)
"""Of a candidate that was found by what the mention's document means by its abbreviations."""
AXES = "axes of the code"
"""The evidence of a candidate: how likely the mention's words make its code's axes, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A mention's candidates, their logits where they were re-ranked, and their places and scores, best first.

    `cut` says that the budget was over before they were re-ranked.
    """

    mention: str
    retrieved: Retrieved
    logits: npt.NDArray[np.float32]
    cut: bool
    order: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    axes: npt.NDArray[np.float32] | None = None
    """By place, how likely the words make the axes of a candidate's code; None where codes have none."""
    retrieved_count: int | None = None
    """Of the candidates, those that were retrieved; the others complete codes. None: all."""

    def completed(self, place: int) -> bool:
        """Whether the candidate at a place was not retrieved, but completes the code of one that was."""
        return self.retrieved_count is not None and place >= self.retrieved_count

    def way(self, place: int, rerank_depth: int) -> Path:
        """Which way the candidate at a place was reached, where the first `rerank_depth` would have been re-ranked."""
        exact = int(self.retrieved.exact[place])
        if exact:
            return Path.EXACT if exact == 2 else Path.FOLDED
        if self.completed(place):
            return Path.COMPLETED
        if place < len(self.logits):
            return Path.RERANKED
        return Path.CUT if self.cut and place < rerank_depth else Path.RETRIEVED

    def evidence(self, place: int) -> tuple[Evidence, ...]:
        """What speaks for the candidate at a place besides the models' scores."""
        one = self.retrieved
        found = list(BY_DOCUMENT if one.readings[place] in one.defined else ())
        if one.translated[place].any() and not self.completed(place):
            each_word = one.translated[place, 0] / len(word_stems(one.readings[place]))
            found.append(Evidence(TRANSLATED, _rounded(np.exp(min(0.0, each_word)))))
        if self.axes is not None and not np.isnan(self.axes[place]):
            found.append(Evidence(AXES, _rounded(self.axes[place])))
        return tuple(found)


def _rounded(value: float) -> float:
    return round(float(value), 6)


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses the first candidate, or none with the reason; `reranks` tells whether there is a cross-encoder."""

    index: TermIndex
    decisions: Decisions
    reranks: bool

    def decision(
        self,
        candidates: Sequence[Candidate],
        ranked: Ranked,
        min_probability: float | None,
        unscoped: Ranked | None,
        scope: Scope | None,
    ) -> Decision:
        """The decision on a mention whose first candidates are `candidates`.

        `unscoped` are those it would have without the `scope`, where there is one.
        """
        standing, weights = self.standing(ranked), self._weights(ranked)
        probability = weights.probability(standing)
        minimum = weights.minimum if min_probability is None else min_probability
        reason = why(standing, probability, minimum)
        if scope is not None and unscoped is not None and self._outside(ranked, unscoped, scope, minimum):
            reason = Reason.OUT_OF_SCOPE
        return decided(candidates, reason, probability)

    def _outside(self, ranked: Ranked, unscoped: Ranked, scope: Scope, minimum: float) -> bool:
        """Whether a concept outside the scope is likely enough, and clearly better than any within."""
        if not len(unscoped.order) or scope.concepts[unscoped.retrieved.concepts[unscoped.order[0]]]:
            return False
        best_within = ranked.scores[0] if len(ranked.order) else 0.0
        likely = self._weights(unscoped).probability(self.standing(unscoped)) >= minimum
        return likely and bool(unscoped.scores[0] - best_within >= CLEARLY)

    def _weights(self, ranked: Ranked) -> DecisionWeights:
        """Those for the order that the candidates are in."""
        if not self.reranks:
            return self.decisions.retrieved
        matched = len(ranked.order) and ranked.retrieved.exact[ranked.order[0]] > 0
        return self.decisions.reranked if matched or len(ranked.logits) else self.decisions.retrieved

    def standing(self, ranked: Ranked) -> Standing:
        """What the decision is made from."""
        one, first = ranked.retrieved, ranked.order[:DEPTH]
        return Standing(
            ranked.mention,
            ranked.scores[:DEPTH],
            one.exact[first],
            one.weight[first],
            tuple(one.readings[i] for i in first[:2]),
            tuple(self.index.texts_of(one.rows[first[:2]])),
        )
