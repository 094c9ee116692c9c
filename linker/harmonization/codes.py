"""What codes mean: concepts of the release, what replaced them, or the concepts that map to them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graph.ecl.universe import Universe
from graph.model import CURIE, Mapping
from linker.harmonization.history import History
from linker.harmonization.lookups import Lookups
from linker.harmonization.model import Key, Meaning, Reason, Route

#: Mappings that are told one by one.
_MOST_TOLD = 5
_WITHOUT_DOT = re.compile(r"([A-Z][0-9][0-9A-Z])([0-9A-Z]{1,4})")


class Codes:
    """Tells codes' meanings in bulk, by the records of one release.

    `named` flags the retired concepts that variables name themselves; shape (universe.concepts,).
    """

    def __init__(
        self, lookups: Lookups, universe: Universe, history: History, named: NDArray[np.bool_]
    ) -> None:
        self._lookups, self._universe, self._history, self._named = lookups, universe, history, named

    def meanings(self, keys: Sequence[Key]) -> list[Meaning]:
        """The meaning of each code. Raises StoreUnavailable."""
        ids = [f"{key.system}:{key.value}" for key in keys]
        numbers = self._universe.numbers(ids)
        active, concepts = self._universe.active, self._universe.concepts
        found: list[Meaning | None] = [
            Meaning((id,), Route.ACTIVE) if 0 <= number < active else None
            for id, number in zip(ids, numbers.tolist(), strict=True)
        ]
        retired = np.flatnonzero((numbers >= active) & (numbers < concepts)).tolist()
        still_used = [at for at in retired if self._named[numbers[at]]]
        for at in still_used:
            found[at] = Meaning((ids[at],), Route.RETIRED)
        replaced = [at for at in retired if found[at] is None]
        for at, meaning in zip(replaced, self._replaced([ids[at] for at in replaced]), strict=True):
            found[at] = meaning
        others = [at for at, meaning in enumerate(found) if meaning is None]
        for at, meaning in zip(others, self._mapped([keys[at] for at in others]), strict=True):
            found[at] = meaning
        return [meaning for meaning in found if meaning is not None]

    def _replaced(self, ids: Sequence[CURIE]) -> list[Meaning]:
        return [
            Meaning(successors, Route.REPLACED, via)
            if successors
            else Meaning(
                via=via,
                reason=Reason.NOT_REPLACED,
                detail=f"{id} is retired, and nothing active stands for it by the history profile",
            )
            for id, (successors, via) in zip(ids, self._history.successors(ids), strict=True)
        ]

    def _mapped(self, keys: Sequence[Key]) -> list[Meaning]:
        if not keys:
            return []
        spellings = [spelt(key) for key in keys]
        asked = list(dict.fromkeys(id for some in spellings for id in some))
        by_target = dict(zip(asked, self._lookups.mapped_from(asked), strict=True))
        chosen = [next(((id, by_target[id]) for id in some if by_target[id]), None) for some in spellings]
        sources = list(dict.fromkeys(one.concept for some in chosen if some for one in some[1]))
        numbers = dict(zip(sources, self._universe.numbers(sources).tolist(), strict=True))
        retired = [id for id, number in numbers.items() if number >= self._universe.active]
        standing: dict[CURIE, tuple[CURIE, ...]] = {
            id: (id,) for id, number in numbers.items() if 0 <= number < self._universe.active
        }
        for id, (successors, _) in zip(retired, self._history.successors(retired), strict=True):
            standing[id] = successors
        return [self._meaning_of_map(key, some, standing) for key, some in zip(keys, chosen, strict=True)]

    def _meaning_of_map(
        self,
        key: Key,
        chosen: tuple[CURIE, tuple[Mapping, ...]] | None,
        standing: dict[CURIE, tuple[CURIE, ...]],
    ) -> Meaning:
        if chosen is None:
            detail = f"the release has no {key.system}:{key.value}, and nothing maps to it"
            return Meaning(reason=Reason.UNKNOWN_CODE, detail=detail)
        target, mappings = chosen
        concepts = sorted({id for one in mappings for id in standing.get(one.concept, ())})
        told = list(dict.fromkeys(f"{one.concept} {one.kind} {target}" for one in mappings))
        more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        via = "; ".join(told[:_MOST_TOLD]) + more
        if not concepts:
            detail = f"what maps to {target} is retired, and nothing active stands for it"
            return Meaning(via=via, reason=Reason.NOT_REPLACED, detail=detail)
        return Meaning(tuple(concepts), Route.MAPPED, via)


def spelt(key: Key) -> list[CURIE]:
    """The ids that a code of another system may have: as it stands, in capitals, and ICD-10's with its dot."""
    found = [key.value, key.value.upper()]
    if key.system.startswith("ICD"):
        plain = key.value.upper().replace(" ", "").rstrip(".-")
        found.append(plain)
        if without := _WITHOUT_DOT.fullmatch(plain):
            found.append(f"{without[1]}.{without[2]}")
    return list(dict.fromkeys(f"{key.system}:{value}" for value in found))
