"""RF2 association, map and simple refsets as successions, mappings and memberships.

Source: SNOMED CT Release File Specification, "Association Reference Set" (5.2.5), the map reference sets
(5.2.3) and "Simple Reference Set" (5.2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.batches import RecordBatch
from graph.model import Mapping as CodeMapping
from graph.model import Membership, Succession
from loaders.rf2.concepts import Concepts
from loaders.rf2.identifiers import CORRELATIONS, HISTORICAL, MAP_SYSTEMS
from loaders.rf2.keys import checked_numbers, curies, is_blank, is_description, is_relationship, sctids
from loaders.rf2.package import Kind
from loaders.rf2.survey import Survey
from loaders.table_columns import Block

_MEMBER = ("id", "refsetId", "referencedComponentId")
_MAP = (*_MEMBER, "mapTarget")
_EXTENDED_MAP = (*_MAP, "mapGroup", "mapPriority", "mapRule", "mapAdvice", "correlationId")
_NO_KIND = ""


def successions(survey: Survey, concepts: Concepts) -> Iterator[RecordBatch]:
    """The historical associations between concepts; those of descriptions, and all others, are passed over.

    Raises RowMalformed, ColumnMissing, SourceEmpty, SourceDamaged.
    """
    holding = survey.holding(Kind.ASSOCIATION)
    if survey.loaded:
        yield from survey.loaded.unchanged(Succession, [holding.ids])
    for block in survey.rows(Kind.ASSOCIATION, holding, (*_MEMBER, "targetComponentId")):
        kinds = _looked_up(block["refsetId"], {id: kind.value for id, kind in HISTORICAL.items()}, _NO_KIND)
        retired, successors = sctids(block["referencedComponentId"]), sctids(block["targetComponentId"])
        concerned = ~is_blank(kinds) & ~is_description(retired)
        absent = "a concept of the association is not in the package"
        sound = concerned & survey.sound(
            block,
            (concerned & ~concepts.contain(retired), absent, "referencedComponentId"),
            (concerned & ~concepts.contain(successors), absent, "targetComponentId"),
        )
        yield from _batch(
            Succession,
            sound,
            retired=curies(block["referencedComponentId"]),
            successor=curies(block["targetComponentId"]),
            kind=kinds,
            id=block["id"],
        )


def mappings(survey: Survey, concepts: Concepts) -> Iterator[RecordBatch]:
    """The simple, complex and extended maps of concepts.

    Raises RowMalformed, ColumnMissing, SourceEmpty, SourceDamaged.
    """
    simple, extended = survey.holding(Kind.SIMPLE_MAP), survey.holding(Kind.EXTENDED_MAP)
    if survey.loaded:
        yield from survey.loaded.unchanged(CodeMapping, [simple.ids, extended.ids])
    for block in survey.rows(Kind.SIMPLE_MAP, simple, _MAP, ["correlationId"]):
        yield from _batch(CodeMapping, _usable(block, survey, concepts), **_mapped(block))
    for block in survey.rows(Kind.EXTENDED_MAP, extended, _EXTENDED_MAP):
        block = block.filter(_usable(block, survey, concepts))
        yield from _batch(
            CodeMapping,
            np.ones(len(block), np.bool_),
            **_mapped(block),
            group=checked_numbers(block, "mapGroup"),
            priority=checked_numbers(block, "mapPriority"),
            rule=block["mapRule"],
            advice=block["mapAdvice"],
        )


def memberships(survey: Survey, concepts: Concepts) -> Iterator[RecordBatch]:
    """The concepts that simple refsets hold, whatever more such a refset says of them.

    Members that are descriptions or relationships are passed over. Raises RowMalformed, ColumnMissing,
    SourceEmpty, SourceDamaged.
    """
    holding = survey.holding(Kind.SUBSET)
    if survey.loaded:
        yield from survey.loaded.unchanged(Membership, [holding.ids])
    for block in survey.rows(Kind.SUBSET, holding, _MEMBER):
        members = sctids(block["referencedComponentId"])
        concerned = ~(is_description(members) | is_relationship(members))
        absent = concerned & ~concepts.contain(members)
        sound = concerned & survey.sound(
            block, (absent, "the refset's member is not in the package", "referencedComponentId")
        )
        yield from _batch(
            Membership,
            sound,
            refset=_looked_up(block["refsetId"], {}, None),
            member=curies(block["referencedComponentId"]),
            id=block["id"],
        )


def _usable(block: Block, survey: Survey, concepts: Concepts) -> NDArray[np.bool_]:
    """Which rows map a concept to a code; others are rejected, but for those of descriptions."""
    components = sctids(block["referencedComponentId"])
    concerned = ~is_description(components)
    without_code = is_blank(pc.utf8_trim_whitespace(block["mapTarget"]))
    return concerned & survey.sound(
        block,
        (
            concerned & ~concepts.contain(components),
            "the mapped concept is not in the package",
            "referencedComponentId",
        ),
        (concerned & without_code, "the map gives the concept no code", "referencedComponentId"),
    )


def _mapped(block: Block) -> dict[str, pa.Array]:
    coded = block["refsetId"].dictionary_encode()
    systems = [MAP_SYSTEMS.get(refset) or f"SCTMAP{refset}" for refset in coded.dictionary.to_pylist()]
    system = pa.array(systems, pa.string()).take(coded.indices)
    return {
        "concept": curies(block["referencedComponentId"]),
        "target": pc.binary_join_element_wise(system, pc.utf8_trim_whitespace(block["mapTarget"]), ":"),
        "kind": _looked_up(block["correlationId"], CORRELATIONS, "xref"),
        "id": block["id"],
    }


def _looked_up(column: pa.StringArray, texts: Mapping[str, str], other: str | None) -> pa.StringArray:
    """What `texts` says for each value, else `other`; None for the value's CURIE."""
    coded = column.dictionary_encode()
    if other is None:
        return curies(coded.dictionary).take(coded.indices)
    found = [texts.get(text, other) for text in coded.dictionary.to_pylist()]
    return pa.array(found, pa.string()).take(coded.indices)


def _batch(record: type[Any], which: NDArray[np.bool_], /, **columns: pa.Array) -> Iterator[RecordBatch]:
    rows = pa.RecordBatch.from_pydict(columns).filter(pa.array(which))
    if rows.num_rows:
        yield RecordBatch(record, rows)
