"""Rows that a loader could not use, as an import sees them: how many there are, and how many may be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_LIMIT = re.compile(r"(\d+|\d+(?:\.\d+)?%)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were rejected, how many, and the first of them: its place (`file:row`) and value."""

    reason: str
    rows: int
    place: str = ""
    value: str = ""


class RejectedRows(Protocol):
    """The rows that a loader left out so far. Filled while its records are read."""

    @property
    def count(self) -> int:
        """How many rows could not be used."""
        ...

    @property
    def reasons(self) -> Sequence[Reason]:
        """They by reason, the most frequent first."""
        ...

    @property
    def left_out(self) -> Mapping[str, int]:
        """Sound rows that the options ask to leave out, by reason. They are not among `count`."""
        ...

    def write(self, path: Path) -> int:
        """Write the rows as a table with the columns place, reason and value; answer how many it holds.

        That is all of them up to a bound that the loader documents.
        """
        ...


@dataclass(frozen=True, slots=True)
class RejectedLimit:
    """The most rows that an import may reject: `most` of them or, with `percent`, of a hundred rows read."""

    most: float
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> RejectedLimit:
        """`200` or `0.5%`. Raises ValueError with a sentence."""
        if not _LIMIT.fullmatch(text):
            raise ValueError(f"{text!r} is neither a number of rows, such as 200, nor a share, such as 0.5%.")
        return cls(float(text.rstrip("%")), text.endswith("%"))

    def allows(self, rejected: int, used: int) -> bool:
        """Whether `rejected` rows may be left out where `used` records were read."""
        return rejected <= (self.most / 100 * (rejected + used) if self.percent else self.most)

    def __str__(self) -> str:
        return f"{self.most:g}%" if self.percent else f"{self.most:g}"


#: What `enlace load` allows. Published ontologies and their translations differ by less.
DEFAULT_LIMIT = RejectedLimit(1, percent=True)
