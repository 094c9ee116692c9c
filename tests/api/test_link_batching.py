"""Link requests of several clients together: what each gets, fairness, limits, and clients that go away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from api.errors import ServerBusy
from api.link_batching import LinkQueue
from linker.errors import LinkerError, MentionRejected
from linker.model import Candidate, Decision, Linking, Reason, StageScores
from linker.model import Path as Way


def linking(mention: str, top: int) -> Linking:
    """`top` candidates, which name the mention."""
    candidates = tuple(
        Candidate(
            f"X:{mention}{i}",
            mention,
            mention,
            mention,
            1 / (i + 1),
            StageScores(None, None, None),
            Way.RETRIEVED,
        )
        for i in range(top)
    )
    return Linking(mention, candidates, Decision(candidates[0].id, Way.RETRIEVED, Reason.CHOSEN, 0.5))


class Batches:
    """A linker that notes what it is asked, and waits for `gate` before it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], int]] = []
        self.budgets: list[float | None] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def link(self, mentions: list[str], top: int, budget_ms: float | None) -> list[Linking]:
        self.budgets.append(budget_ms)
        self.asked.append((mentions, top))
        await self.gate.wait()
        if "fail" in mentions:
            raise LinkerError("It fails.")
        return [linking(mention, top) for mention in mentions]


def run(
    test: Callable[[Batches, LinkQueue], Awaitable[None]], *, most_waiting: int = 100, most_together: int = 8
) -> tuple[list[tuple[list[str], int]], list[int]]:
    """What a test had linked, batch by batch, and the numbers that were told."""
    told: list[int] = []

    async def whole() -> Batches:
        batches = Batches()
        queue = LinkQueue(
            batches.link,
            most_waiting=most_waiting,
            most_together=most_together,
            wait_s=0.005,
            batched=told.append,
        )
        await test(batches, queue)
        assert len(queue) == 0
        return batches

    return asyncio.run(whole()).asked, told


def test_requests_that_come_together_are_linked_together() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        answers = await asyncio.gather(queue.link(["a", "b"], 5), queue.link(["c"], 2), queue.link(["a"], 1))
        assert answers == [
            [linking("a", 5), linking("b", 5)],
            [Linking("c", linking("c", 5).candidates[:2], linking("c", 5).decision)],
            [Linking("a", linking("a", 5).candidates[:1], linking("a", 5).decision)],
        ]

    assert run(test) == ([(["a", "b", "c", "a"], 5)], [4])


def test_a_request_alone_waits_for_nobody_else() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        assert await queue.link(["a"], 1) == [linking("a", 1)]
        assert await queue.link([], 1) == []
        assert await queue.link(["b"], 1) == [linking("b", 1)]

    assert run(test)[0] == [(["a"], 1), (["b"], 1)]


def test_other_depths_of_search_are_linked_apart() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        shallow, deep = await asyncio.gather(queue.link(["a"], 3), queue.link(["b"], 30))
        assert [len(one[0].candidates) for one in (shallow, deep)] == [3, 30]

    assert run(test)[0] == [(["a"], 3), (["b"], 30)]


def test_many_mentions_of_one_do_not_hold_up_few_of_another() -> None:
    many = [f"m{i}" for i in range(40)]
    done: list[str] = []

    async def test(batches: Batches, queue: LinkQueue) -> None:
        async def ask(name: str, mentions: list[str]) -> None:
            assert [one.mention for one in await queue.link(mentions, 1)] == mentions
            done.append(name)

        await asyncio.gather(
            ask("many", many), ask("few", ["a", "b"]), ask("some", ["c", "d", "e", "f", "g", "h"])
        )

    asked, told = run(test)
    assert done == ["few", "some", "many"]
    assert max(told) == 8
    assert sum(told) == 48
    assert {"a", "b", "c"} <= set(asked[0][0])


def test_a_client_that_goes_away_is_left_out() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        batches.gate.clear()
        first = asyncio.create_task(queue.link(["a"], 1))
        while not batches.asked:
            await asyncio.sleep(0.001)
        gone = asyncio.create_task(queue.link(["gone"], 1))
        stays = asyncio.create_task(queue.link(["stays"], 1))
        await asyncio.sleep(0)
        gone.cancel()
        first.cancel()
        await asyncio.sleep(0)
        assert len(queue) == 1
        batches.gate.set()
        assert await stays == [linking("stays", 1)]

    assert run(test)[0] == [(["a"], 1), (["stays"], 1)]


def test_too_many_that_wait_are_refused() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        batches.gate.clear()
        waiting = [asyncio.create_task(queue.link([str(i)], 1)) for i in range(3)]
        await asyncio.sleep(0.02)
        with pytest.raises(ServerBusy):
            await queue.link(["more"], 1)
        batches.gate.set()
        await asyncio.gather(*waiting)
        assert await queue.link(["later"], 1)

    run(test, most_waiting=3)


def test_a_mention_that_cannot_be_linked_concerns_its_request_alone() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        good, *bad = await asyncio.gather(
            queue.link(["a"], 1),
            queue.link(["b", " "], 1),
            queue.link(["x" * 1001], 1),
            return_exceptions=True,
        )
        assert good == [linking("a", 1)]
        assert [type(one) for one in bad] == [MentionRejected] * 2
        assert "Mention 2" in str(bad[0])

    assert run(test)[0] == [(["a"], 1)]


def test_a_batch_that_fails_is_told_to_all_in_it_and_the_next_is_linked() -> None:
    async def test(batches: Batches, queue: LinkQueue) -> None:
        told = await asyncio.gather(
            queue.link(["a"], 1), queue.link(["fail"] * 20, 1), return_exceptions=True
        )
        assert [type(one) for one in told] == [LinkerError] * 2
        assert await queue.link(["b"], 1) == [linking("b", 1)]

    run(test)


def test_a_request_with_a_budget_is_linked_alone() -> None:
    many = [f"m{i}" for i in range(20)]

    async def test(batches: Batches, queue: LinkQueue) -> None:
        await asyncio.gather(queue.link(["a"], 1), queue.link(many, 1, 50.0), queue.link(["b"], 1))
        assert batches.budgets == [None, 50.0]

    assert run(test)[0] == [(["a", "b"], 1), (many, 1)]
