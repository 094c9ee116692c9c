"""When the cross-encoder need not read: the margin of retrieval from which it leaves the first place as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linker.errors import TrainingError
from linker.evaluation.metrics import gold_rank
from linker.mentions import GoldMention
from linker.pair_text import Context
from linker.pipeline import RERANK_DEPTH, Linker

MOST_CHANGED = 0.005
"""Share of the mentions whose first candidate may be another one for not being re-ranked."""


@dataclass(frozen=True, slots=True)
class SkipRule:
    """A margin and what it does to the mentions that it was chosen on; shares of these, in [0, 1].

    `margin` is None where none saves anything. `right` is accuracy@1, `reciprocal_rank` the mean over ten
    candidates, each without the rule and with it.
    """

    margin: float | None
    mentions: int
    reranked: float
    skipped: float
    changed: float
    right: tuple[float, float]
    reciprocal_rank: tuple[float, float]


def choose_skip_margin(
    linker: Linker,
    mentions: Sequence[GoldMention],
    most_changed: float = MOST_CHANGED,
    contexts: Sequence[Context] | None = None,
) -> SkipRule:
    """The least margin between the first two scores of retrieval from which re-ranking can be left out.

    With it at most a share `most_changed` of the first candidates are others, and no fewer of them are right.
    `linker` re-ranks everything, with `contexts` as it links with them. Raises TrainingError without mentions.
    """
    if not mentions:
        raise TrainingError(
            "There is no mention of a held-out document to choose on; give mentions with documents, "
            "or a larger dev share."
        )
    spans = [mention.span for mention in mentions]
    with_it = linker.link(spans, top_k=RERANK_DEPTH, contexts=contexts)
    without = linker.without_reranker().link(spans, top_k=RERANK_DEPTH)
    margins, ranks, same = [], [], []
    for mention, read, unread in zip(mentions, with_it, without, strict=True):
        scores = [candidate.score for candidate in unread.candidates]
        decided = unread.candidates[0].path.matched
        margins.append(np.nan if decided else scores[0] - (scores[1] if len(scores) > 1 else 0.0))
        ranks.append([gold_rank([c.id for c in one.candidates], mention.codes) for one in (read, unread)])
        same.append(read.candidates[0].id == unread.candidates[0].id)
    margin = np.array(margins)
    right = np.array(ranks) == 1
    reciprocal = np.array([[1 / rank if rank else 0.0 for rank in both] for both in ranks])
    changed = ~np.array(same)
    chosen = None
    # From the greatest margin down: the first one that costs too much ends it.
    for one in np.unique(margin[~np.isnan(margin)])[::-1].tolist():
        skipped = margin >= one
        lost = right[skipped, 0].sum() - right[skipped, 1].sum()
        if changed[skipped].sum() > most_changed * len(mentions) or lost > 0:
            break
        chosen = one
    skipped = margin >= chosen if chosen is not None else np.zeros(len(mentions), bool)
    return SkipRule(
        None if chosen is None else round(chosen, 6),
        len(mentions),
        float((~np.isnan(margin)).mean()),
        float(skipped.mean()),
        float(changed[skipped].sum() / len(mentions)),
        (float(right[:, 0].mean()), float(np.where(skipped, right[:, 1], right[:, 0]).mean())),
        (
            float(reciprocal[:, 0].mean()),
            float(np.where(skipped, reciprocal[:, 1], reciprocal[:, 0]).mean()),
        ),
    )
