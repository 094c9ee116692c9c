"""Reading the files of a kind: once over all rows to see which hold, and once more for those that do.

What the first reading keeps of a row is a few bytes, which bounds the memory that an import takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.rejections import CUT_OFF, Rejections
from loaders.rf2.growing import GrowingArray
from loaders.rf2.keys import checked_sctids, member_keys
from loaders.rf2.loaded import LoadedRelease
from loaders.rf2.modules import ModuleVersions
from loaders.rf2.package import COLUMNS, Kind, Package
from loaders.rf2.versions import Versions, checked_active
from loaders.table_columns import Block, is_ended, read_columns

_COMPONENTS = frozenset({Kind.CONCEPT, Kind.DESCRIPTION, Kind.RELATIONSHIP, Kind.CONCRETE_VALUE})


@dataclass(frozen=True, slots=True)
class Holding:
    """Of the rows of a kind, in the order of reading, which are the latest of their component and active.

    `ids` are those of all rows, for a Delta only.
    """

    flags: NDArray[np.bool_]
    ids: pa.Array


@dataclass(frozen=True, slots=True)
class Survey:
    """What the readers of one import share: the files, the date asked for, and where to tell of rows.

    `loaded` is the release that the files, a Delta, are laid on.
    """

    package: Package
    rejections: Rejections
    as_of: str = ""
    loaded: LoadedRelease | None = None
    modules: ModuleVersions = field(default_factory=ModuleVersions)

    def versions(self, kind: Kind) -> Versions:
        """For the rows of a kind."""
        return Versions(self.as_of, width=1 if kind in _COMPONENTS else 2)

    def all_rows(
        self, kind: Kind, versions: Versions, columns: Sequence[str] = ()
    ) -> Iterator[tuple[Block, NDArray[np.bool_]]]:
        """All rows of a kind, whatever their version, and which of them are active; `versions` takes them.

        A block has the columns id, effectiveTime, active, moduleId and `columns`. Raises ColumnMissing,
        RowMalformed, SourceEmpty, SourceDamaged.
        """
        wanted = ["id", "effectiveTime", "active", "moduleId", *columns]
        for _, block in self.places(kind, wanted, tells=True):
            active = checked_active(block)
            keys = checked_sctids(block, "id") if kind in _COMPONENTS else member_keys(block["id"])
            versions.add(keys, block["effectiveTime"])
            self.modules.take(block)
            yield block, active

    def holding(self, kind: Kind) -> Holding:
        """Which rows of a kind hold. Reads all its files."""
        versions, active = self.versions(kind), GrowingArray(np.bool_)
        ids: list[pa.Array] = []
        for block, is_active in self.all_rows(kind, versions):
            active.extend(is_active)
            if self.loaded:
                ids.append(block["id"])
        flags = versions.holding() & active.array()
        return Holding(flags, pa.chunked_array(ids, pa.string()).combine_chunks())

    def rows(
        self, kind: Kind, holding: Holding, columns: Sequence[str], optional: Sequence[str] = ()
    ) -> Iterator[Block]:
        """The rows of a kind that hold, in blocks of which none is empty."""
        for start, block in self.places(kind, columns, optional):
            some = block.filter(holding.flags[start : start + len(block)])
            if len(some):
                yield some

    def places(
        self, kind: Kind, columns: Sequence[str], optional: Sequence[str] = (), *, tells: bool = False
    ) -> Iterator[tuple[int, Block]]:
        """All rows of a kind, and before each block how many rows there were.

        A file's last row without the end of its line may have been cut off and is left out; with `tells`, it
        is rejected.
        """
        start = 0
        for file in self.package.of(kind):
            blocks: Iterator[Block] = read_columns(file, columns, optional, COLUMNS[kind])
            for block in blocks if is_ended(file) else self._but_last(blocks, tells):
                yield start, block
                start += len(block)

    def _but_last(self, blocks: Iterator[Block], tells: bool) -> Iterator[Block]:
        last: Block | None = None
        for block in blocks:
            if last:
                yield last
            last = block
        if last:
            if tells:
                self.rejections.add(last.file.name, int(last.lines[-1]), CUT_OFF)
            yield last.filter(np.arange(len(last)) < len(last) - 1)

    def sound(self, block: Block, *flaws: tuple[NDArray[np.bool_], str, str]) -> NDArray[np.bool_]:
        """Which rows of a block have none of the flaws. The others are rejected, each for the first it has.

        A flaw is the rows that have it, what it is called, and the column whose value is told.
        """
        flawed = np.logical_or.reduce([rows for rows, _, _ in flaws])
        for place in np.flatnonzero(flawed).tolist():
            reason, name = next((reason, name) for rows, reason, name in flaws if rows[place])
            value = block[name][place].as_py()
            self.rejections.add(block.file.name, int(block.lines[place]), reason, value)
        sound: NDArray[np.bool_] = ~flawed
        return sound
