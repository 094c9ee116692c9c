"""What one request knows of its concepts; what it does not know is asked of the store a level at a time.

Resolvers say which kinds of facts they want of which ids and wait. When all resolvers of a level of the
query have spoken, each kind costs one store call, whatever the number of ids, and all calls of a level
run in one job of a worker thread. After that, facts are read from memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import TypeAlias, cast

from api.errors import RequestTooLarge
from graph.model import CURIE, Concept, Membership, Relation, Succession, Term
from graph.model import Mapping as CodeMapping
from graph.store import GraphStore

#: Turns of the event loop without a new wish after which a level counts as complete. A list in a list
#: costs its resolvers a turn or two before they start; a turn of an idle loop costs some microseconds.
_QUIET_TURNS = 8


class Kind(Enum):
    """A kind of facts about a concept: one method of the store."""

    CONCEPT = "concepts"
    TERMS = "terms"
    RELATIONS = "relations"
    MAPPINGS = "mappings"
    SUCCESSORS = "successors"
    PREDECESSORS = "predecessors"
    MEMBERSHIPS = "memberships"


#: In the place of a fact that is not remembered.
UNKNOWN = object()

Wanted: TypeAlias = Mapping[Kind, Sequence[CURIE]]
Found: TypeAlias = Mapping[Kind, Sequence[object]]


def look_up(store: GraphStore, wanted: Wanted) -> Found:
    """Ask a store for all that is wanted, one call a kind; answers stand in the order of the ids."""
    ask: dict[Kind, Callable[[Sequence[CURIE]], Sequence[object]]] = {
        Kind.CONCEPT: store.concepts,
        Kind.TERMS: store.terms,
        Kind.RELATIONS: store.relations,
        Kind.MAPPINGS: store.mappings,
        Kind.SUCCESSORS: store.successors,
        Kind.PREDECESSORS: store.predecessors,
        Kind.MEMBERSHIPS: store.memberships,
    }
    return {kind: ask[kind](ids) for kind, ids in wanted.items()}


class Allowance:
    """How many concepts one request is answered with, counting one that comes twice twice.

    Lists in lists grow by multiplication, and each concept costs the server's time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    def take(self, count: int) -> None:
        """Take some more. Raises RequestTooLarge."""
        self._taken += count
        if self._taken > self._most:
            raise RequestTooLarge(
                f"The request asks for more than {self._most:,} concepts in all its lists together; "
                "ask for fewer at once, or give smaller values of `first`."
            )


class Lookups:
    """The facts of one request about one release. For one event loop, and gone with the request.

    `fetch` answers what is wanted, off the event loop; `remembered` tells at once what is known from other
    requests, and UNKNOWN otherwise. Concepts that are answered with are taken from `allowance`.
    """

    def __init__(
        self,
        fetch: Callable[[Wanted], Awaitable[Found]],
        allowance: Allowance,
        remembered: Callable[[Kind, CURIE], object] = lambda kind, id: UNKNOWN,
    ) -> None:
        self._fetch = fetch
        self._remembered = remembered
        self._allowance = allowance
        self._known: dict[Kind, dict[CURIE, object]] = {kind: {} for kind in Kind}
        self._asked: dict[Kind, dict[CURIE, asyncio.Future[None]]] = {kind: {} for kind in Kind}
        self._wanted: dict[Kind, list[CURIE]] = {}
        self._level: asyncio.Future[None] | None = None
        self._spoken = 0
        self._running: set[asyncio.Task[None]] = set()

    async def load(self, ids: Sequence[CURIE], kinds: Iterable[Kind]) -> None:
        """Return when all `kinds` of facts about all `ids`, which will be answered with, are known.

        Raises RequestTooLarge, and whatever the store raises.
        """
        self._allowance.take(len(ids))
        levels = {self._ask(kind, id) for kind in kinds for id in ids} - {None}
        for level in levels:
            assert level is not None
            # The level is shared: a resolver that is cancelled must not take the others' answer with it.
            await asyncio.shield(level)

    def concept(self, id: CURIE) -> Concept | None:
        """The concept, loaded before; None where the release declares none."""
        return cast("Concept | None", self._known[Kind.CONCEPT][id])

    def terms(self, id: CURIE) -> tuple[Term, ...]:
        """The terms, loaded before."""
        return cast("tuple[Term, ...]", self._known[Kind.TERMS][id])

    def relations(self, id: CURIE) -> tuple[Relation, ...]:
        """The relations other than is-a, loaded before."""
        return cast("tuple[Relation, ...]", self._known[Kind.RELATIONS][id])

    def mappings(self, id: CURIE) -> tuple[CodeMapping, ...]:
        """The codes of other systems, loaded before."""
        return cast("tuple[CodeMapping, ...]", self._known[Kind.MAPPINGS][id])

    def successors(self, id: CURIE) -> tuple[Succession, ...]:
        """What stands for a retired id, loaded before."""
        return cast("tuple[Succession, ...]", self._known[Kind.SUCCESSORS][id])

    def predecessors(self, id: CURIE) -> tuple[Succession, ...]:
        """The retired ids it stands for, loaded before."""
        return cast("tuple[Succession, ...]", self._known[Kind.PREDECESSORS][id])

    def memberships(self, id: CURIE) -> tuple[Membership, ...]:
        """The refsets that hold it, loaded before."""
        return cast("tuple[Membership, ...]", self._known[Kind.MEMBERSHIPS][id])

    def _ask(self, kind: Kind, id: CURIE) -> asyncio.Future[None] | None:
        """The level in which a fact is, or will be, looked up; None where it is known."""
        known = self._known[kind]
        if id in known:
            return None
        asked = self._asked[kind]
        if id not in asked:
            remembered = self._remembered(kind, id)
            if remembered is not UNKNOWN:
                known[id] = remembered
                return None
            asked[id] = self._open_level()
            self._wanted.setdefault(kind, []).append(id)
            self._spoken += 1
        return asked[id]

    def _open_level(self) -> asyncio.Future[None]:
        if self._level is None:
            loop = asyncio.get_running_loop()
            self._level = loop.create_future()
            # A level that fails is told to all who wait for it, and nobody may be left when the client has gone.
            self._level.add_done_callback(lambda level: level.exception())
            task = loop.create_task(self._run_level(self._level))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return self._level

    async def _run_level(self, level: asyncio.Future[None]) -> None:
        quiet = spoken = 0
        while quiet < _QUIET_TURNS:
            await asyncio.sleep(0)
            quiet = quiet + 1 if self._spoken == spoken else 0
            spoken = self._spoken
        wanted, self._wanted, self._level, self._spoken = self._wanted, {}, None, 0
        try:
            found = await self._fetch(wanted)
        except Exception as error:
            level.set_exception(error)
            return
        for kind, ids in wanted.items():
            self._known[kind].update(zip(ids, found[kind], strict=True))
        level.set_result(None)
