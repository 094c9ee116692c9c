"""An annotated document as an object of JSON, a line of `annotations.jsonl`, both ways.

    {"doc": "nota-1",
     "annotations": [
       {"start": 31, "end": 37, "text": "fiebre", "type": "symptom", "source": "recognizer", "score": 0.97,
        "context": {"negated": true, "uncertain": false, "historical": false, "family": false, "hypothetical": false,
                    "section": "Exploración", "triggers": [{"assertion": "negated", "start": 24, "end": 30}]},
        "candidates": [...], "decision": {"id": "HP:0001945", "path": "exact", "reason": "", "probability": 0.98}}]}

Offsets are characters of the document, the end exclusive. Candidates and decision are as in `linked.jsonl`.
A mention in several pieces has them as `fragments`, `[[start, end], ...]`. The text of the document is not repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from linker.annotation.model import (
    AnnotatedDocument,
    Annotation,
    Assertion,
    Document,
    MentionContext,
    Source,
    Span,
    Trigger,
)
from linker.candidate_records import candidate_of, candidate_record, decision_of, decision_record


def record(annotated: AnnotatedDocument) -> dict[str, Any]:
    """A document's annotations; the document's name comes first."""
    return {
        "doc": annotated.document.id,
        "annotations": [_annotation_record(one) for one in annotated.annotations],
    }


def json_line(annotated: AnnotatedDocument) -> str:
    """A document as a line of `annotations.jsonl`, its end included."""
    return json.dumps(record(annotated), ensure_ascii=False) + "\n"


def annotated(told: Mapping[str, Any], text: str = "") -> AnnotatedDocument:
    """What `record` was given, with the document's `text`, which records do not hold.

    Raises KeyError, TypeError or ValueError if it is no such object.
    """
    return AnnotatedDocument(Document(told["doc"], text), tuple(map(_annotation, told["annotations"])))


def span_record(span: Span) -> dict[str, Any]:
    """A span alone."""
    return {
        "start": span.start,
        "end": span.end,
        "type": span.type,
        "source": span.source.value,
        "score": span.score,
        **({"fragments": [list(piece) for piece in span.fragments]} if span.fragments else {}),
    }


def span_of(told: Mapping[str, Any]) -> Span:
    """What `span_record` gave. Raises KeyError, TypeError or ValueError if it is not that."""
    return Span(
        told["start"],
        told["end"],
        told["type"],
        Source(told["source"]),
        told["score"],
        tuple((start, end) for start, end in told.get("fragments", ())),
    )


def _annotation_record(one: Annotation) -> dict[str, Any]:
    return {
        "start": one.span.start,
        "end": one.span.end,
        "text": one.text,
        **span_record(one.span),
        "context": {
            **{assertion.value: one.context.has(assertion) for assertion in Assertion},
            "section": one.context.section,
            "triggers": [
                {"assertion": trigger.assertion.value, "start": trigger.start, "end": trigger.end}
                for trigger in one.context.triggers
            ],
        },
        "candidates": [candidate_record(candidate) for candidate in one.candidates],
        "decision": decision_record(one.decision),
    }


def _annotation(told: Mapping[str, Any]) -> Annotation:
    context = told["context"]
    return Annotation(
        span_of(told),
        told["text"],
        MentionContext(
            tuple(
                Trigger(Assertion(one["assertion"]), one["start"], one["end"]) for one in context["triggers"]
            ),
            context["section"],
        ),
        tuple(map(candidate_of, told["candidates"])),
        decision_of(told["decision"]),
    )
