"""Many records of one kind as columns: what a loader gives where an object a row would be too slow.

A `RecordBatch` means the same as its records one by one, and `records_of` tells them. Columns are named as
the fields of the record's class. Enumerations are kept by their value, and a term's acceptability in one
text: `SNOMEDCT:448879004=preferred SNOMEDCT:450828004=acceptable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from graph.model import (
    Acceptability,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    SuccessionKind,
    SynonymScope,
    Term,
    TermKind,
)

_TEXT, _FLAG, _NUMBER = pa.string(), pa.bool_(), pa.int64()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


#: The columns of each kind of record, in the order of the class's fields, and their types in a batch.
SCHEMAS: MappingProxyType[type[Any], pa.Schema] = MappingProxyType(
    {
        Concept: _schema(
            id=_TEXT, active=_FLAG, semantic_tag=_TEXT, effective_time=_TEXT, module=_TEXT, defined=_FLAG
        ),
        Term: _schema(
            concept=_TEXT,
            text=_TEXT,
            language=_TEXT,
            kind=_TEXT,
            scope=_TEXT,
            id=_TEXT,
            acceptability=_TEXT,
        ),
        Relation: _schema(source=_TEXT, type=_TEXT, target=_TEXT, group=_NUMBER, id=_TEXT),
        Mapping: _schema(
            concept=_TEXT,
            target=_TEXT,
            kind=_TEXT,
            group=_NUMBER,
            priority=_NUMBER,
            rule=_TEXT,
            advice=_TEXT,
            id=_TEXT,
        ),
        Succession: _schema(retired=_TEXT, successor=_TEXT, kind=_TEXT, id=_TEXT),
        Membership: _schema(refset=_TEXT, member=_TEXT, id=_TEXT),
    }
)
_ENUMS: MappingProxyType[tuple[type[Any], str], type[StrEnum]] = MappingProxyType(
    {
        (Term, "kind"): TermKind,
        (Term, "scope"): SynonymScope,
        (Succession, "kind"): SuccessionKind,
    }
)
_PREFERRED, _ACCEPTABLE = "preferred", "acceptable"


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of one `kind`, a class of `graph.model`, as `columns`; a row a record.

    A column whose field has a default may be absent. Text may come as any Arrow type of text, dictionaries
    too, and numbers as any integers; `columns` is kept with the types and the order of `SCHEMAS`. The
    texts of `acceptability` are not looked into before somebody decodes them.

    Raises TypeError for what is no kind of record or no Arrow batch and for a column of the wrong type,
    ValueError for a column that is missing, unknown or given twice, that has nulls, or that holds a value
    its enumeration lacks. Every message names the column.
    """

    kind: type[Record]
    columns: pa.RecordBatch

    def __post_init__(self) -> None:
        schema = SCHEMAS.get(self.kind)
        if schema is None:
            name = getattr(self.kind, "__name__", repr(self.kind))
            raise TypeError(f"{name} is not a kind of record of the concept graph.")
        if not isinstance(self.columns, pa.RecordBatch):
            raise TypeError(
                f"The columns of {self.kind.__name__} are a {type(self.columns).__name__}, "
                "not a pyarrow.RecordBatch."
            )
        names = self.columns.schema.names
        for name in names:
            if name not in schema.names:
                raise ValueError(f"{self.kind.__name__} has no field {name!r} for a column to be named by.")
            if names.count(name) > 1:
                raise ValueError(f"The column {name!r} of {self.kind.__name__} is given twice.")
        arrays = [self._column(field) for field in schema]
        object.__setattr__(self, "columns", pa.RecordBatch.from_arrays(arrays, schema=schema))

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def _column(self, field: pa.Field) -> pa.Array:
        place = f"The column {field.name!r} of {self.kind.__name__}"
        if field.name not in self.columns.schema.names:
            default = _defaults(self.kind).get(field.name)
            if default is None:
                raise ValueError(f"{place} is missing.")
            return pa.repeat(pa.scalar(default, field.type), self.columns.num_rows)
        given = self.columns[field.name]
        if not _fits(given.type, field.type):
            raise TypeError(f"{place} is of type {given.type}, not {field.type}.")
        column = given if given.type == field.type else given.cast(field.type)
        if column.null_count:
            raise ValueError(f"{place} has nulls; every record has a value there.")
        enum = _ENUMS.get((self.kind, field.name))
        if enum is not None:
            allowed = {member.value for member in enum}
            for value in pc.unique(given).to_pylist():
                if value not in allowed:
                    raise ValueError(f"{place} holds {value!r}, which is no {enum.__name__}.")
        return column


