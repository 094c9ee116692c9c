"""The rows of a model card: what a model was trained on, how, and how the training went."""

from __future__ import annotations

from typing import Any

from linker.training.corpus import TrainingCorpus
from linker.training.negatives import WrongAnswers
from linker.training.optimization import Course, Reading
from linker.training.pair_details import PairDetails


def figures(course: Course, measured: str) -> list[str]:
    """The readings of a training, for its model card."""
    runs = course.runs or (course,)
    scored = any(reading.score is not None for run in runs for reading in run.readings)
    kept = ", ".join(f"{run.kept:,}" for run in runs)
    told = [f"The weights are those of step {kept}. Loss is the mean since the row before."]
    if course.runs:
        told[0] = (
            f"The weights are the mean of those of {len(runs)} runs at step {kept}. Loss is the mean since the row "
            "before, and in the last row that of the runs' last rows."
        )
    if scored:
        told.append(f"Dev is the mean reciprocal rank of {measured}.")
    columns = [*(["run"] if course.runs else []), "step", "loss", *(["dev"] if scored else [])]
    rows = [
        [*([str(number)] if course.runs else []), *_row(reading, scored)]
        for number, run in enumerate(runs, 1)
        for reading in run.readings
    ]
    if course.runs:
        rows.append(["mean", *_row(course.readings[0], scored)])
    table = [columns, ["---"] * len(columns), *rows]
    return [
        " ".join(told),
        "",
        *(f"| {' | '.join(row)} |" for row in table),
        "",
        "Of linking: see `docs/results.md`.",
    ]


def _row(reading: Reading, scored: bool) -> list[str]:
    row = [f"{reading.step:,}", f"{reading.loss:.4f}"]
    if scored:
        row.append("" if reading.score is None else f"{reading.score:.4f}")
    return row


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
