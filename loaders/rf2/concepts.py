"""RF2 concepts: which there are, and their records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.batches import RecordBatch
from graph.model import Concept
from loaders.rf2 import identifiers
from loaders.rf2.keys import curies, sctids
from loaders.rf2.loaded import LoadedRelease, without_prefix
from loaders.rf2.package import Kind
from loaders.rf2.survey import Survey
from loaders.rf2.versions import are_among, places_among

_ROWS_A_BATCH = 65_536
_TEXT = pa.string()
_CODED = pa.dictionary(pa.int32(), _TEXT)
_SCHEMA = pa.schema(
    {
        "id": _TEXT,
        "time": _CODED,
        "active": pa.bool_(),
        "module": _CODED,
        "defined": pa.bool_(),
        "tag": _CODED,
    }
)


@dataclass(frozen=True, slots=True)
class Concepts:
    """The latest version of every concept, retired ones too.

    `ids` are sorted, shape (n,); a concept's ordinal is its place there. `rows` come in the order of the
    files; their column `tag` is the semantic tag of a loaded release, else "".
    """

    ids: NDArray[np.int64]
    rows: pa.Table

    def ordinals(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        """The ordinal of each SCTID, -1 where it is no concept here. Shape (len(numbers),)."""
        return places_among(numbers, self.ids).astype(np.int32)

    def contain(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each SCTID is a concept here. Shape (len(numbers),)."""
        return are_among(numbers, self.ids)

    def records(self, tags: NDArray[np.int32], names: list[str]) -> Iterator[RecordBatch]:
        """The concepts; `tags` has the place in `names` of each ordinal's semantic tag, or -1 for the loaded one."""
        texts = pa.array(names, _TEXT)
        for start in range(0, self.rows.num_rows, _ROWS_A_BATCH):
            (rows,) = self.rows.slice(start, _ROWS_A_BATCH).combine_chunks().to_batches()
            found = tags[self.ordinals(sctids(rows["id"]))]
            tag = texts.take(pa.array(found, mask=found < 0))
            module = rows["module"].cast(_TEXT)
            columns = {
                "id": curies(rows["id"]),
                "active": rows["active"],
                "semantic_tag": pc.coalesce(tag, rows["tag"].cast(_TEXT)),
                "effective_time": rows["time"],
                "module": pc.if_else(pc.equal(module, ""), "", curies(module)),
                "defined": rows["defined"],
            }
            yield RecordBatch(Concept, pa.RecordBatch.from_pydict(columns))


def survey_concepts(survey: Survey) -> Concepts:
    """Read all concepts. Raises ColumnMissing, RowMalformed, SourceEmpty, SourceDamaged, OptionMismatch."""
    versions, parts = survey.versions(Kind.CONCEPT), list[pa.RecordBatch]()
    if survey.loaded:
        for columns in survey.loaded.of(Concept):
            rows = _loaded_rows(columns)
            versions.add_loaded(sctids(rows["id"]))
            survey.modules.take_columns(rows["module"].cast(_TEXT), rows["time"].cast(_TEXT))
            parts.append(rows)
    for block, active in survey.all_rows(Kind.CONCEPT, versions, ["definitionStatusId"]):
        columns = [
            block["id"],
            pc.utf8_trim_whitespace(block["effectiveTime"]).dictionary_encode(),
            pa.array(active),
            block["moduleId"].dictionary_encode(),
            pc.equal(block["definitionStatusId"], identifiers.DEFINED),
            pa.repeat("", len(block)).dictionary_encode(),
        ]
        parts.append(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))
    holding, ids = versions.holding(), versions.keys()
    rows = pa.Table.from_batches(parts, _SCHEMA)
    if survey.loaded:
        _check_age(survey.loaded, rows, ids, holding)
    return Concepts(np.sort(ids[holding]), rows.filter(pa.array(holding)).unify_dictionaries())


def _loaded_rows(columns: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            without_prefix(columns["id"]),
            columns["effective_time"].dictionary_encode(),
            columns["active"],
            without_prefix(columns["module"]).dictionary_encode(),
            columns["defined"],
            columns["semantic_tag"].dictionary_encode(),
        ],
        schema=_SCHEMA,
    )


def _check_age(
    loaded: LoadedRelease, rows: pa.Table, ids: NDArray[np.int64], holding: NDArray[np.bool_]
) -> None:
    """Raise OptionMismatch where the loaded release has a later version of a concept than the Delta."""
    count = sum(columns.num_rows for columns in loaded.of(Concept))
    times = rows["time"].cast(_TEXT)
    latest = {int(ids[place]): place for place in range(count, len(ids)) if holding[place]}
    for place in np.flatnonzero(~holding[:count]).tolist():
        before, now = times[place].as_py(), times[latest[int(ids[place])]].as_py()
        if before and now and now < before:
            raise loaded.refuse(
                f"concept {ids[place]} changed there on {before} and in the Delta on {now}; "
                "name a release that is older than the Delta"
            )