#: What a loader gives and a builder takes: records one by one or as columns, mixed at will.
RecordOrBatch: TypeAlias = Record | RecordBatch


def batch_of(records: Sequence[Record]) -> RecordBatch:
    """One batch of records of one kind, at least one. Raises TypeError where kinds are mixed or no records."""
    kind = type(records[0])
    if kind not in SCHEMAS or any(type(record) is not kind for record in records):
        odd = next((r for r in records if type(r) is not kind), records[0])
        raise TypeError(f"{type(odd).__name__} does not belong into a batch of {kind.__name__} records.")
    schema = SCHEMAS[kind]
    arrays = []
    for field in schema:
        values: list[Any] = [getattr(record, field.name) for record in records]
        if field.name == "acceptability":
            values = [encode_acceptability(value) for value in values]
        arrays.append(pa.array(values, field.type))
    return RecordBatch(kind, pa.RecordBatch.from_arrays(arrays, schema=schema))


def records_of(batch: RecordBatch) -> Iterator[Record]:
    """The records of a batch, one by one, for tests and small readers."""
    kind: type[Any] = batch.kind
    columns: list[list[Any]] = []
    for name in batch.columns.schema.names:
        values = batch.columns[name].to_pylist()
        enum = _ENUMS.get((kind, name))
        if enum is not None:
            values = [enum(value) for value in values]
        elif name == "acceptability":
            values = [decode_acceptability(value) for value in values]
        columns.append(values)
    return (kind(*row) for row in zip(*columns, strict=True))


def one_by_one(records: Iterable[RecordOrBatch]) -> Iterator[Record]:
    """Single records, those of batches too."""
    for record in records:
        if isinstance(record, RecordBatch):
            yield from records_of(record)
        else:
            yield record


def encode_acceptability(acceptability: Sequence[Acceptability]) -> str:
    """A term's acceptability as one text, sorted by refset; "" for none.

    >>> encode_acceptability([Acceptability("SNOMEDCT:448879004", preferred=True)])
    'SNOMEDCT:448879004=preferred'

    Raises ValueError for a refset with white space in it.
    """
    for a in acceptability:
        if a.refset.split() != [a.refset]:
            raise ValueError(f"{a.refset!r} cannot be a refset of an acceptability: it has no single word.")
    return " ".join(f"{a.refset}={_PREFERRED if a.preferred else _ACCEPTABLE}" for a in sorted(acceptability))


@lru_cache(maxsize=4096)  # A release has few combinations of refsets, and a term has one of them.
def decode_acceptability(text: str) -> tuple[Acceptability, ...]:
    """What `encode_acceptability` made. Raises ValueError for any other text."""
    found = []
    for part in text.split():
        refset, equals, level = part.rpartition("=")
        if not equals or level not in (_PREFERRED, _ACCEPTABLE):
            raise ValueError(f"{text[:80]!r} is not an acceptability as `refset=preferred` would be.")
        found.append(Acceptability(refset, level == _PREFERRED))
    return tuple(found)


def _defaults(kind: type[Any]) -> dict[str, Any]:
    """The defaults of a kind's fields, as batches keep them."""
    found = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    return found | {"acceptability": ""}


def _fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(given):
        given = given.value_type
    if wanted == _TEXT:
        return bool(pa.types.is_string(given) or pa.types.is_large_string(given))
    if wanted == _NUMBER:
        return bool(pa.types.is_integer(given))
    return bool(given == wanted)
