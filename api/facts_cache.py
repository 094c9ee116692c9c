"""Facts of a release that were asked before. A release never changes, so what is remembered stays true."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from api.lookups import UNKNOWN, Found, Kind, Wanted
from graph.model import CURIE


class FactsCache:
    """The facts that were asked last, up to `most` of each kind. For one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._facts: Mapping[Kind, OrderedDict[CURIE, object]] = {kind: OrderedDict() for kind in Kind}

    def get(self, kind: Kind, id: CURIE) -> object:
        """A fact, or UNKNOWN where it is not remembered."""
        facts = self._facts[kind]
        found = facts.get(id, UNKNOWN)
        if found is not UNKNOWN:
            facts.move_to_end(id)
        return found

    def remember(self, wanted: Wanted, found: Found) -> None:
        """Keep what a store answered. That it has no such concept is not kept: anybody could ask for anything."""
        for kind, ids in wanted.items():
            facts = self._facts[kind]
            facts.update((id, fact) for id, fact in zip(ids, found[kind], strict=True) if fact is not None)
            while len(facts) > self._most:
                facts.popitem(last=False)
