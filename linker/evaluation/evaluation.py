"""The evaluation of an index on annotated mentions (gold spans given), with baselines in the same run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from graph.model import CURIE
from linker.errors import MentionFileError
from linker.evaluation.baselines import exact_or_folded, tfidf
from linker.evaluation.metrics import Scoreboard, gold_rank, scoreboard
from linker.mentions import GoldMention
from linker.pipeline import Linker, check_mention

BATCH = 256


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `enlace evaluate` reports: counts, and a scoreboard a system."""

    release: str
    index: dict[str, Any]
    """The index's manifest."""
    mentions: int
    documents: int
    top: int
    gold_not_in_index: int
    """Mentions none of whose codes the index holds; they count as missed."""
    systems: tuple[Scoreboard, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self)


def evaluate(
    linker: Linker,
    gold: Sequence[GoldMention],
    *,
    top: int = 200,
    progress: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Link every gold mention and score the ranks; composites and unknown codes are counted as missed.

    `progress` gets the number of mentions linked so far.
    Raises MentionFileError if there is no mention.
    """
    if not gold:
        raise MentionFileError("There is no mention to evaluate on; the file holds a header only.")
    spans = [check_mention(mention.span, row) for row, mention in enumerate(gold, 1)]
    # A mention without a document is its own document, so that the bootstrap still has units to draw.
    documents = [mention.document or f"row {row}" for row, mention in enumerate(gold, 1)]
    linked: list[list[CURIE]] = []
    for start in range(0, len(spans), BATCH):
        batch = spans[start : start + BATCH]
        linked += [[c.id for c in one.candidates] for one in linker.link(batch, top_k=top)]
        progress(len(linked))
    answers = {
        "enlace": linked,
        "exact or folded": exact_or_folded(linker.index, spans),
        "TF-IDF": tfidf(linker.index, spans, top),
    }
    known = set(linker.index.concept_ids())
    boards = tuple(
        scoreboard(
            system,
            [gold_rank(candidates, mention.codes) for candidates, mention in zip(found, gold, strict=True)],
            documents,
            top,
        )
        for system, found in answers.items()
    )
    return Evaluation(
        release=linker.index.manifest.release,
        index=asdict(linker.index.manifest),
        mentions=len(gold),
        documents=len(set(documents)),
        top=top,
        gold_not_in_index=sum(not known.intersection(mention.codes) for mention in gold),
        systems=boards,
    )
