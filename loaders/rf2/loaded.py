"""The release that a Delta is laid on: its records kept on disk by kind, to be read as often as need be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graph.batches import SCHEMAS, RecordBatch, RecordOrBatch, batch_of
from graph.model import Concept, Term
from loaders.errors import OptionMismatch
from loaders.options import Base
from loaders.rf2.identifiers import PREFIX

_ROWS_AT_ONCE = 50_000
_SCTID = "^[1-9][0-9]{0,17}$"


class LoadedRelease:
    """The records of a loaded release, by kind. They wait in `folder`, which is this object's own."""

    def __init__(self, base: Base, folder: Path, path: Path) -> None:
        """Read all of `base`. Raises OptionMismatch where it was not loaded from RF2; `path` is the Delta's."""
        self.name = base.name
        self._path = path
        self._folder = folder
        self._writers: dict[type[Any], pa.RecordBatchFileWriter] = {}
        try:
            for batch in _batches(base.records()):
                self._check(batch)
                self._write(batch)
        finally:
            for writer in self._writers.values():
                writer.close()

    def of(self, kind: type[Any]) -> Iterator[pa.RecordBatch]:
        """The records of a kind as columns, in the order in which they came."""
        if kind not in self._writers:
            return
        with pa.OSFile(str(self._file(kind))) as source, pa.ipc.open_file(source) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

    def unchanged(self, kind: type[Any], changed: Sequence[pa.Array]) -> Iterator[RecordBatch]:
        """The records of a kind but those whose ids are among `changed`."""
        ids = pa.chunked_array(changed, pa.string()).combine_chunks()
        for columns in self.of(kind):
            kept = columns.filter(pc.invert(pc.is_in(columns["id"], value_set=ids)))
            if kept.num_rows:
                yield RecordBatch(kind, kept)

    def refuse(self, why: str) -> OptionMismatch:
        """The error that a release deserves which this Delta cannot be laid on."""
        return OptionMismatch(
            self._path, f"{str(self._path)!r} cannot be laid on release {self.name!r}: {why}."
        )

    def _check(self, batch: RecordBatch) -> None:
        ids = batch.columns["id"]
        if batch.kind is Concept:
            ids = pc.replace_substring_regex(ids, f"^{PREFIX}:", "")
        sound = (
            pc.match_substring_regex(ids, _SCTID) if batch.kind in (Concept, Term) else pc.not_equal(ids, "")
        )
        if not pc.all(sound, min_count=0).as_py():
            told = ids[pc.index(sound, False).as_py()].as_py()
            raise self.refuse(
                f"it was not loaded from RF2 (a {batch.kind.__name__.lower()} has the id {told[:40]!r}), and "
                "nothing else tells which of its rows a Delta changes; name one that was"
            )

    def _write(self, batch: RecordBatch) -> None:
        writer = self._writers.get(batch.kind)
        if writer is None:
            path, schema = str(self._file(batch.kind)), SCHEMAS[batch.kind]
            writer = self._writers[batch.kind] = pa.ipc.new_file(path, schema)
        writer.write_batch(batch.columns)

    def _file(self, kind: type[Any]) -> Path:
        return self._folder / f"{kind.__name__}.arrow"


def without_prefix(curies: pa.Array) -> pa.Array:
    """The SCTIDs of CURIEs that begin with `SNOMEDCT:`; "" stays."""
    return pc.utf8_slice_codeunits(curies, len(PREFIX) + 1)


def _batches(records: Iterator[RecordOrBatch]) -> Iterator[RecordBatch]:
    """The records, single ones joined with their neighbours of the same kind."""
    waiting: list[Any] = []
    for record in records:
        if waiting and (type(record) is not type(waiting[0]) or len(waiting) >= _ROWS_AT_ONCE):
            yield batch_of(waiting)
            waiting = []
        if isinstance(record, RecordBatch):
            yield record
        else:
            waiting.append(record)
    if waiting:
        yield batch_of(waiting)
