"""A bounded memory of the cross-encoder's scores: the same mention comes with the same terms again."""

from __future__ import annotations

from collections.abc import Sequence

from linker.recently_used import RecentlyUsed

Pair = tuple[str, str]

#: Pairs kept, some 20 MB.
DEFAULT_SIZE = 65_536


class ScoreCache(RecentlyUsed[Pair, float]):
    """The logits of the pairs last used, at most `size`. Safe for several threads."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        super().__init__(size)

    def get(self, pairs: Sequence[Pair]) -> list[float | None]:
        """The logit of each pair, None where it is not there; those that are count as just used."""
        return self.take(pairs)

    def put(self, pairs: Sequence[Pair], logits: Sequence[float]) -> None:
        """Keep logits; those used longest ago give way."""
        self.keep(zip(pairs, logits, strict=True))
