"""`enlace demo`: the whole way with no data of one's own and no network."""

from __future__ import annotations


def demo() -> None:
    """Import the demo terminology, index it, and link the mentions of a short note."""
    raise NotImplementedError
