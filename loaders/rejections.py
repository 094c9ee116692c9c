"""Rows that were read but could not be used: all counted, and kept on disk up to a bound."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from graph.rejected import Reason

#: How many rejected rows are kept in memory as examples.
KEPT = 1000
#: How many rejected rows are kept on disk and can be written out.
WRITABLE = 1_000_000
#: Of a value, so many characters are kept.
_VALUE = 200
_IN_MEMORY_BYTES = 1 << 20

#: The one reason for leaving a row out that every format has.
OTHER_LANGUAGE = "the language is not among those asked for"
#: Why the last row of a file of lines is rejected.
CUT_OFF = "the last line has no end and may have been cut off"

#: A table's fields hold neither tabs nor line ends.
_BLANKS = str.maketrans("\t\r\n", "   ")


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row left out. `row` is a line of a table or an ordinal in JSON, from 1; `value` is the culprit."""

    file: str
    row: int
    reason: str
    value: str = ""

    @property
    def place(self) -> str:
        """`file:row`."""
        return f"{self.file}:{self.row}"


class Rejections:
    """The rows that a load left out. Filled while the records are consumed. Keeps `graph.rejected.RejectedRows`.

    Iterating gives the first `kept` rejected rows; `count` counts all, and `by_reason` all for each reason.
    There is no length, because it would be read as `count` by one and as the number of examples by another.
    Rows wait for `write` in a file without a name, which is gone with this object, however that ends.
    """

    __slots__ = (
        "__weakref__",
        "_by_reason",
        "_examples",
        "_firsts",
        "_kept",
        "_left_out",
        "_rows",
        "_writable",
    )

    def __init__(self, kept: int = KEPT, writable: int = WRITABLE) -> None:
        self._kept = kept
        self._writable = writable
        self._examples: list[Rejected] = []
        self._firsts: dict[str, Rejected] = {}
        self._by_reason: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._rows: IO[bytes] | None = None

    def add(self, file: str, row: int, reason: str, value: str = "") -> None:
        """Count a row that cannot be used. `reason` is one of few fixed phrases; what varies goes into `value`."""
        rejected = Rejected(file, row, reason, value[:_VALUE])
        if self._by_reason.total() < self._writable:
            self._spool(rejected)
        if len(self._examples) < self._kept:
            self._examples.append(rejected)
        self._firsts.setdefault(reason, rejected)
        self._by_reason[reason] += 1

    def leave_out(self, reason: str, rows: int = 1) -> None:
        """Count sound rows that are not loaded because the options, or the format's rules, ask for others.

        Nothing is amiss with them: they are told in the report and no limit concerns them.
        """
        self._left_out[reason] += rows

    @property
    def count(self) -> int:
        """How many rows were rejected so far."""
        return self._by_reason.total()

    @property
    def by_reason(self) -> dict[str, int]:
        """How many rows each reason cost, the most frequent first."""
        return dict(self._by_reason.most_common())

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Each reason with its rows and the first of them, the most frequent first."""
        firsts = self._firsts
        return tuple(
            Reason(reason, rows, firsts[reason].place, firsts[reason].value)
            for reason, rows in self._by_reason.most_common()
        )

    @property
    def left_out(self) -> dict[str, int]:
        """Sound rows left out so far, by reason, the most frequent first."""
        return dict(self._left_out.most_common())

    def write(self, path: Path) -> int:
        """Write a table of the first `writable` rejected rows; answer how many it holds."""
        with path.open("wb") as file:
            file.write(b"place\treason\tvalue\n")
            if self._rows is not None:
                self._rows.seek(0)
                shutil.copyfileobj(self._rows, file)
        return min(self.count, self._writable)

    def __iter__(self) -> Iterator[Rejected]:
        return iter(self._examples)

    def __bool__(self) -> bool:
        return bool(self._by_reason)

    def _spool(self, rejected: Rejected) -> None:
        if self._rows is None:
            self._rows = rows = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, "w+b")  # noqa: SIM115
            weakref.finalize(self, rows.close)
        fields = (rejected.place, rejected.reason, rejected.value)
        self._rows.write(("\t".join(field.translate(_BLANKS) for field in fields) + "\n").encode())
