"""BioC collections, as JSON or XML: a document each, whole as one passage, its mentions with what they were linked to.

Offsets and lengths are in characters. Infons are texts, empty ones left out; `identifier` is the chosen concept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import orjson

from linker.annotation.formats.origin import Origin
from linker.annotation.model import AnnotatedDocument, Annotation, Assertion

_KEY = "enlace.key"
# What XML 1.0 cannot have at all, each replaced by one character so that offsets hold.
_NO_XML = dict.fromkeys(
    [*(code for code in range(32) if code not in (9, 10, 13)), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], 0xFFFD
)


def document_object(document: AnnotatedDocument) -> dict[str, Any]:
    """A document as BioC JSON has it."""
    text = document.document.text
    return {
        "id": document.document.id,
        "infons": {},
        "passages": [
            {
                "offset": 0,
                "infons": {},
                "text": text,
                "sentences": [],
                "annotations": [
                    _annotation(f"T{number}", annotation, text)
                    for number, annotation in enumerate(document.annotations, 1)
                ],
                "relations": [],
            }
        ],
        "annotations": [],
        "relations": [],
    }


def _annotation(id: str, annotation: Annotation, text: str) -> dict[str, Any]:
    span, context, decision = annotation.span, annotation.context, annotation.decision
    chosen = annotation.chosen
    infons = {
        "type": span.type,
        "identifier": chosen.id if chosen else "",
        "preferred_term": chosen.preferred_term if chosen else "",
        "probability": repr(decision.probability),
        "path": decision.path.value,
        "reason": decision.reason.value,
        "source": span.source.value,
        "span_score": repr(span.score),
        "section": context.section,
        "candidates": " ".join(one.id for one in annotation.candidates),
        **{
            assertion.value: "; ".join(
                text[one.start : one.end] for one in context.triggers if one.assertion is assertion
            )
            for assertion in Assertion
        },
    }
    return {
        "id": id,
        "infons": {name: value for name, value in infons.items() if value},
        # The library asks for all of the text between the first location and the last.
        "text": text[span.start : span.end],
        "locations": [
            {"offset": start, "length": end - start}
            for start, end in span.fragments or ((span.start, span.end),)
        ],
    }


def render_json(documents: Iterable[AnnotatedDocument], destination: Path, origin: Origin) -> None:
    """Write BioC JSON. Raises OSError."""
    head = orjson.dumps(
        {
            "source": origin.software,
            "date": origin.day,
            "key": _KEY,
            "version": "1.0",
            "infons": {"release": origin.release},
        }
    )
    with destination.open("xb") as file:
        file.write(head[:-1] + b',"documents":[')
        for number, document in enumerate(documents):
            file.write((b",\n" if number else b"\n") + orjson.dumps(document_object(document)))
        file.write(b"\n]}\n")


def render_xml(documents: Iterable[AnnotatedDocument], destination: Path, origin: Origin) -> None:
    """Write BioC XML. Raises OSError."""
    with destination.open("x", encoding="utf-8", newline="") as file:
        # Not by the generator, whose declaration some readers of BioC do not take.
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n')
        xml = _Xml(XMLGenerator(file, "utf-8", short_empty_elements=False))
        with xml.element("collection"):
            xml.text("source", origin.software)
            xml.text("date", origin.day)
            xml.text("key", _KEY)
            xml.infons({"release": origin.release})
            for document in documents:
                xml.document(document_object(document))
        file.write("\n")


class _Xml:
    """The elements of BioC, one after another."""

    def __init__(self, generator: XMLGenerator) -> None:
        self._generator = generator

    @contextmanager
    def element(self, name: str, **attributes: str) -> Iterator[None]:
        """An element around what is written within."""
        self._generator.startElement(
            name, AttributesImpl({key: _in_xml(attributes[key]) for key in attributes})
        )
        yield
        self._generator.endElement(name)

    def text(self, name: str, text: str) -> None:
        """An element with a text; a carriage return as a reference, for a reader would make it a line feed."""
        with self.element(name):
            first, *rest = _in_xml(text).split("\r")
            self._generator.characters(first)
            for part in rest:
                self._generator.ignorableWhitespace("&#13;")
                self._generator.characters(part)

    def infons(self, infons: dict[str, str]) -> None:
        for key, value in infons.items():
            with self.element("infon", key=key):
                self._generator.characters(_in_xml(value))

    def document(self, document: dict[str, Any]) -> None:
        with self.element("document"):
            self.text("id", document["id"])
            for passage in document["passages"]:
                with self.element("passage"):
                    self.text("offset", str(passage["offset"]))
                    self.text("text", passage["text"])
                    for annotation in passage["annotations"]:
                        self._annotation(annotation)

    def _annotation(self, annotation: dict[str, Any]) -> None:
        with self.element("annotation", id=annotation["id"]):
            self.infons(annotation["infons"])
            for one in annotation["locations"]:
                with self.element("location", offset=str(one["offset"]), length=str(one["length"])):
                    pass
            self.text("text", annotation["text"])


def _in_xml(text: str) -> str:
    return text.translate(_NO_XML)
