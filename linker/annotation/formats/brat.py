"""Brat's standoff: a folder with a `.txt` and an `.ann` for each document, and the configuration that brat asks for.

    T1<TAB>disorder 9 26<TAB>angina inestable
    N1<TAB>Reference T1 HP:0001658<TAB>Infarto de miocardio
    A1<TAB>negated T1

Mentions over several lines are written as brat does it, a piece a line: `disorder 9 15;16 26`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from linker.annotation.formats.document_files import DocumentFiles
from linker.annotation.formats.origin import Origin
from linker.annotation.model import AnnotatedDocument, Assertion, Span
from linker.brat import LINE_BREAKS, UNTYPED

_CONFIGURATION = "annotation.conf"
_BREAKS = re.compile(f"[{LINE_BREAKS}]+")


def render(documents: Iterable[AnnotatedDocument], folder: Path, origin: Origin) -> None:
    """Write a folder that brat opens. Raises OSError."""
    folder.mkdir(parents=True)
    files = DocumentFiles(folder)
    types: set[str] = set()
    for one in documents:
        types.update(label(annotation.span) for annotation in one.annotations)
        with files.open(one.document.id, ".txt") as text:
            text.write(one.document.text)
        beside = Path(text.name).with_suffix(".ann")
        with beside.open("x", encoding="utf-8", newline="") as lines:
            lines.writelines(f"{line}\n" for line in annotation_lines(one))
    (folder / _CONFIGURATION).write_text(_configuration(sorted(types)), "utf-8")


def annotation_lines(document: AnnotatedDocument) -> Iterator[str]:
    """The lines of a document's `.ann`."""
    text = document.document.text
    attributes = 0
    for number, annotation in enumerate(document.annotations, 1):
        pieces = _lines_of(annotation.span, text)
        offsets = ";".join(f"{start} {end}" for start, end in pieces)
        mention = _BREAKS.sub(" ", " ".join(text[start:end] for start, end in pieces))
        yield f"T{number}\t{label(annotation.span)} {offsets}\t{mention}"
        chosen = annotation.chosen
        if chosen:
            yield f"N{number}\tReference T{number} {_word(chosen.id)}\t{_BREAKS.sub(' ', chosen.preferred_term)}"
        for assertion in Assertion:
            if annotation.context.has(assertion):
                attributes += 1
                yield f"A{attributes}\t{assertion.value} T{number}"


def label(span: Span) -> str:
    """The type of a span, or what stands for none, without the spaces that brat's types cannot have."""
    return _word(span.type) or UNTYPED


def _word(text: str) -> str:
    return "_".join(text.split())


def _lines_of(span: Span, text: str) -> list[tuple[int, int]]:
    """The pieces of a mention, none over a line's end; a mention of line ends alone stays as it is."""
    pieces = []
    for start, end in span.fragments or ((span.start, span.end),):
        for found in _BREAKS.finditer(text, start, end):
            if found.start() > start:
                pieces.append((start, found.start()))
            start = found.end()
        if start < end:
            pieces.append((start, end))
    return pieces or [(span.start, span.end)]


def _configuration(types: list[str]) -> str:
    attributes = "\n".join(f"{assertion.value}\tArg:<ENTITY>" for assertion in Assertion)
    entities = "\n".join(types or [UNTYPED])
    return f"[entities]\n\n{entities}\n\n[relations]\n\n[events]\n\n[attributes]\n\n{attributes}\n"
