"""Rows that were read but could not be used: counted all, kept some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

#: How many rejected rows are kept as examples. All are counted.
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row left out. `row` is a line of a table or an ordinal in JSON, from 1; `value` is the culprit."""

    file: str
    row: int
    reason: str
    value: str = ""


class Rejections:
    """The rows that a load left out. Filled while the records are consumed; memory is bounded by `kept`.

    Iterating gives the first `kept` of them; `count` counts all, and `by_reason` all for each reason, the
    most frequent first. There is no length, because it would be read as `count` by one and as the
    number of examples by another.
    """

    __slots__ = ("_by_reason", "_examples", "_kept")

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._examples: list[Rejected] = []
        self._by_reason: Counter[str] = Counter()

    def add(self, file: str, row: int, reason: str, value: str = "") -> None:
        """Count a row. `reason` is one of few fixed phrases; what varies goes into `value`."""
        self._by_reason[reason] += 1
        if len(self._examples) < self._kept:
            self._examples.append(Rejected(file, row, reason, value[:200]))

    @property
    def count(self) -> int:
        """How many rows were rejected so far."""
        return self._by_reason.total()

    @property
    def by_reason(self) -> dict[str, int]:
        """How many rows each reason cost, the most frequent first."""
        return dict(self._by_reason.most_common())

    def __iter__(self) -> Iterator[Rejected]:
        return iter(self._examples)

    def __bool__(self) -> bool:
        return bool(self._by_reason)
