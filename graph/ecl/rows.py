"""Rows of tables by what they have in a column: the index that attributes, refsets and terms are read by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RowNumbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class RowIndex:
    """The rows of each value: those of value v are `rows[offsets[v]:offsets[v + 1]]`, ascending.

    `offsets` has shape (values + 1,) and `rows` one entry for each row that has a value.
    """

    offsets: NDArray[np.int64]
    rows: RowNumbers

    @classmethod
    def of(cls, values: NDArray[np.integer], size: int) -> RowIndex:
        """The index of a column with values below `size`; rows with a negative value are left out."""
        with_value = np.flatnonzero(values >= 0)
        kept = values[with_value]
        counts = np.bincount(kept, minlength=size)
        rows = with_value[np.argsort(kept, kind="stable")]
        return cls(_offsets(counts), rows.astype(np.int32))

    def count(self, values: NDArray[np.integer]) -> int:
        """How many rows have one of `values`."""
        return int((self.offsets[values + 1] - self.offsets[values]).sum())

    def of_values(self, values: NDArray[np.integer]) -> RowNumbers:
        """The rows that have one of `values`, value by value."""
        if len(values) == 1:
            value = int(values[0])
            return self.rows[self.offsets[value] : self.offsets[value + 1]]
        starts = self.offsets[values]
        counts = self.offsets[values + 1] - starts
        return self.rows[_runs(starts, counts)]


@dataclass(frozen=True, slots=True)
class Runs:
    """Rows that are sorted by a column: those of value v are `offsets[v]` up to, not with, `offsets[v + 1]`."""

    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[np.integer], size: int) -> Runs:
        """The runs of a sorted column with values from 0 to below `size`."""
        return cls(_offsets(np.bincount(values, minlength=size)))

    def count(self, values: NDArray[np.integer]) -> int:
        """How many rows have one of `values`."""
        return int((self.offsets[values + 1] - self.offsets[values]).sum())

    def of_values(self, values: NDArray[np.integer]) -> NDArray[np.int64]:
        """The rows that have one of `values`; ascending where `values` are."""
        starts = self.offsets[values]
        return _runs(starts, self.offsets[values + 1] - starts)


def _runs(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """`start`, `start + 1`, … of each start and count, one after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def _offsets(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
