"""Link requests of many clients, linked together: the models take ten mentions at once in far less than ten times one.

A request waits some milliseconds for others. A batch takes small requests whole, in the order in which they came, and
a share of large ones, so that two hundred mentions of one client do not hold up five of another. A request whose
client has gone is left out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from api.errors import ServerBusy
from linker.mention_texts import check_mention
from linker.model import Linking
from linker.pipeline import RERANK_DEPTH

#: Links mentions in another thread: (mentions, top, budget_ms) to a linking each.
Link: TypeAlias = Callable[[list[str], int, float | None], Awaitable[list[Linking]]]


#: Of a batch: a request gets at most one while others wait.
_SHARES = 4


@dataclass(slots=True, eq=False)
class _Asked:
    mentions: list[str]
    top: int
    budget_ms: float | None
    """A request with a budget is linked alone and at once: others would spend its time."""
    done: asyncio.Future[list[Linking]]
    taken: int = 0
    """Mentions that are linked, or in the batch under way."""
    linked: list[Linking] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many candidates are looked for: requests of one depth can share a batch and get the same as alone."""
        return max(self.top, RERANK_DEPTH)


class LinkQueue:
    """The link requests of one release in one process. For one event loop."""

    def __init__(
        self,
        link: Link,
        *,
        most_waiting: int,
        most_together: int,
        wait_s: float,
        batched: Callable[[int], None],
    ) -> None:
        self._link = link
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._wait_s = wait_s
        self._batched = batched
        self._waiting: deque[_Asked] = deque()
        self._under_way = 0
        self._running: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Requests under way or waiting."""
        return self._under_way

    async def link(self, mentions: Sequence[str], top: int, budget_ms: float | None = None) -> list[Linking]:
        """The linking of each mention, in order. Raises ServerBusy, MentionRejected, and what linking raises."""
        for place, mention in enumerate(mentions, 1):
            check_mention(mention, place)
        if not mentions:
            return []
        if self._under_way >= self._most_waiting:
            raise ServerBusy(
                f"{self._under_way} link requests are waiting already; try again in some seconds."
            )
        asked = _Asked(list(mentions), top, budget_ms, asyncio.get_running_loop().create_future())
        self._under_way += 1
        self._waiting.append(asked)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        try:
            return await asked.done
        finally:
            self._under_way -= 1

    async def _run(self) -> None:
        while self._waiting:
            if sum(len(one.mentions) - one.taken for one in self._waiting) < self._most_together:
                await asyncio.sleep(self._wait_s)
            batch = self._next_batch()
            if batch:
                await self._link_batch(batch)

    def _next_batch(self) -> list[tuple[_Asked, list[str]]]:
        """Mentions of requests that may be linked together, the first one's among them, a share of each."""
        for gone in [one for one in self._waiting if one.done.done()]:
            self._waiting.remove(gone)
        if not self._waiting:
            return []
        first = self._waiting[0]
        if first.budget_ms is not None:
            first.taken = len(first.mentions)
            return [(self._waiting.popleft(), first.mentions)]
        together = [one for one in self._waiting if one.depth == first.depth and one.budget_ms is None]
        wanted = dict.fromkeys(together, 0)
        left = self._most_together
        # Who came first is served first, and a small request whole: a part of each would let all wait for the last
        # part. A large one gets its share in each turn.
        share = max(1, left // _SHARES)
        while left:
            hungry = [one for one in together if one.taken + wanted[one] < len(one.mentions)]
            if not hungry:
                break
            for one in hungry:
                more = min(share, left, len(one.mentions) - one.taken - wanted[one])
                wanted[one] += more
                left -= more
        batch = []
        for one, count in wanted.items():
            if count:
                batch.append((one, one.mentions[one.taken : one.taken + count]))
                one.taken += count
        # Who got a share and waits for more goes behind those who got none.
        for one in [one for one, count in wanted.items() if count]:
            self._waiting.remove(one)
            if one.taken < len(one.mentions):
                self._waiting.append(one)
        return batch

    async def _link_batch(self, batch: list[tuple[_Asked, list[str]]]) -> None:
        mentions = [mention for _, some in batch for mention in some]
        self._batched(len(mentions))
        try:
            linked = await self._link(mentions, max(one.top for one, _ in batch), batch[0][0].budget_ms)
        except Exception as error:
            for one, _ in batch:
                one.taken = len(one.mentions)
                if one in self._waiting:
                    self._waiting.remove(one)
                if not one.done.done():
                    one.done.set_exception(error)
            return
        answers = iter(linked)
        for one, some in batch:
            one.linked.extend(_cut(next(answers), one.top) for _ in some)
            if len(one.linked) == len(one.mentions) and not one.done.done():
                one.done.set_result(one.linked)


def _cut(linking: Linking, top: int) -> Linking:
    """A linking with no more candidates than were asked for."""
    if len(linking.candidates) <= top:
        return linking
    from dataclasses import replace

    return replace(linking, candidates=linking.candidates[:top])
