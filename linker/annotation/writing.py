"""Annotated documents in the format of another program: one table, from the name to what writes it.

Every format is rendered from the stream of documents, in memory that does not grow with their number. The
destination must not exist: who wants it to be whole or absent renders beside its place and renames it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from linker.annotation.formats import bioc, brat, fhir, html, table
from linker.annotation.formats.origin import Origin
from linker.annotation.model import AnnotatedDocument, Annotation

#: Writes documents to a destination that does not exist. Raises OSError where it cannot be written.
Render: TypeAlias = Callable[[Iterable[AnnotatedDocument], Path, Origin], None]


#: What can be written, but for the records of `linker.annotation.records`.
FORMATS: MappingProxyType[str, Render] = MappingProxyType(
    {
        "brat": brat.render,
        "bioc": bioc.render_json,
        "bioc-xml": bioc.render_xml,
        "fhir": fhir.render,
        "html": html.render,
        "parquet": table.render_parquet,
        "csv": table.render_csv,
    }
)


def render(format: str, documents: Iterable[AnnotatedDocument], destination: Path, origin: Origin) -> None:
    """Write documents, in their order, to a file or folder that does not exist yet.

    Halves of characters that no encoding has (lone surrogates) are written as U+FFFD, so that offsets hold.
    Raises KeyError for a format that `FORMATS` has not, and OSError.
    """
    FORMATS[format](_encodable(documents), destination, origin)


def _encodable(documents: Iterable[AnnotatedDocument]) -> Iterator[AnnotatedDocument]:
    for one in documents:
        try:
            one.document.text.encode()
            one.document.id.encode()
            yield one
        except UnicodeEncodeError:
            document = replace(one.document, id=_whole(one.document.id), text=_whole(one.document.text))
            yield AnnotatedDocument(document, tuple(map(_whole_annotation, one.annotations)))


def _whole(text: str) -> str:
    # A half of two bytes is decoded back as one replacement character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _whole_annotation(annotation: Annotation) -> Annotation:
    return replace(
        annotation,
        text=_whole(annotation.text),
        context=replace(annotation.context, section=_whole(annotation.context.section)),
        candidates=tuple(replace(one, reading=_whole(one.reading)) for one in annotation.candidates),
    )
