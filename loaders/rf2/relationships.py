"""RF2 relationships, concrete values among them, as relations."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from graph.batches import RecordBatch
from graph.model import IS_A, Relation
from loaders.rf2 import identifiers
from loaders.rf2.concepts import Concepts
from loaders.rf2.keys import checked_numbers, curies, sctids
from loaders.rf2.package import Kind
from loaders.rf2.survey import Survey
from loaders.table_columns import Block

_COLUMNS = ("id", "sourceId", "relationshipGroup", "typeId", "characteristicTypeId")
_CONCRETE = '^(?:#[+-]?[0-9]+(?:\\.[0-9]+)?|".*"|(?i:true|false))$'


def relations(survey: Survey, concepts: Concepts) -> Iterator[RecordBatch]:
    """The active inferred relationships between concepts of the package, and their concrete values.

    A row with an end that is no concept of the package, or a value that is none, is rejected. Raises
    RowMalformed, ColumnMissing, SourceEmpty, SourceDamaged.
    """
    between = survey.holding(Kind.RELATIONSHIP)
    concrete = survey.holding(Kind.CONCRETE_VALUE)
    if survey.loaded:
        yield from survey.loaded.unchanged(Relation, [between.ids, concrete.ids])
    for block in survey.rows(Kind.RELATIONSHIP, between, (*_COLUMNS, "destinationId")):
        block = _inferred(block)
        if len(block):
            yield from _between_concepts(block, survey, concepts)
    for block in survey.rows(Kind.CONCRETE_VALUE, concrete, (*_COLUMNS, "value")):
        block = _inferred(block)
        if len(block):
            yield from _concrete(block, survey, concepts)


def _inferred(block: Block) -> Block:
    is_inferred = pc.equal(block["characteristicTypeId"], identifiers.INFERRED)
    return block.filter(is_inferred.to_numpy(zero_copy_only=False))


def _between_concepts(block: Block, survey: Survey, concepts: Concepts) -> Iterator[RecordBatch]:
    checked_numbers(block, "relationshipGroup")
    absent = "an end of the relationship is not in the package"
    sound = survey.sound(
        block,
        *((~concepts.contain(sctids(block[end])), absent, end) for end in ("sourceId", "destinationId")),
    )
    block = block.filter(sound)
    if len(block):
        yield _batch(block, curies(block["destinationId"]))


def _concrete(block: Block, survey: Survey, concepts: Concepts) -> Iterator[RecordBatch]:
    checked_numbers(block, "relationshipGroup")
    absent = ~concepts.contain(sctids(block["sourceId"]))
    has_value = pc.match_substring_regex(block["value"], _CONCRETE).to_numpy(zero_copy_only=False)
    sound = survey.sound(
        block,
        (absent, "an end of the relationship is not in the package", "sourceId"),
        (~has_value, "the value is no #number, no text in quotes, and not true or false", "value"),
    )
    block = block.filter(sound)
    if len(block):
        yield _batch(block, block["value"])


def _batch(block: Block, targets: pa.StringArray) -> RecordBatch:
    columns = {
        "source": curies(block["sourceId"]),
        "type": _types(block["typeId"]),
        "target": targets,
        "group": checked_numbers(block, "relationshipGroup"),
        "id": block["id"],
    }
    return RecordBatch(Relation, pa.RecordBatch.from_pydict(columns))


def _types(column: pa.StringArray) -> pa.DictionaryArray:
    """The relation types; there are a hundred, so each is made once a block."""
    coded = column.dictionary_encode()
    is_is_a = pc.equal(coded.dictionary, identifiers.IS_A)
    return pa.DictionaryArray.from_arrays(coded.indices, pc.if_else(is_is_a, IS_A, curies(coded.dictionary)))
