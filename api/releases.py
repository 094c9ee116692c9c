"""Which release a command or a server is about."""

from __future__ import annotations

from api.errors import NoReleaseChosen
from graph.release import ReleaseHome


def chosen(home: ReleaseHome, name: str | None) -> str:
    """`name`, or the current release where none is given.

    Raises NoReleaseChosen where there is no current one either. Whether `name` exists is told on opening.
    """
    found = name or home.current()
    if found is None:
        raise NoReleaseChosen
    return found
