"""What `enlace annotate` and `enlace evaluate-documents` annotate with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from api.errors import ArgumentRejected

if TYPE_CHECKING:
    from linker.annotation.model import ContextFinder, Recognizer

DICTIONARY = "dictionary"


def recognizers_of(names: Sequence[str], index_folder: Path) -> list[Recognizer]:
    """The recognisers of those names, without repetition; by default the dictionary.

    Raises ArgumentRejected for a name of none, and what opening them raises.
    """
    return [_recognizer(name, index_folder) for name in dict.fromkeys(names or [DICTIONARY])]


def _recognizer(name: str, index_folder: Path) -> Recognizer:
    from linker.annotation.dictionary import Dictionary

    if name == DICTIONARY:
        return Dictionary.open(index_folder)
    raise ArgumentRejected("recognizer", f"There is no recogniser {name!r}; give `{DICTIONARY}`.")


def context_finder() -> ContextFinder:
    """What reads the context of mentions: the rules for Spanish that come with Enlace."""
    from linker.annotation.context import ContextRules

    return ContextRules.open()
