"""Rows put aside on disk by ranges of concepts, so that each range fits into memory whatever a release's size."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.errors import LoadError
from loaders.rrf.identifiers import CUIS

#: How many CUIs a range has: at 14 atoms a concept, more than any release has, two million rows.
RANGE = 1 << 17
RANGES = range(-(-CUIS // RANGE))


class Scratch:
    """Bytes on disk, in the folder that TMPDIR names. Their file has no name and is gone with this process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `close`)
        self.size = 0

    def append(self, content: bytes | pa.Buffer) -> int:
        """Write at the end and answer where that was. Raises LoadError where there is no room."""
        start = self.size
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise LoadError(
                f"The temporary files of this import cannot be written in {tempfile.gettempdir()!r} "
                f"({error.strerror}); make room there, or name another folder in TMPDIR."
            ) from error
        self.size += len(content)
        return start

    def read(self, start: int, size: int) -> bytes:
        """So many bytes from there on, fewer at the end."""
        return os.pread(self._file.fileno(), size, start)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Shelf:
    """Rows of one schema. Put them in any order, then take them a range at a time, in the order they came."""

    def __init__(self, **columns: pa.DataType) -> None:
        self._schema = pa.schema(list(columns.items()))
        self._scratch = Scratch()
        self._places: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def put(self, cuis: NDArray[np.uint32], **columns: pa.Array | NDArray[Any]) -> None:
        """Put rows aside; `cuis` tell their ranges, and are a column only if given as one."""
        if not len(cuis):
            return
        arrays = [pa.array(columns[field.name], field.type) for field in self._schema]
        rows = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        ranges = cuis // np.uint32(RANGE)
        if ranges.min() != ranges.max():
            order = np.argsort(ranges, kind="stable")
            rows, ranges = rows.take(pa.array(order)), ranges[order]
        starts = np.flatnonzero(np.concatenate(([True], ranges[1:] != ranges[:-1])))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(ranges)], strict=True):
            content = rows.slice(start, end - start).serialize()
            self._places[int(ranges[start])].append((self._scratch.append(content), len(content)))

    def take(self, range: int) -> pa.Table:
        """The rows of a range, in one chunk."""
        batches = [
            pa.ipc.read_record_batch(pa.py_buffer(self._scratch.read(*place)), self._schema)
            for place in self._places.get(range, ())
        ]
        return pa.Table.from_batches(batches, self._schema).combine_chunks()

    def numbers(self, range: int) -> dict[str, NDArray[Any]]:
        """The rows of a range, all of whose columns are numbers, as arrays."""
        rows = self.take(range)
        return {name: rows[name].to_numpy() for name in rows.column_names}

    def close(self) -> None:
        """Let go of the rows."""
        self._scratch.close()
