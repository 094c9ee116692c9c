"""A release as tables: Arrow record batches, and a folder of Parquet files, one a table.

| table | a row |
| --- | --- |
| concepts | a concept: `id`, `active`, `semantic_tag`, `effective_time`, `module`, `defined`, `preferred_term` |
| terms | a term: `concept`, `text`, `language`, `kind`, `scope`, `id`, `acceptability` |
| relations | a relation, is-a too: `source`, `type`, `target`, `group`, `id` |
| mappings | a code of another system: `concept`, `target`, `kind`, `group`, `priority`, `rule`, `advice`, `id` |
| successions | what stands for a retired concept: `retired`, `successor`, `kind`, `id` |
| memberships | a member of a subset: `refset`, `member`, `id` |
| closure | an active concept and an ancestor of it: `descendant`, `ancestor`, and whether that is a parent: `direct` |
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graph.batches import SCHEMAS
from graph.labels import preferred_term
from graph.model import Concept, Mapping, Membership, Relation, Succession, Term
from graph.release import OpenRelease
from graph.store import scan_batches
from graph.views.pages import InStep

_KINDS: MappingProxyType[str, type[Any]] = MappingProxyType(
    {
        "terms": Term,
        "relations": Relation,
        "mappings": Mapping,
        "successions": Succession,
        "memberships": Membership,
    }
)

_CONCEPTS = SCHEMAS[Concept].append(pa.field("preferred_term", pa.string()))
_CLOSURE = pa.schema([("descendant", pa.string()), ("ancestor", pa.string()), ("direct", pa.bool_())])
_ROWS = 65_536
_ROWS_A_GROUP = 1 << 20

#: The tables there are, and the columns of each.
TABLES: MappingProxyType[str, pa.Schema] = MappingProxyType(
    {"concepts": _CONCEPTS, **{name: SCHEMAS[kind] for name, kind in _KINDS.items()}, "closure": _CLOSURE}
)


def batches(opened: OpenRelease, table: str) -> Iterator[pa.RecordBatch]:
    """The rows of one of TABLES: concepts and closure ordered by id, the others in no order.

    Raises StoreUnavailable.
    """
    if table == "concepts":
        yield from _concepts(opened)
    elif table == "closure":
        yield from _closure(opened)
    else:
        for batch in scan_batches(opened.store, _KINDS[table]):
            yield batch.columns.cast(TABLES[table])


def write_tables(opened: OpenRelease, folder: Path) -> Iterator[tuple[str, int]]:
    """Write every table to `<folder>/<table>.parquet`; yield, as it goes, a table's name and its rows so far.

    A table without rows is written too. Raises StoreUnavailable, and OSError where nothing can be written.
    """
    for name, schema in TABLES.items():
        rows = 0
        with pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
            yield name, 0
            for part in _large(batches(opened, name)):
                writer.write_table(pa.Table.from_batches(part, schema))
                rows += sum(map(len, part))
                yield name, rows


def _large(some: Iterator[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches together that make a row group: small groups read slowly."""
    part: list[pa.RecordBatch] = []
    for batch in some:
        part.append(batch)
        if sum(map(len, part)) >= _ROWS_A_GROUP:
            yield part
            part = []
    if part:
        yield part


def _concepts(opened: OpenRelease) -> Iterator[pa.RecordBatch]:
    terms = InStep(opened.store.scan_terms(), lambda term: term.concept)
    concepts = opened.store.scan_concepts()
    while some := list(islice(concepts, _ROWS)):
        names = [preferred_term(terms.of(concept.id)) for concept in some]
        columns = [
            *([getattr(concept, name) for concept in some] for name in SCHEMAS[Concept].names),
            names,
        ]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _CONCEPTS, strict=True)]
        yield pa.record_batch(arrays, schema=_CONCEPTS)


def _closure(opened: OpenRelease) -> Iterator[pa.RecordBatch]:
    hierarchy = opened.hierarchy
    ids = pa.array(hierarchy.ids_of(range(len(hierarchy))), pa.string())
    for start in range(0, len(hierarchy), _ROWS):
        some = np.arange(start, min(start + _ROWS, len(hierarchy)))
        ancestors, counts = hierarchy.ancestor_rows.gather(some)
        parents, parent_counts = hierarchy.parent_rows.gather(some)
        descendants = np.repeat(some, counts)
        pairs = descendants * len(hierarchy) + ancestors
        direct = np.isin(pairs, np.repeat(some, parent_counts) * len(hierarchy) + parents)
        yield pa.record_batch(
            [ids.take(pa.array(descendants)), ids.take(pa.array(ancestors)), pa.array(direct)],
            schema=_CLOSURE,
        )
