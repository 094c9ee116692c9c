"""A flat table: a row for each annotation, and one row with nothing but its name for a document without any."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linker.annotation.formats.origin import Origin
from linker.annotation.model import AnnotatedDocument, Annotation, Assertion

_ROWS_TOGETHER = 20_000

#: The columns, in their order. Offsets are characters of the document, the end exclusive.
SCHEMA = pa.schema(
    [
        pa.field("document", pa.string(), nullable=False),
        pa.field("annotation", pa.int32()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("fragments", pa.string()),
        pa.field("text", pa.string()),
        pa.field("type", pa.string()),
        pa.field("source", pa.string()),
        pa.field("span_score", pa.float64()),
        pa.field("section", pa.string()),
        *(pa.field(assertion.value, pa.bool_()) for assertion in Assertion),
        pa.field("triggers", pa.string()),
        pa.field("concept", pa.string()),
        pa.field("preferred_term", pa.string()),
        pa.field("probability", pa.float64()),
        pa.field("path", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("candidates", pa.string()),
    ]
)


def render_parquet(documents: Iterable[AnnotatedDocument], destination: Path, origin: Origin) -> None:
    """Write a Parquet file; the release and the software are in its metadata. Raises OSError."""
    schema = SCHEMA.with_metadata({"enlace.release": origin.release, "enlace.version": origin.version})
    with pq.ParquetWriter(destination, schema, compression="zstd") as file:
        rows = (row for document in documents for row in _rows(document))
        while some := list(islice(rows, _ROWS_TOGETHER)):
            file.write_table(pa.Table.from_pylist(some, schema=schema))


def render_csv(documents: Iterable[AnnotatedDocument], destination: Path, origin: Origin) -> None:
    """Write the same columns as comma-separated values in UTF-8; what is null is empty. Raises OSError."""
    with destination.open("x", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, SCHEMA.names)
        writer.writeheader()
        for document in documents:
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in _rows(document))


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _rows(document: AnnotatedDocument) -> Iterator[dict[str, object]]:
    if not document.annotations:
        yield {"document": document.document.id}
    for number, annotation in enumerate(document.annotations, 1):
        yield {
            "document": document.document.id,
            "annotation": number,
            **_row(annotation, document.document.text),
        }


def _row(annotation: Annotation, text: str) -> dict[str, object]:
    span, context, decision = annotation.span, annotation.context, annotation.decision
    chosen = annotation.chosen
    return {
        "start": span.start,
        "end": span.end,
        "fragments": ";".join(f"{start} {end}" for start, end in span.fragments),
        "text": span.of(text),
        "type": span.type,
        "source": span.source.value,
        "span_score": span.score,
        "section": context.section,
        **{assertion.value: context.has(assertion) for assertion in Assertion},
        "triggers": "; ".join(
            f"{one.assertion.value}: {text[one.start : one.end]}" for one in context.triggers
        ),
        "concept": decision.id,
        "preferred_term": chosen.preferred_term if chosen else None,
        "probability": decision.probability,
        "path": decision.path.value,
        "reason": decision.reason.value,
        "candidates": " ".join(one.id for one in annotation.candidates),
    }
