"""Rows of RF2 files, the latest version of each component only.

A snapshot has one row a component; several packages together, and some extensions alone, have more. The row
with the greatest effectiveTime counts, and among equals the last. A blank effectiveTime is that of a change
not yet published, and so is greater than any.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loaders.errors import RowMalformed
from loaders.files import SourceFile, open_bytes, open_text
from loaders.rf2.package import COLUMNS, Kind, Package
from loaders.tables import read_rows

_UNPUBLISHED = b"99999999"


@dataclass(frozen=True, slots=True)
class Versions:
    """The files of one kind, and the places (file, line) of the rows that a later version replaces."""

    kind: Kind
    files: tuple[SourceFile, ...]
    replaced: frozenset[tuple[int, int]]

    def active(self, optional: Sequence[str] = ()) -> Iterator[tuple[SourceFile, int, tuple[str, ...]]]:
        """The latest row of each component that is active, with its file and line.

        Fields are those of the kind's columns, then those of `optional`. The order is the same at each call.
        """
        return (found for found in self.latest(optional) if found[2][2] == "1")

    def latest(self, optional: Sequence[str] = ()) -> Iterator[tuple[SourceFile, int, tuple[str, ...]]]:
        """As `active`, retired components too. Raises ColumnMissing, RowMalformed, SourceDamaged."""
        for place, file in enumerate(self.files):
            with open_text(file) as lines:
                rows = read_rows(lines, file=file.name, columns=COLUMNS[self.kind], optional=optional)
                for line, row in rows:
                    if row[2] not in ("0", "1"):
                        raise RowMalformed(file.name, line, f"has {row[2][:40]!r} in its column active")
                    if self.replaced and (place, line) in self.replaced:
                        continue
                    yield file, line, row


def versions(package: Package, kind: Kind) -> Versions:
    """The versions of the components of a kind; reads its files once, twice where ids are repeated."""
    files = package.of(kind)
    repeated = _repeated_hashes(files)
    return Versions(kind, files, _replaced(files, repeated) if repeated else frozenset())


def _repeated_hashes(files: Sequence[SourceFile]) -> frozenset[int]:
    """The hashes of ids that occur more than once: eight bytes a row are held, and no id."""
    hashes = array("q")
    for _, _, id, _ in _ids(files):
        hashes.append(hash(id))
    ordered = np.sort(np.asarray(hashes))
    return frozenset(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def _replaced(files: Sequence[SourceFile], repeated: frozenset[int]) -> frozenset[tuple[int, int]]:
    best: dict[bytes, tuple[bytes, int, int]] = {}
    replaced: set[tuple[int, int]] = set()
    for place, line, id, rest in _ids(files):
        if hash(id) not in repeated:
            continue
        here = (rest.partition(b"\t")[0].strip() or _UNPUBLISHED, place, line)
        held = best.setdefault(id, here)
        if held != here:
            best[id] = max(held, here)
            replaced.add(min(held, here)[1:])
    return frozenset(replaced)


def _ids(files: Sequence[SourceFile]) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(file, line, id, rest of the row) of every row but the header and blank lines."""
    for place, file in enumerate(files):
        with open_bytes(file) as rows:
            next(rows, None)
            for line, row in enumerate(rows, start=2):
                id, tab, rest = row.partition(b"\t")
                if tab:
                    yield place, line, id, rest
