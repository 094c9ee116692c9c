"""Ids in order, as an array that can be a map of a file: an id's ordinal is its place among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.model import CURIE

#: From so many ids on, a hash table of all is made for one call instead of bisecting for each.
_MANY = 200_000


class SortedIds:
    """Distinct ids, sorted by their UTF-8 bytes, which is Python's order of text. Safe to share."""

    def __init__(self, array: NDArray[np.bytes_]) -> None:
        """`array` is sorted, without repeats, of shape (n,)."""
        self.array = array

    @classmethod
    def of(cls, ids: Sequence[CURIE] | set[CURIE]) -> SortedIds:
        """Sort ids and drop repeats."""
        array = np.unique(np.array([id.encode() for id in ids], dtype=np.bytes_))
        return cls(array if len(array) else np.zeros(0, "S1"))

    def __len__(self) -> int:
        return len(self.array)

    def find(self, id: CURIE) -> int:
        """The ordinal of an id; -1 where it is not among these."""
        key = id.encode()
        # A longer key would make NumPy widen, that is copy, the whole array of ids to compare them.
        if len(key) > self.array.itemsize or not key or key.endswith(b"\0"):
            return -1
        at = int(np.searchsorted(self.array, np.array(key, self.array.dtype)))
        return at if at < len(self.array) and self.array[at] == key else -1

    def ordinals(self, ids: Sequence[CURIE]) -> NDArray[np.int64]:
        """The ordinal of each id, shape (len(ids),); -1 where it is not among these."""
        if len(ids) == 0 or len(self.array) == 0:
            return np.full(len(ids), -1, np.int64)
        if len(ids) >= _MANY:
            return self.ordinals_of(pa.array(ids, pa.string()))
        encoded = [id.encode() for id in ids]
        # Cutting long ids to the width would make false matches, and so would the NULs NumPy drops: blank them.
        width = self.array.itemsize
        keys = np.array(
            [k if len(k) <= width and not k.endswith(b"\0") else b"" for k in encoded], self.array.dtype
        )
        at = np.minimum(np.searchsorted(self.array, keys), len(self.array) - 1)
        found: NDArray[np.int64] = np.where((self.array[at] == keys) & (keys != b""), at, -1)
        return found

    def ordinals_of(self, column: pa.Array) -> NDArray[np.int64]:
        """The ordinal of each text of an Arrow column; -1 where it is not among these."""
        found = pc.index_in(column.cast(pa.binary()), value_set=self._values).fill_null(-1)
        ordinals: NDArray[np.int64] = found.to_numpy(zero_copy_only=False).astype(np.int64)
        return ordinals

    def ids_of(self, ordinals: NDArray[np.integer] | Sequence[int]) -> tuple[CURIE, ...]:
        """The id of each ordinal, in the order given."""
        if len(ordinals) == 0:
            return ()
        return tuple(id.decode() for id in self.array[np.asarray(ordinals)].tolist())

    @cached_property
    def _values(self) -> pa.Array:
        return pa.array(self.array.tolist(), pa.binary())
