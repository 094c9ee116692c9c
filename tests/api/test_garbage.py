"""The garbage collector of a server: what stays is set aside, what is closed is found, and all is undone at the end."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from api import garbage


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    assert gc.get_threshold() == thresholds


def test_what_is_collected_is_what_nobody_holds() -> None:
    kept, gone = Circle(), Circle()
    left = weakref.ref(gone)
    del gone
    garbage.settle()
    assert left() is None
    assert gc.get_freeze_count() > 1000
    later = weakref.ref(kept)
    del kept
    garbage.settle()
    assert later() is not None, "set aside, and looked through no more"
    garbage.settle(anew=True)
    assert later() is None


def test_a_server_settles_when_something_opens_and_looks_again_when_something_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "_SECONDS_BETWEEN_LOOKS", 0.001)
    settled: list[bool] = []
    monkeypatch.setattr(garbage, "settle", lambda *, anew: settled.append(anew))
    opened: set[str] = set()

    async def until(count: int) -> None:
        while len(settled) < count:
            await asyncio.sleep(0.001)

    async def whole() -> None:
        async with garbage.settled(lambda: frozenset(opened)):
            assert gc.get_threshold()[2] > 1000
            opened.add("a")
            await until(1)
            opened.add("linker of a")
            await until(2)
            opened.clear()
            await until(3)

    asyncio.run(asyncio.wait_for(whole(), 20))
    assert settled == [False, False, True]
    assert gc.get_freeze_count() == 0
