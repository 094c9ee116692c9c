"""What a format's reader may be told, besides the paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from graph.batches import RecordOrBatch
from graph.model import Source

DEFAULT_LANGUAGES = ("es", "en")


@dataclass(frozen=True, slots=True)
class Base:
    """A loaded release that a Delta is laid on."""

    name: str
    sources: tuple[Source, ...]
    """What it was itself loaded from."""
    records: Callable[[], Iterator[RecordOrBatch]]
    """Reads all its records from the start; may be called more than once."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a format's reader may be told. A format names in `Format.takes` the fields that it knows."""

    prefix: str | None = None
    """What ids begin with."""
    languages: tuple[str, ...] = DEFAULT_LANGUAGES
    """BCP 47 tags in order of preference. Every format takes them."""
    as_of: str = ""
    """The date, YYYYMMDD, whose state is read from a history of all versions; empty for the newest."""
    base: Base | None = None
    """The release that a Delta changes."""
    sources: tuple[str, ...] = ()
    """The source vocabularies (RRF: SAB) whose terms, codes and relations are kept; empty for all."""
    hierarchy_sources: tuple[str, ...] = ()
    """The source vocabularies (RRF: SAB) that is-a relations come from; empty for the format's default."""


def is_date(text: str) -> bool:
    """Whether `text` is a day of the calendar as YYYYMMDD."""
    if not (len(text) == 8 and text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
