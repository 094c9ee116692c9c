"""Python's garbage collector in a server: what stays is not looked through again and again.

The libraries of a linker and the facts that are remembered are some million objects. To look through all of them, as
the collector does whenever a quarter more have come, holds up every request for a fifth of a second and longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

#: Objects that are made before the young ones are looked through, and how often this happens before the older are.
#: The oldest wait for `settle`.
_THRESHOLDS = (10_000, 20, 1_000_000)
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_BETWEEN_COLLECTIONS = 60.0


def settle(*, anew: bool = False) -> None:
    """Collect what came since the last time, and look through the rest no more; `anew`: through all of it once.

    What is no longer used is freed in any case, unless it holds itself in a circle.
    """
    if anew:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def settled(opened: Callable[[], frozenset[str]]) -> AsyncIterator[None]:
    """While this lasts, `settle` runs once a minute, and when `opened`, which names what is open, changes."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    tidying = asyncio.create_task(_keep_settled(opened))
    try:
        yield
    finally:
        tidying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await tidying
        gc.set_threshold(*before)
        gc.unfreeze()


async def _keep_settled(opened: Callable[[], frozenset[str]]) -> None:
    known: frozenset[str] = frozenset()
    waited = 0.0
    while True:
        now = opened()
        if now != known or waited >= _SECONDS_BETWEEN_COLLECTIONS:
            # A release that is closed may hold itself in a circle.
            settle(anew=bool(known - now))
            known, waited = now, 0.0
        await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
        waited += _SECONDS_BETWEEN_LOOKS
