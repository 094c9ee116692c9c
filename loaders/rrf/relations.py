"""MRREL.RRF: relations between concepts, those of chosen hierarchies as is-a, and the rest by their own names.

REL and RELA of a row tell what its second concept is to its first. So CUI2 —RELA→ CUI1 is the relation: of
`C1|PAR|C2` C2 is the parent, of `C1|CHD|C2` the child, and `C1|RO|C2|may_treat` says that C2 may treat C1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.batches import RecordBatch
from graph.model import Relation
from loaders.errors import FormatMismatch
from loaders.rejections import Rejections
from loaders.rrf.atoms import Atoms
from loaders.rrf.columns import RELATIONS
from loaders.rrf.concepts import NOT_LOADED, of_known
from loaders.rrf.hierarchy import Edges
from loaders.rrf.identifiers import PREFIX, concept_ids
from loaders.rrf.release import NAMED, Metathesaurus
from loaders.rrf.rows import Kind, Rows, read_rows
from loaders.rrf.shelves import RANGES, Shelf
from loaders.rrf.vocabulary import CHILD, IS_A, PARENT

_COLUMNS = {
    "CUI1": Kind.CUI, "REL": Kind.WORD, "CUI2": Kind.CUI, "RELA": Kind.WORD, "SAB": Kind.WORD,
    "SUPPRESS": Kind.WORD,
}  # fmt: skip
#: A relation as one number: 24 bits of its source, 24 of its target, 16 of its type.
_SOURCE, _TARGET = np.uint64(40), np.uint64(16)
_TYPES = 1 << 16
_CUI, _TYPE = np.uint64((1 << 24) - 1), np.uint64((1 << 16) - 1)


def read_relations(
    release: Metathesaurus, atoms: Atoms, edges: Edges, rejections: Rejections
) -> Iterator[RecordBatch]:
    """Read MRREL.RRF, where it is: put is-a of the edges' sources into `edges`, and give all other relations.

    Between two concepts each relation is given once, however many atoms and sources say it. Raises SourceDamaged, and
    FormatMismatch for more kinds of relations than any release has.
    """
    table = release.table(RELATIONS)
    if table is None:
        return
    with closing(Shelf(source=pa.uint32(), type=pa.uint16(), target=pa.uint32())) as shelf:
        for rows in read_rows(table, _COLUMNS, atoms.selection.words, rejections):
            _take(rows, shelf, atoms, edges, rejections)
        if len(atoms.selection.words) > _TYPES:
            raise FormatMismatch(
                table.parts[0].name,
                NAMED,
                f"it and the other files have over {_TYPES:,} kinds of relations and sources",
            )
        yield from _records(shelf, atoms.selection.words.texts, rejections)


def _take(rows: Rows, shelf: Shelf, atoms: Atoms, edges: Edges, rejections: Rejections) -> None:
    rows = atoms.selection.unsuppressed(rows, rejections)
    for column in ("CUI1", "CUI2"):
        rows = of_known(rows, column, atoms, rejections)
    rows = _take_edges(rows, atoms, edges, rejections)
    rows = atoms.selection.of_sources(rows, rejections)
    loaded = atoms.declared[rows["CUI1"]] & atoms.declared[rows["CUI2"]]
    rows = _left_out(rows, ~loaded, NOT_LOADED, rejections)
    rows = _left_out(rows, rows["CUI1"] == rows["CUI2"], "the relation is within a concept", rejections)
    types = np.where(rows["RELA"] == atoms.selection.words.code(""), rows["REL"], rows["RELA"])
    shelf.put(rows["CUI2"], source=rows["CUI2"], type=types.astype(np.uint16), target=rows["CUI1"])


def _records(shelf: Shelf, texts: list[str], rejections: Rejections) -> Iterator[RecordBatch]:
    # By their texts, so that the order of relations does not depend on the order of the rows.
    order = sorted(range(len(texts)), key=texts.__getitem__)
    places = np.argsort(order)
    names = pa.array([f"{PREFIX}:{texts[code]}" for code in order])
    for part in RANGES:
        found = shelf.numbers(part)
        if len(found["source"]):
            yield _batch(found["source"], found["target"], places[found["type"]], names, rejections)


def _take_edges(rows: Rows, atoms: Atoms, edges: Edges, rejections: Rejections) -> Rows:
    """Put is-a into `edges`; answer the other rows."""
    words = atoms.selection.words
    parent = rows["REL"] == words.code(PARENT)
    is_a = (parent | (rows["REL"] == words.code(CHILD))) & words.among(IS_A)[rows["RELA"]]
    is_a &= edges.takes(rows["SAB"])
    found, parent = rows.keep(is_a), parent[is_a]
    edges.put(
        found,
        np.where(parent, found["CUI1"], found["CUI2"]),
        np.where(parent, found["CUI2"], found["CUI1"]),
        rejections,
    )
    return rows.keep(~is_a)


def _left_out(rows: Rows, out: NDArray[np.bool_], reason: str, rejections: Rejections) -> Rows:
    count = int(np.count_nonzero(out))
    if count:
        rejections.leave_out(reason, count)
    return rows.keep(~out)


def _batch(
    sources: NDArray[np.uint32],
    targets: NDArray[np.uint32],
    types: NDArray[np.int64],
    names: pa.Array,
    rejections: Rejections,
) -> RecordBatch:
    numbers = (
        sources.astype(np.uint64) << _SOURCE | targets.astype(np.uint64) << _TARGET | types.astype(np.uint64)
    )
    distinct = np.unique(numbers)
    if len(distinct) < len(numbers):
        rejections.leave_out("another row says the same of the concepts", len(numbers) - len(distinct))
    return RecordBatch(
        Relation,
        pa.RecordBatch.from_pydict(
            {
                "source": concept_ids(distinct >> _SOURCE),
                "type": pa.DictionaryArray.from_arrays(pa.array((distinct & _TYPE).astype(np.int32)), names),
                "target": concept_ids(distinct >> _TARGET & _CUI),
            }
        ),
    )
