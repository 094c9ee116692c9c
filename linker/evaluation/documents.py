"""How well whole documents are annotated: spans found, and their codes end to end, with intervals over documents.

    spans, strict          a span that begins and ends where an annotator's does
    spans, overlapping     one that shares a character with an annotator's: of what was found for the precision, of what
                           there is to find for the recall
    codes, strict          a strict span whose chosen concept is right; what no concept was chosen for was not found
    codes, first           the same with the first candidate, chosen or not
    codes of documents     each code once a document, wherever it stands

Only spans of the types that the annotators looked for are compared, and those that have none. Types count: a symptom
where a disorder was marked is no strict span, unless it has no type. A mention that annotators gave no code is left out
of the figures on codes, with what was found exactly there; a composite counts as missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph.model import CURIE
from linker.evaluation.document_gold import GoldSpan
from linker.evaluation.metrics import DocumentBootstrap, Estimate, Values, interval

STRICT, OVERLAPPING = "spans, strict", "spans, overlapping"
CODES, FIRST, OF_DOCUMENTS = "codes, strict", "codes, first", "codes of documents"
MEASURES = (STRICT, OVERLAPPING, CODES, FIRST, OF_DOCUMENTS)
ALL = "all types"


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A span that a system found, the concept that was chosen, and the first candidate; None where there is none."""

    start: int
    end: int
    type: str
    chosen: CURIE | None = None
    first: CURIE | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one document and measure: how many were found and right, found, to be found and right, and to be found.

    The two that are right differ where two spans overlap one.
    """

    found_right: int
    found: int
    gold_right: int
    gold: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.found_right + other.found_right,
            self.found + other.found,
            self.gold_right + other.gold_right,
            self.gold + other.gold,
        )


NOTHING = Counts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision, recall and F1 of one measure with their intervals, and the counts that they are from."""

    precision: Estimate
    recall: Estimate
    f1: Estimate
    counts: Counts

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **{
                name: {"value": one.value, "low": one.low, "high": one.high}
                for name, one in (("precision", self.precision), ("recall", self.recall), ("f1", self.f1))
            },
            "found": self.counts.found,
            "found_right": self.counts.found_right,
            "gold": self.counts.gold,
            "gold_right": self.counts.gold_right,
        }


def counted(
    found: Sequence[FoundSpan], gold: Sequence[GoldSpan], types: Collection[str], *, codes: bool
) -> dict[tuple[str, str], Counts]:
    """The counts of one document by type, of `types` and ALL, and measure.

    `gold` is the document's, `found` what a system found in it. Without `codes` only spans are counted.
    """
    counts: dict[tuple[str, str], Counts] = {}
    looked_for = [one for one in found if not types or not one.type or one.type in types]
    for type in (ALL, *types):
        own_gold = [one for one in gold if type in (ALL, one.type)]
        own_found = [one for one in looked_for if type in (ALL, one.type) or not one.type]
        for measure, count in _measured(own_found, own_gold, codes=codes):
            counts[type, measure] = count
    return counts


def _measured(
    found: Sequence[FoundSpan], gold: Sequence[GoldSpan], *, codes: bool
) -> Iterator[tuple[str, Counts]]:
    at: dict[tuple[int, int], list[GoldSpan]] = {}
    for one in gold:
        at.setdefault((one.start, one.end), []).append(one)
    exact = {(one.start, one.end, one.type) for one in gold}
    strict = {
        (span.start, span.end, marked.type)
        for span in found
        for marked in at.get((span.start, span.end), ())
        if _same_type(span, marked)
    }
    places = {(span.start, span.end, span.type) for span in found}
    right = sum(_is_strict(place, at) for place in places)
    yield STRICT, Counts(right, len(places), len(strict), len(exact))
    touched = sum(any(_overlap(span, marked) for marked in gold) for span in found)
    reached = sum(any(_overlap(span, marked) for span in found) for marked in gold)
    yield OVERLAPPING, Counts(touched, len(found), reached, len(gold))
    if not codes:
        return
    coded = [one for one in gold if one.codes]
    uncoded = {(one.start, one.end) for one in gold if not one.codes} - {
        (one.start, one.end) for one in coded
    }
    told = [one for one in found if (one.start, one.end) not in uncoded]
    for measure, code in ((CODES, "chosen"), (FIRST, "first")):
        given = {(one.start, one.end, getattr(one, code)) for one in told if getattr(one, code)}
        hits = [one for one in coded if any((one.start, one.end, code) in given for code in one.codes)]
        hit = {(one.start, one.end, code) for one in coded for code in one.codes} & given
        yield measure, Counts(len(hit), len(given), len(hits), len(coded))
    chosen = {one.chosen for one in told if one.chosen}
    wanted = {one.codes for one in coded}
    yield (
        OF_DOCUMENTS,
        Counts(
            len(chosen & {code for codes in wanted for code in codes}),
            len(chosen),
            sum(not chosen.isdisjoint(codes) for codes in wanted),
            len(wanted),
        ),
    )


def _is_strict(place: tuple[int, int, str], at: Mapping[tuple[int, int], Sequence[GoldSpan]]) -> bool:
    start, end, type = place
    return any(not type or not one.type or one.type == type for one in at.get((start, end), ()))


def _same_type(span: FoundSpan, marked: GoldSpan) -> bool:
    return not span.type or not marked.type or span.type == marked.type


def _overlap(span: FoundSpan, marked: GoldSpan) -> bool:
    return span.start < marked.end and marked.start < span.end and _same_type(span, marked)


def figures(documents: Iterable[Mapping[tuple[str, str], Counts]]) -> dict[str, dict[str, Figures]]:
    """The figures by type and measure, from the counts of each document."""
    listed = list(documents)
    if not listed:
        return {}
    bootstrap = DocumentBootstrap(range(len(listed)))
    keys = dict.fromkeys(key for counts in listed for key in counts)
    found: dict[str, dict[str, Figures]] = {}
    for type, measure in sorted(keys, key=lambda key: (key[0] != ALL, key[0], MEASURES.index(key[1]))):
        counts = [one.get((type, measure), NOTHING) for one in listed]
        found.setdefault(type, {})[measure] = _figures(counts, bootstrap)
    # Where annotators looked for one type, the figures of all types are its.
    if len(found) == 2:
        del found[ALL]
    return found


def _figures(counts: Sequence[Counts], bootstrap: DocumentBootstrap) -> Figures:
    table = np.array(
        [(one.found_right, one.found, one.gold_right, one.gold) for one in counts], dtype=np.float64
    )
    values = _shares(table.sum(axis=0)[None])[0]
    resampled = np.concatenate([_shares(weights @ table) for weights in bootstrap.weights()])
    precision, recall, f1 = (
        interval(float(value), of) for value, of in zip(values, resampled.T, strict=True)
    )
    return Figures(precision, recall, f1, sum(counts, NOTHING))


def _shares(sums: Values) -> Values:
    """Precision, recall and F1 of each row of (found right, found, gold right, gold); 0 where nothing can be right."""
    precision = sums[:, 0] / np.maximum(sums[:, 1], 1)
    recall = sums[:, 2] / np.maximum(sums[:, 3], 1)
    both = precision + recall
    f1 = np.where(both > 0, 2 * precision * recall / np.where(both > 0, both, 1), 0.0)
    return np.stack([precision, recall, f1], axis=1)
