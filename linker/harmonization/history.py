"""What stands for retired concepts, followed step by step until it is active."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graph.ecl.universe import Universe
from graph.model import CURIE, Succession, SuccessionKind
from linker.harmonization.lookups import Lookups

_MOST_STEPS = 10


class History:
    """Successors by the kinds of one history profile, the closest kind of each concept alone."""

    def __init__(self, lookups: Lookups, universe: Universe, kinds: Collection[SuccessionKind]) -> None:
        self._lookups, self._universe, self._kinds = lookups, universe, kinds
        self._steps: dict[CURIE, tuple[Succession, ...]] = {}

    def successors(self, retired: Sequence[CURIE]) -> list[tuple[tuple[CURIE, ...], str]]:
        """For each id the active concepts that stand for it, and the steps to them in words.

        Steps read `X:90 same-as X:03`. Chains longer than 10 steps, and those that go round, lead nowhere.
        Raises StoreUnavailable.
        """
        waiting = list(dict.fromkeys(retired))
        for _ in range(_MOST_STEPS):
            fresh = [id for id in waiting if id not in self._steps]
            if not fresh:
                break
            for id, some in zip(fresh, self._lookups.successors(fresh), strict=True):
                self._steps[id] = self._closest(some)
            ahead = dict.fromkeys(one.successor for id in fresh for one in self._steps[id])
            waiting = [id for id in ahead if not self._is_active(id)]
        return [self._followed(id) for id in retired]

    def _closest(self, successions: Sequence[Succession]) -> tuple[Succession, ...]:
        """Of the kinds that are followed, all of the first: the store gives them in their order."""
        asked = [one for one in successions if one.kind in self._kinds]
        return tuple(one for one in asked if one.kind is asked[0].kind)

    def _followed(self, id: CURIE) -> tuple[tuple[CURIE, ...], str]:
        found, said, seen, waiting = dict[CURIE, None](), list[str](), {id}, [id]
        while waiting:
            here = waiting.pop(0)
            for one in self._steps.get(here, ()):
                said.append(f"{one.retired} {one.kind.value} {one.successor}")
                if self._is_active(one.successor):
                    found[one.successor] = None
                elif one.successor not in seen:
                    seen.add(one.successor)
                    waiting.append(one.successor)
        return tuple(sorted(found)), "; ".join(said)

    def _is_active(self, id: CURIE) -> bool:
        return 0 <= self._universe.find(id) < self._universe.active
