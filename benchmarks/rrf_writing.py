"""Writing Rich Release Format: columns in, rows out, with the table MRFILES.RRF that tells of every file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loaders.rrf import columns

Numbers: TypeAlias = NDArray[np.integer]
#: A column of a file: one text a row, or one for all rows.
Column: TypeAlias = pa.Array | str


class Meta:
    """The folder META of a release, and how many rows and bytes each file got."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made. Raises FileExistsError where it is there already."""
        folder.mkdir(parents=True)
        self.folder = folder
        self._sizes: dict[str, tuple[int, int]] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[RowFile]:
        """A file to write all rows of; its size is noted at the end."""
        with (self.folder / name).open("wb") as content:
            rows = RowFile(content)
            yield rows
            self._sizes[name] = (rows.rows, content.tell())

    def write_files_table(self) -> None:
        """Write MRFILES.RRF, which tells its own size too."""
        name, own = columns.FILES, (len(self._sizes) + 1, 0)
        text = self._files_table({**self._sizes, name: own})
        while len(text) != own[1]:
            own = (own[0], len(text))
            text = self._files_table({**self._sizes, name: own})
        (self.folder / name).write_bytes(text)

    def _files_table(self, sizes: dict[str, tuple[int, int]]) -> bytes:
        lines = [
            f"{name}|synthetic|{','.join(columns.STANDARD[name])}|{len(columns.STANDARD[name])}|{rows}|{size}|\n"
            for name, (rows, size) in sorted(sizes.items())
        ]
        return "".join(lines).encode()


class RowFile:
    """An open file that takes rows as columns."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.rows = 0

    def write(self, *row: Column) -> None:
        """Write rows of these columns, all that the file has, in their order."""
        parts = [pa.scalar(column) if isinstance(column, str) else column for column in row]
        lines = pc.binary_join_element_wise(*parts, pa.scalar("\n"), "|")
        if len(lines):
            # An Arrow array keeps its texts one after another, which is the file's content as it stands.
            _, offsets, text = lines.buffers()
            ends = np.frombuffer(offsets, np.int32)
            self._content.write(memoryview(text)[ends[lines.offset] : ends[lines.offset + len(lines)]])
            self.rows += len(lines)


def numbered(letter: str, numbers: Numbers, width: int) -> pa.Array:
    """Identifiers: a letter and the number, at least `width` digits."""
    digits = pc.utf8_lpad(pa.array(np.asarray(numbers, np.int64)).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(letter), digits, "")
