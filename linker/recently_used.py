"""A bounded memory of what was computed: what was used longest ago gives way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RecentlyUsed(Generic[Key, Value]):
    """The values last used. Safe for several threads."""

    def __init__(self, size: int, weight: Callable[[Value], int] = lambda value: 1) -> None:
        """Values that weigh at most `size` together are kept."""
        self._size = size
        self._weight = weight
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def __len__(self) -> int:
        return len(self._values)

    @property
    def held(self) -> int:
        """What all values weigh: never more than `size`."""
        return self._held

    @property
    def hits(self) -> int:
        """Keys that were asked for and there."""
        return self._hits

    @property
    def misses(self) -> int:
        """Keys that were asked for and not there."""
        return self._misses

    def take(self, keys: Sequence[Key]) -> list[Value | None]:
        """The value of each key, None where it is not there; those that are count as just used."""
        with self._lock:
            found = [self._values.get(key) for key in keys]
            for key, value in zip(keys, found, strict=True):
                if value is not None:
                    self._values.move_to_end(key)
            there = sum(value is not None for value in found)
            self._hits += there
            self._misses += len(keys) - there
        return found

    def keep(self, items: Iterable[tuple[Key, Value]]) -> None:
        """Keep values; those used longest ago give way."""
        with self._lock:
            for key, value in items:
                before = self._values.pop(key, None)
                self._held += self._weight(value) - (0 if before is None else self._weight(before))
                self._values[key] = value
            while self._held > self._size:
                self._held -= self._weight(self._values.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._values.clear()
            self._held = 0
