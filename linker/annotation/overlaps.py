"""Which spans stay where several recognisers speak of the same text.

1  What came with the document (`given`) stays, all of it.
2  Of one recogniser's kind and one type, the longest of spans that overlap stays, the surer of two as long.
3  A dictionary's span gives way to a recogniser's of the same type that it overlaps: annotated text taught the
   recogniser where mentions end. One that has no type gives way to any, and so does one that is exactly there.
4  Spans of different types may nest: `cáncer de pulmón` and, within, `pulmón`. A dictionary's span that crosses a
   recogniser's, neither holding the other, gives way.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from linker.annotation.model import Source, Span

_ORDER = (Source.GIVEN, Source.RECOGNIZER, Source.DICTIONARY)


def resolve(spans: Iterable[Span]) -> list[Span]:
    """The spans that stay, by start, then longer first, then by type; see the module for the rule."""
    taken: list[Span] = []
    longest = 0
    # The best first: what follows is kept or not by what is kept already.
    ordered = sorted(
        set(spans),
        key=lambda one: (_ORDER.index(one.source), one.start - one.end, -one.score, one.start, one.type),
    )
    for one in ordered:
        if one.end <= one.start:
            continue
        # A long document has thousands: only those taken that begin near enough may overlap.
        first = bisect_left(taken, one.start - longest, key=_start)
        last = bisect_left(taken, one.end, key=_start)
        if not any(_gives_way(one, other) for other in taken[first:last]):
            insort(taken, one, key=_start)
            longest = max(longest, one.end - one.start)
    return sorted(taken, key=lambda one: (one.start, -one.end, one.type))


def resolve_all(found: Sequence[Sequence[Sequence[Span]]]) -> list[list[Span]]:
    """Of each text what stays of what each recogniser found: `found` has the shape (recognisers, texts, spans)."""
    return [resolve(span for own in of_text for span in own) for of_text in zip(*found, strict=True)]


def _gives_way(one: Span, taken: Span) -> bool:
    """Whether a span must not stand beside one that is taken, which overlaps it or not."""
    if one.start >= taken.end or taken.start >= one.end:
        return False
    if one.source is Source.GIVEN:
        return (*_place(one), one.fragments) == (*_place(taken), taken.fragments)
    if one.type == taken.type:
        return True
    if one.source is taken.source is Source.RECOGNIZER:
        return False
    nested = (one.start >= taken.start and one.end <= taken.end) or (
        taken.start >= one.start and taken.end <= one.end
    )
    return not one.type or not nested or (one.start, one.end) == (taken.start, taken.end)


def _start(span: Span) -> int:
    return span.start


def _place(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.type
