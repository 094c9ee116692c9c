"""What commands share in talking to people: results on stdout, progress and errors on stderr.

rich is loaded when something is drawn, so that `enlace --version` does not pay for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

#: Told (stage, done, total or None where it is not known), as often as the work likes.
Tell: TypeAlias = Callable[[str, int, int | None], None]


def out() -> Console:
    """The console that results go to. In a pipe a line is as long as it needs, without colours."""
    from rich.console import Console

    # No markup: terms, file names and ids hold brackets of their own.
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 160)


def note(sentence: str) -> None:
    """Say something on stderr that is no result."""
    print(sentence, file=sys.stderr)


@contextmanager
def progress() -> Iterator[Tell]:
    """Yield a function that draws progress on stderr; silent where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]}", justify="right"),
        TextColumn("{task.fields[rate]}", justify="right"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                for earlier in shown.tasks:
                    # One whose end was not known beforehand has ended now.
                    shown.update(earlier.id, total=earlier.total or earlier.completed)
                    shown.stop_task(earlier.id)
                tasks[stage] = shown.add_task(stage, total=total, done="", rate="")
            task = shown.tasks[shown.task_ids.index(tasks[stage])]
            shown.update(
                tasks[stage], completed=done, total=total, done=_amount(done, total),
                rate=_rate(done, task.elapsed or 0.0),
            )  # fmt: skip

        yield tell


def _amount(done: int, total: int | None) -> str:
    return f"{done:,}/{total:,}" if total else f"{done:,}" if done else ""


def _rate(done: int, seconds: float) -> str:
    """How many a second, once there is something to tell."""
    return f"{done / seconds:,.0f}/s" if done and seconds >= 0.5 else ""
