"""What a thread may take for what it does: work that can be long looks in between whether its time is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from graph.errors import EclTooSlow

_END: ContextVar[tuple[float, float] | None] = ContextVar("enlace_time_limit", default=None)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Let `check_time` raise after so many seconds, in this thread or task; None sets no limit."""
    token = _END.set(None if seconds is None else (time.monotonic() + seconds, seconds))
    try:
        yield
    finally:
        _END.reset(token)


def check_time() -> None:
    """Raise EclTooSlow where the time is over. Costs a tenth of a microsecond."""
    end = _END.get()
    if end is not None and time.monotonic() > end[0]:
        raise EclTooSlow(
            f"The expression takes more than {end[1]:g} s to answer; ask for less at once, with fewer wildcards or "
            "within fewer concepts."
        )
