"""What texts mean, by the linker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from linker.errors import MentionRejected
from linker.harmonization.model import Key, Meaning, Reason, Route
from linker.model import Linking

#: Candidates that are looked at for one as good as the best.
TOP = 5
#: Texts linked at once.
_BATCH = 128


class Links(Protocol):
    """What is needed of a `linker.pipeline.Linker`."""

    def link(self, mentions: Sequence[str], *, top_k: int) -> list[Linking]:
        """The linking of each mention, in order."""
        ...


class Texts:
    """Tells texts' meanings: the best candidate, and those within `margin` of it.

    A best candidate whose score is below `least_score` is declined.
    """

    def __init__(self, linker: Links, *, least_score: float, margin: float) -> None:
        self._linker, self._least_score, self._margin = linker, least_score, margin

    def meanings(self, keys: Sequence[Key]) -> list[Meaning]:
        """The meaning of each text."""
        found: list[Meaning | None] = [self._refused(key.value) for key in keys]
        asked = [at for at, meaning in enumerate(found) if meaning is None]
        for start in range(0, len(asked), _BATCH):
            some = asked[start : start + _BATCH]
            linkings = self._linker.link([keys[at].value for at in some], top_k=TOP)
            for at, linking in zip(some, linkings, strict=True):
                found[at] = self._meaning(linking)
        return [meaning for meaning in found if meaning is not None]

    def _refused(self, text: str) -> Meaning | None:
        # Here and not above: it brings the models' libraries, and codes alone need none.
        from linker.mention_texts import check_mention

        try:
            check_mention(text, 1)
        except MentionRejected:
            return Meaning(
                reason=Reason.NO_MENTION, detail="the text is too long to be one mention, or no Unicode"
            )
        return None

    def _meaning(self, linking: Linking) -> Meaning:
        if not linking.candidates:
            return Meaning(reason=Reason.NOTHING_CLOSE, detail="no term of the release is like it")
        best = linking.candidates[0]
        if best.score < self._least_score:
            detail = (
                f"the best candidate, {best.id} |{best.matched_term}|, has the score {best.score:.3f}, "
                f"and at least {self._least_score:g} is asked for"
            )
            return Meaning(score=best.score, reason=Reason.LOW_SCORE, detail=detail)
        near = [one for one in linking.candidates if best.score - one.score <= self._margin]
        via = "; ".join(f"{one.id} |{one.matched_term}| {one.path.value} {one.score:.3f}" for one in near)
        return Meaning(tuple(one.id for one in near), Route.LINKED, via, best.score)
