"""What a document says of a mention by its other mentions: a text speaks of the same things again.

A candidate that another mention of the document was linked to gains a fitted weight in logits, and the decision is made
anew. What a mention was linked to is what it had by itself, so the order of mentions decides nothing. Where a term is
the mention it stands, unless concepts tie there and others mean one of them. That another mention is linked to a
parent, child or sibling of a candidate was measured too and told nothing (`benchmarks/evidence.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from graph.model import CURIE
from linker.decisions import Decisions, DecisionWeights, Standing, decided, reason
from linker.fusion import logit, sigmoid
from linker.model import Candidate, DocumentContext, Evidence, Linking, Path, Reason
from linker.normalization import fold_words

COHERENCE = Evidence("another mention of the document", 1.0)
"""Of a candidate that another mention of the same document was linked to."""
CANDIDATES = 5
"""First candidates of a mention that the others of its document have a say on, however many are shown."""
_NOWHERE = DocumentContext()


def weighed_together(
    linkings: Sequence[Linking],
    documents: Sequence[DocumentContext],
    decisions: Decisions,
    *,
    top_k: int,
    min_probability: float | None = None,
) -> list[Linking]:
    """Answers, each with what the other mentions of its document say of its first CANDIDATES, and the first `top_k`.

    `documents` has the document of each; mentions of no document stand alone.
    """
    weighed = (
        _with_others(linking, meant, decisions, min_probability) if meant else linking
        for linking, meant in zip(linkings, meant_by_others(linkings, documents), strict=True)
    )
    return [replace(one, candidates=one.candidates[:top_k]) for one in weighed]


def meant_by_others(
    linkings: Sequence[Linking], documents: Sequence[DocumentContext]
) -> list[frozenset[CURIE]]:
    """For each mention, those of its first CANDIDATES that other mentions of its document were linked to.

    Mentions that differ in case, accents and marks alone are no others.
    """
    saying: dict[tuple[DocumentContext, CURIE], set[str]] = defaultdict(set)
    words = [fold_words(linking.mention) for linking in linkings]
    for linking, document, own in zip(linkings, documents, words, strict=True):
        if document != _NOWHERE and linking.decision.id is not None:
            saying[document, linking.decision.id].add(own)
    return [
        frozenset(
            c.id for c in linking.candidates[:CANDIDATES] if saying.get((document, c.id), set()) - {own}
        )
        for linking, document, own in zip(linkings, documents, words, strict=True)
    ]


def _with_others(
    linking: Linking, meant: Collection[CURIE], decisions: Decisions, min_probability: float | None
) -> Linking:
    candidates, told = linking.candidates[:CANDIDATES], linking.decision
    matched = candidates[0].path.matched
    read = matched or any(one.path is Path.RERANKED for one in candidates)
    weights = decisions.reranked if read else decisions.retrieved
    minimum = weights.minimum if min_probability is None else min_probability
    if not weights.coherence or told.reason is Reason.OUT_OF_SCOPE:
        return linking
    if matched:
        named = [one for one in candidates if one.path is candidates[0].path and one.id in meant]
        if told.reason is not Reason.TIE or len(named) != 1:
            return linking
        candidates = tuple(
            sorted((_told(one, meant) for one in candidates), key=lambda one: one.id != named[0].id)
        )
        probability = _gained(told.probability, weights)
        why = Reason.CHOSEN if probability >= minimum else Reason.NOTHING_CLOSE
    else:
        gained = (
            replace(_told(one, meant), score=_gained(one.score, weights)) if one.id in meant else one
            for one in candidates
        )
        candidates = tuple(sorted(gained, key=lambda one: -one.score))
        standing = _standing(linking.mention, candidates)
        probability = weights.probability(standing)
        first, *second = (one.id in meant for one in candidates[:2])
        why = reason(standing, probability, minimum, apart=first and not any(second))
    return replace(
        linking,
        candidates=(*candidates, *linking.candidates[CANDIDATES:]),
        decision=decided(candidates, why, probability),
    )


def _told(candidate: Candidate, meant: Collection[CURIE]) -> Candidate:
    if candidate.id not in meant:
        return candidate
    return replace(candidate, evidence=(COHERENCE, *candidate.evidence))


def _gained(probability: float, weights: DecisionWeights) -> float:
    """A score or probability, more likely by the weight of coherence."""
    logits = logit(np.array([probability])) + weights.coherence
    return round(float(sigmoid(logits.astype(np.float32))[0]), 6)


def _standing(mention: str, candidates: Sequence[Candidate]) -> Standing:
    """How candidates of which no term is the mention stand."""
    return Standing(
        mention,
        np.array([candidate.score for candidate in candidates], dtype=np.float32),
        np.zeros(len(candidates), dtype=np.int8),
        np.zeros(len(candidates), dtype=np.float32),
        tuple(candidate.reading for candidate in candidates[:2]),
        tuple(candidate.matched_term for candidate in candidates[:2]),
    )
