"""The rows of a model card: what a model was trained on, how, and how the training went."""

from __future__ import annotations

from typing import Any

from linker.training.corpus import TrainingCorpus
from linker.training.negatives import WrongAnswers
from linker.training.optimization import Course
from linker.training.pair_details import PairDetails


def figures(course: Course, measured: str) -> list[str]:
    """The readings of a training, for its model card."""
    scored = any(reading.score is not None for reading in course.readings)
    rows = [
        f"| {reading.step:,} | {reading.loss:.4f} |" + (f" {reading.score:.4f} |" if scored else "")
        for reading in course.readings
    ]
    told = [f"The weights are those of step {course.kept:,}. Loss is the mean since the row before."]
    if scored:
        told.append(f"Dev is the mean reciprocal rank of {measured}.")
    head = (
        ["| step | loss | dev |", "| --- | --- | --- |"] if scored else ["| step | loss |", "| --- | --- |"]
    )
    return [" ".join(told), "", *head, *rows, "", "Of linking: see `docs/results.md`."]


def facts(
    corpus: TrainingCorpus, recipe: dict[str, Any], more: dict[str, Any], pooling: str
) -> dict[str, Any]:
    """What a model was trained on, and how; `pooling` of a bi-encoder."""
    return {
        "groups of synonyms": f"{len(corpus.groups):,}",
        "strings": f"{len(corpus.groups_of):,}",
        "of them marked in text": f"{len(corpus.mentions):,}",
        **({"pooling": pooling} if pooling else {}),
        **more,
        **recipe,
    }


def cross_encoder_facts(wrong: WrongAnswers, details: PairDetails) -> dict[str, str]:
    """What a cross-encoder was trained on besides."""
    facts = {"queries": f"{len(wrong.queries):,}"}
    if details.glosses:
        facts["ids with a gloss"] = f"{len(details.glosses):,}"
    if details.contexts:
        facts["contexts"] = f"{sum(len(places) for places in details.contexts.values()):,}"
    return facts
