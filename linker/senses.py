"""Which concepts each string of an index names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from linker.lexical import Rows

_SENSES = ("indptr", "concepts", "weights")

MENTION_WEIGHT = 4.0
"""Of a string that annotators used once for the concept; no term of the concept weighs as much by itself."""


@dataclass(frozen=True, slots=True)
class Senses:
    """Which concepts each row names: CSR arrays, row `r` has `concepts[indptr[r]:indptr[r + 1]]`.

    `weights` orders the senses of one string when it is met as a mention: a preferred term or FSN counts
    more than a synonym, a synonym more than a broad or related one, and a string that annotators used
    for the concept counts by how often they did.
    """

    indptr: npt.NDArray[np.int64]
    concepts: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]

    def of(self, row: int) -> npt.NDArray[np.int32]:
        """Concept ordinals of a row."""
        return self.concepts[self.indptr[row] : self.indptr[row + 1]]

    def weights_of(self, row: int) -> npt.NDArray[np.float32]:
        """The weights of a row's senses, aligned with `of`."""
        return self.weights[self.indptr[row] : self.indptr[row + 1]]

    def of_rows(
        self, rows: Rows
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """All senses of `rows`: the place in `rows`, the concept ordinal and the weight of each, in order."""
        starts = self.indptr[rows]
        counts = self.indptr[rows + 1] - starts
        places = np.repeat(np.arange(len(rows)), counts)
        at = np.arange(len(places)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        return places, self.concepts[at].astype(np.int64), self.weights[at]

    def annotated(self, rows: Rows, concepts: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.float64]:
        """Of each row's annotations in texts, the share that are of the concept beside it: shape (n,), 0 without."""
        places, named, weights = self.of_rows(rows)
        # The inverse of how annotations are weighed: MENTION_WEIGHT and the logarithm of their number.
        times = np.where(weights >= MENTION_WEIGHT, np.exp(weights.astype(np.float64) - MENTION_WEIGHT), 0.0)
        all_times = np.bincount(places, times, len(rows))
        own_times = np.bincount(places, times * (named == concepts[places]), len(rows))
        return np.divide(own_times, all_times, out=np.zeros(len(rows)), where=all_times > 0)

    def rows_by_concept(self, concepts: int) -> tuple[npt.NDArray[np.int64], Rows]:
        """The reverse, of so many concepts: concept `c` has `rows[starts[c]:starts[c + 1]]`, in order."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.concepts, minlength=concepts))])
        rows = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        return starts, rows[np.argsort(self.concepts, kind="stable")]

    def rows_of_concepts(self, concepts: int) -> Iterator[list[int]]:
        """The rows of each of so many concepts, in order."""
        starts, rows = self.rows_by_concept(concepts)
        return (own.tolist() for own in np.split(rows, starts[1:-1]))

    def and_those_of(self, ordinals: Sequence[Sequence[int]], weight: float) -> Senses:
        """With further rows, which name the concepts `ordinals`, all with one weight."""
        concepts = np.fromiter((one for own in ordinals for one in own), np.int32)
        ends = self.indptr[-1] + np.cumsum([len(own) for own in ordinals], dtype=np.int64)
        return Senses(
            np.concatenate([self.indptr, ends]),
            np.concatenate([self.concepts, concepts]),
            np.concatenate([self.weights, np.full(len(concepts), weight, np.float32)]),
        )

    def save(self, folder: Path) -> None:
        """Write the three arrays into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _SENSES:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Senses:
        """Open memory-mapped."""
        # As plain arrays over the mapping: the memmap type makes each of many small look-ups slower.
        return cls(*(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _SENSES))
