"""Texts that nobody annotated, marked by recognisers that were trained before: self-training.

Yarowsky 1995; that the student is larger, and sees words hidden, is Xie et al. 2020. What the teachers are not sure of
is left open (`MarkedText.doubtful`), so that their doubts teach nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from linker.annotation.recognizer import TokenRecognizer
from linker.annotation.recognizer_labels import Floats, LabelScheme
from linker.annotation.recognizer_reading import ReadText
from linker.errors import TrainingError
from linker.marked_spans import document_name
from linker.training.recognizer_corpus import Mark, MarkedText

TEXTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Teaching:
    """Texts by name, who marks them, and how sure (a probability) the least sure word of a mark must be.

    An epoch of training reads one in `every` of the texts, others each time.
    """

    texts: Mapping[str, str]
    teachers: Sequence[TokenRecognizer]
    sure: float = 0.8
    every: int = 4

    def without(self, documents: Collection[str]) -> Teaching:
        """The same without texts of documents of those names, without `es-`. Raises TrainingError if none is left."""
        kept = {name: text for name, text in self.texts.items() if document_name(name) not in documents}
        if not kept:
            raise TrainingError(
                "Every text for the teachers is of an annotated or a left out document; give others with --unlabelled."
            )
        return replace(self, texts=kept)


def marked_by_teachers(
    teaching: Teaching, told: Callable[[int, int], None] = lambda done, all: None
) -> list[MarkedText]:
    """What the mean of the teachers' probabilities marks in each text. `told` hears of texts done, and all.

    Raises TrainingError where teachers see other words than one another.
    """
    types = sorted({type for teacher in teaching.teachers for type in teacher.scheme.types})
    scheme = LabelScheme.of_types(types, layered=True)
    found: list[MarkedText] = []
    rows = list(teaching.texts.items())
    for start in range(0, len(rows), TEXTS_AT_ONCE):
        part = rows[start : start + TEXTS_AT_ONCE]
        reads, known = _probabilities([text for _, text in part], teaching.teachers, types)
        spans = scheme.decode([np.log(np.maximum(one, 1e-9)) for one in known])
        for (name, text), read, own, marked in zip(part, reads, known, spans, strict=True):
            marks: list[Mark] = []
            doubtful: list[Mark] = []
            for layer, type in enumerate(types):
                labels = np.zeros(len(read.starts), np.int64)
                mine = [span for span in marked if span.type == type]
                for span in mine:
                    labels[span.first], labels[span.first + 1 : span.last + 1] = 1, 2
                unsure = own[np.arange(len(labels)), 3 * layer + labels] < teaching.sure
                for span in mine:
                    mark = Mark(int(read.starts[span.first]), int(read.ends[span.last]), type)
                    (doubtful if unsure[span.first : span.last + 1].any() else marks).append(mark)
                for word in np.flatnonzero(unsure & (labels == 0)).tolist():
                    doubtful.append(Mark(int(read.starts[word]), int(read.ends[word]), type))
            found.append(MarkedText(name, text, frozenset(types), tuple(marks), tuple(doubtful)))
        told(len(found), len(rows))
    return found


def _probabilities(
    texts: Sequence[str], teachers: Sequence[TokenRecognizer], types: Sequence[str]
) -> tuple[Sequence[ReadText], list[Floats]]:
    """The words of each text, and their probabilities of O, B and I by type, shape (words, 3 * types)."""
    first: Sequence[ReadText] = []
    sums: list[Floats] = []
    knowing = np.zeros(len(types), np.float32)
    for teacher in teachers:
        reads = teacher.read(texts)
        if not sums:
            first, sums = reads, [np.zeros((len(one.starts), 3 * len(types)), np.float32) for one in reads]
        elif any(not np.array_equal(a.starts, b.starts) for a, b in zip(first, reads, strict=True)):
            raise TrainingError(
                "The teachers' tokenisers see other words than one another; give teachers that share one."
            )
        own = teacher.scheme.probabilities(teacher.word_logits(reads))
        for layer, type in enumerate(types):
            if type not in teacher.scheme.types:
                continue
            knowing[layer] += 1
            for sum, one in zip(sums, own, strict=True):
                begins, inside = teacher.scheme.begin_and_inside(one, type)
                sum[:, 3 * layer] += 1 - begins - inside
                sum[:, 3 * layer + 1] += begins
                sum[:, 3 * layer + 2] += inside
    shares = np.repeat(1 / knowing, 3).astype(np.float32)
    return first, [sum * shares for sum in sums]
