"""Arrays that grow at their end without ever being held twice, as a list of parts joined at the end would be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class GrowingArray:
    """One dimension of numbers. Large ones grow in place: the system moves their pages, not their content."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._values: NDArray[Any] = np.zeros(0, dtype)

    def __len__(self) -> int:
        return len(self._values)

    def extend(self, values: NDArray[Any]) -> None:
        """Put values at the end. Arrays that were taken before must not be used any more."""
        count = len(self._values)
        # No reference is counted, because views of it may not have been collected yet.
        self._values.resize(count + len(values), refcheck=False)
        self._values[count:] = values

    def array(self) -> NDArray[Any]:
        """All values, not copied; shape (len(self),)."""
        return self._values
