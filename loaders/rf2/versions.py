"""Which rows of RF2 files hold: the latest version of each component only.

A snapshot has one row a component; several packages together, some extensions alone, and Full files have
more. The row with the greatest effectiveTime counts, and among equals the last. A blank effectiveTime is that
of a change not yet published, and so is greater than any; a date asked for leaves it out.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loaders.rf2.growing import GrowingArray
from loaders.rf2.keys import malformed
from loaders.table_columns import Block

#: The version of a row that any other replaces: one of the release that a Delta is laid on.
LOADED = "\0loaded"


class Versions:
    """Takes the key and the effectiveTime of every row of a kind, in order, and then tells which rows hold.

    A key is `width` int64 numbers. Held in memory: the keys and four bytes a row.
    """

    def __init__(self, as_of: str = "", width: int = 1) -> None:
        """`as_of`, YYYYMMDD, leaves out what is later and what is not published."""
        self._as_of = as_of
        self._keys = [GrowingArray(np.int64) for _ in range(width)]
        self._times = GrowingArray(np.int32)
        self._codes: dict[str, int] = {}

    def add(self, keys: NDArray[np.int64], times: pa.StringArray) -> None:
        """Take rows; shape of `keys`: (rows,), or (rows, width)."""
        self._extend(keys)
        self._times.extend(self._coded(times))

    def add_loaded(self, keys: NDArray[np.int64]) -> None:
        """Take rows that any other of the same key replaces."""
        code = self._codes.setdefault(LOADED, len(self._codes))
        self._extend(keys)
        self._times.extend(np.full(len(keys), code, np.int32))

    def __len__(self) -> int:
        return len(self._times)

    def keys(self) -> NDArray[np.int64]:
        """The first number of the key of each row, in order. Shape (rows,)."""
        return self._keys[0].array()

    def holding(self) -> NDArray[np.bool_]:
        """For each row, in order, whether it is the one that holds for its key. Shape (rows,)."""
        times = self._ranks()[self._times.array()]
        allowed: NDArray[np.bool_] = times >= 0
        repeated = _repeated(self.keys())
        if not len(repeated):
            return allowed
        some = np.flatnonzero(are_among(self.keys(), repeated))
        columns = [column.array()[some] for column in self._keys]
        # Sorted by key and then time, stably: the last of each key is the one.
        order = np.lexsort([times[some], *columns])
        is_last = np.ones(len(order), np.bool_)
        is_last[:-1] = np.any([column[order][1:] != column[order][:-1] for column in columns], axis=0)
        allowed[some[order[~is_last]]] = False
        return allowed

    def _extend(self, keys: NDArray[np.int64]) -> None:
        for column, numbers in zip(self._keys, np.atleast_2d(keys.T), strict=True):
            column.extend(numbers)

    def _coded(self, times: pa.StringArray) -> NDArray[np.int32]:
        coded = pc.dictionary_encode(pc.utf8_trim_whitespace(times))
        codes = [self._codes.setdefault(time, len(self._codes)) for time in coded.dictionary.to_pylist()]
        found: NDArray[np.int32] = np.array(codes, np.int32)[coded.indices.to_numpy()]
        return found

    def _ranks(self) -> NDArray[np.int32]:
        """The place of each time, by its code, among all times; -1 for one that the date leaves out."""
        rank_of = np.full(len(self._codes), -1, np.int32)
        for rank, time in enumerate(sorted(self._codes, key=lambda time: (time == "", time))):
            published = time == LOADED or (time != "" and time[:8] <= self._as_of)
            if published or not self._as_of:
                rank_of[self._codes[time]] = rank
        return rank_of


def checked_active(block: Block) -> NDArray[np.bool_]:
    """Whether each row is active. Raises RowMalformed for the first that says neither 1 nor 0."""
    active = block["active"]
    is_on, is_off = pc.equal(active, "1"), pc.equal(active, "0")
    known = pc.or_(is_on, is_off)
    if not pc.all(known, min_count=0).as_py():
        place = pc.index(known, False).as_py()
        raise malformed(block, place, f"has {active[place].as_py()[:40]!r} in its column active")
    flags: NDArray[np.bool_] = is_on.to_numpy(zero_copy_only=False)
    return flags


def places_among(values: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.intp]:
    """The place of each value in a sorted array without repeats, -1 where it is not there. Shape of `values`."""
    if not len(ordered):
        return np.full(len(values), -1, np.intp)
    # Sorted first, because a search that jumps about a large array waits for memory at every step.
    order = np.argsort(values)
    found = np.minimum(np.searchsorted(ordered, values[order]), len(ordered) - 1)
    places: NDArray[np.intp] = np.empty(len(values), np.intp)
    places[order] = np.where(ordered[found] == values[order], found, -1)
    return places


def are_among(values: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each value is in a sorted array without repeats. Shape of `values`."""
    found: NDArray[np.bool_] = places_among(values, ordered) >= 0
    return found


def _repeated(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values that occur more than once, sorted."""
    ordered = np.sort(values)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
