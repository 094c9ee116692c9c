"""How well a recogniser finds the spans of documents: strictly, a span counts where both ends and its type agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linker.annotation.model import Span
from linker.annotation.recognizer_labels import Floats, LabelScheme
from linker.annotation.recognizer_reading import ReadText
from linker.training.recognizer_corpus import MarkedText

OFFSETS = tuple(float(x) for x in np.arange(-2.0, 2.01, 0.25))
"""What is tried as an addition to the logit of no mention."""
SLACK = 0.005
"""Of F1: what is left to chance when an addition is chosen."""


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """Spans of one type: found and right, found, and marked."""

    right: int
    found: int
    marked: int

    @property
    def precision(self) -> float:
        """0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """0 where nothing is marked."""
        return self.right / self.marked if self.marked else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.found + self.marked) if self.found + self.marked else 0.0


def count_spans(documents: Sequence[MarkedText], found: Sequence[Sequence[Span]]) -> dict[str, SpanCounts]:
    """By type, each in the documents that were searched for it."""
    counts: dict[str, SpanCounts] = {}
    for type in sorted({type for one in documents for type in one.types}):
        right = there = marked = 0
        for document, spans in zip(documents, found, strict=True):
            if type in document.types:
                own = {(span.start, span.end) for span in spans if span.type == type}
                gold = {(mark.start, mark.end) for mark in document.marks if mark.type == type}
                right, there, marked = right + len(own & gold), there + len(own), marked + len(gold)
        counts[type] = SpanCounts(right, there, marked)
    return counts


def mean_f1(counts: dict[str, SpanCounts]) -> float:
    """The mean over the types that something is marked of; 0 without any."""
    scored = [one.f1 for one in counts.values() if one.marked]
    return sum(scored) / len(scored) if scored else 0.0


def best_outside(
    labels: Sequence[str],
    documents: Sequence[MarkedText],
    reads: Sequence[ReadText],
    logits: Sequence[Floats],
) -> dict[str, float]:
    """What to add to the logit of no mention, by type (`LabelScheme`), for a good F1; what gains little is left out.

    Few documents choose, so of all that come within SLACK of the best F1 the nearest to zero is taken. In the plain
    scheme one number for all types, by the empty string.
    """
    scheme = LabelScheme(labels)
    names = scheme.types if scheme.layered else ("",)
    scores: dict[str, list[float]] = {name: [] for name in names}
    for offset in OFFSETS:
        tried = LabelScheme(labels, outside=dict.fromkeys(names, offset))
        counts = count_spans(documents, spans_of_words(tried, reads, logits))
        for name in names:
            one = counts.get(name)
            scores[name].append(mean_f1(counts) if not name else one.f1 if one else 0.0)
    chosen = {}
    for name, tried_scores in scores.items():
        enough = max(tried_scores) - SLACK
        best = min(
            (at for at, score in enumerate(tried_scores) if score >= enough),
            key=lambda at: (abs(OFFSETS[at]), -tried_scores[at]),
        )
        if OFFSETS[best]:
            chosen[name] = OFFSETS[best]
    return chosen


def spans_of_words(
    scheme: LabelScheme, reads: Sequence[ReadText], logits: Sequence[Floats]
) -> list[list[Span]]:
    """The spans of each text, of its words' logits."""
    from linker.annotation.model import Source

    return [
        [
            Span(int(read.starts[o.first]), int(read.ends[o.last]), o.type, Source.RECOGNIZER, o.score)
            for o in found
        ]
        for read, found in zip(reads, scheme.decode(logits), strict=True)
    ]
