"""A bounded memory of the cross-encoder's scores: the same mention comes with the same terms again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

Pair = tuple[str, str]

#: Pairs kept, some 20 MB.
DEFAULT_SIZE = 65_536


class ScoreCache:
    """The logits of the pairs last used, at most `size`. Safe for several threads."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._size = size
        self._logits: OrderedDict[Pair, float] = OrderedDict()
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def __len__(self) -> int:
        return len(self._logits)

    @property
    def hits(self) -> int:
        """Pairs that were asked for and there."""
        return self._hits

    @property
    def misses(self) -> int:
        """Pairs that were asked for and not there."""
        return self._misses

    def get(self, pairs: Sequence[Pair]) -> list[float | None]:
        """The logit of each pair, None where it is not there; those that are count as just used."""
        with self._lock:
            found = [self._logits.get(pair) for pair in pairs]
            for pair, logit in zip(pairs, found, strict=True):
                if logit is not None:
                    self._logits.move_to_end(pair)
            there = sum(logit is not None for logit in found)
            self._hits += there
            self._misses += len(pairs) - there
        return found

    def put(self, pairs: Sequence[Pair], logits: Sequence[float]) -> None:
        """Keep logits; those used longest ago give way."""
        with self._lock:
            self._logits.update(zip(pairs, logits, strict=True))
            while len(self._logits) > self._size:
                self._logits.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._logits.clear()
