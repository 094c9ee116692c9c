"""A page for each document: its text with the mentions coloured, and a table of what they are linked to.

A page is whole by itself. It loads nothing and runs nothing: its policy allows one style sheet, known by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from graph.namespaces import iri_of
from linker.annotation.formats.document_files import DocumentFiles
from linker.annotation.formats.origin import Origin
from linker.annotation.model import AnnotatedDocument, Annotation, Assertion

_COLOURS = {"disorder": "k0", "symptom": "k1", "procedure": "k2", "morphology": "k3"}
_MORE_COLOURS = ("k4", "k5", "k6")
_LAST_COLOUR = "k7"
_DEEPEST = 3
_UNTYPED = "mention"
# What a page cannot show, or must not have, as a picture of it: line ends and tabs stay.
_CONTROLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"} | {
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
}
_INDEX_BEGIN = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Annotated documents</title>
<style>{style}</style>
</head>
<body>
<h1>Annotated documents</h1>
<p>Linked to {release} by {software}.</p>
<table>
<thead><tr><th>Document</th><th>Mentions</th><th>With a concept</th></tr></thead>
<tbody>
"""
_INDEX_END = "</tbody>\n</table>\n</body>\n</html>\n"


def render(documents: Iterable[AnnotatedDocument], folder: Path, origin: Origin) -> None:
    """Write a folder of pages, and `index.html`, which leads to them. Raises OSError."""
    from urllib.parse import quote

    folder.mkdir(parents=True)
    pages = DocumentFiles(folder)
    style, policy = _style()
    with pages.open("index", ".html") as index:
        index.write(
            _INDEX_BEGIN.format(
                policy=escape(policy),
                style=style,
                release=_shown(origin.release),
                software=_shown(origin.software),
            )
        )
        for one in documents:
            with pages.open(one.document.id, ".html") as file:
                file.write(page(one, origin))
            linked = sum(annotation.decision.id is not None for annotation in one.annotations)
            index.write(
                f'<tr><td><a href="{escape(quote(Path(file.name).name))}">{_shown(one.document.id)}</a></td>'
                f'<td class="number">{len(one.annotations)}</td><td class="number">{linked}</td></tr>\n'
            )
        index.write(_INDEX_END)


def page(document: AnnotatedDocument, origin: Origin) -> str:
    """The page of one document, without surrogates in it."""
    style, policy = _style()
    colours = _colours(document.annotations)
    seen = {name for annotation in document.annotations for name in _styles(annotation)}
    meanings = {"negated": "negated", "asserted": "in another context", "unlinked": "without a concept"}
    return _template().render(
        name=Markup(_shown(document.document.id)),
        policy=policy,
        style=Markup(style),
        origin=origin,
        kinds=[(Markup(_shown(kind)), colour) for kind, colour in colours.items()],
        styles=[(style, meaning) for style, meaning in meanings.items() if style in seen],
        triggers=any(annotation.context.triggers for annotation in document.annotations),
        text=Markup(_marked(document, colours)),
        rows=[_row(n, one, document.document.text, colours) for n, one in enumerate(document.annotations, 1)],
    )


@cache
def _style() -> tuple[str, str]:
    """The style sheet, and the policy that allows nothing but it."""
    style = files(__package__).joinpath("note.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return style, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Template:
    source = files(__package__).joinpath("note.html.jinja").read_text("utf-8")
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)


def _shown(text: str) -> str:
    """Text as a page can have it: escaped, one visible character for each that is none."""
    return escape(text.translate(_CONTROLS))


def _kind(annotation: Annotation) -> str:
    return annotation.span.type or _UNTYPED


def _colours(annotations: Sequence[Annotation]) -> dict[str, str]:
    """The colour of each type of a document, by name; types that are not known get what is left, in turn."""
    kinds = sorted({_kind(annotation) for annotation in annotations})
    more = iter(_MORE_COLOURS)
    return {kind: _COLOURS.get(kind) or next(more, _LAST_COLOUR) for kind in kinds}


def _styles(annotation: Annotation) -> list[str]:
    styles = [] if annotation.decision.id is not None else ["unlinked"]
    if annotation.context.has(Assertion.NEGATED):
        styles.append("negated")
    elif annotation.context.triggers:
        styles.append("asserted")
    return styles


def _row(number: int, annotation: Annotation, text: str, colours: Mapping[str, str]) -> dict[str, Any]:
    chosen = annotation.chosen
    address = iri_of(chosen.id) if chosen else ""
    return {
        "number": number,
        "mention": Markup(_shown(annotation.span.of(text))),
        "kind": Markup(_shown(_kind(annotation))),
        "colour": colours[_kind(annotation)],
        "chosen": chosen,
        "address": address if address.startswith(("http://", "https://")) else "",
        "reason": annotation.decision.reason.value,
        "others": [one for one in annotation.candidates if one is not chosen],
        "context": [
            (one.assertion.value, Markup(_shown(text[one.start : one.end].strip())))
            for one in annotation.context.triggers
        ],
        "section": Markup(_shown(annotation.context.section)),
        "probability": annotation.decision.probability,
    }


@dataclass(frozen=True, slots=True)
class _Element:
    """A stretch of the text with its tag; elements that cross are closed and opened again."""

    start: int
    end: int
    tag: str
    opened: str
    """The start tag where the stretch begins."""
    again: str
    """The start tag where it goes on."""


def _marked(document: AnnotatedDocument, colours: Mapping[str, str]) -> str:
    """The text with its mentions and the words that decide their context as elements, whatever they cross."""
    text = document.document.text
    elements = sorted(_elements(document, colours), key=lambda one: (one.start, -one.end))
    edges = sorted({edge for one in elements for edge in (one.start, one.end)} | {0, len(text)})
    html: list[str] = []
    under_way: list[_Element] = []
    upcoming = 0
    for start, end in zip(edges, [*edges[1:], len(text)], strict=True):
        ended = next((place for place, one in enumerate(under_way) if one.end <= start), None)
        if ended is not None:
            html.extend(f"</{one.tag}>" for one in reversed(under_way[ended:]))
            crossing = [one for one in under_way[ended:] if one.end > start]
            under_way[ended:] = crossing
            html.extend(one.again for one in crossing)
        while upcoming < len(elements) and elements[upcoming].start == start:
            under_way.append(elements[upcoming])
            html.append(elements[upcoming].opened)
            upcoming += 1
        html.append(_shown(text[start:end]))
    return "".join(html)


def _elements(document: AnnotatedDocument, colours: Mapping[str, str]) -> list[_Element]:
    text, elements = document.document.text, []
    triggers = set()
    heights = _heights(document.annotations)
    for number, (annotation, height) in enumerate(zip(document.annotations, heights, strict=True), 1):
        names = [colours[_kind(annotation)], *([f"d{height}"] if height else []), *_styles(annotation)]
        tag = f'<mark class="{" ".join(names)}" title="{_title(annotation, text)}"'
        pieces = annotation.span.fragments or ((annotation.span.start, annotation.span.end),)
        for place, (start, end) in enumerate(pieces):
            first = f'{tag} data-n="{number}"' + (f' id="m{number}"' if place == 0 else "")
            elements.append(_Element(start, end, "mark", f"{first}>", f"{tag}>"))
        for one in annotation.context.triggers:
            triggers.add((one.start, one.end, one.assertion.value))
    for start, end, assertion in sorted(triggers):
        opened = f'<u title="{assertion}">'
        elements.append(_Element(start, end, "u", opened, opened))
    return [one for one in elements if one.start < one.end]


def _title(annotation: Annotation, text: str) -> str:
    chosen = annotation.chosen
    concept = f"{chosen.id} {chosen.preferred_term}" if chosen else "no concept"
    said = [
        f"{one.assertion.value} ({' '.join(text[one.start : one.end].split())})"
        for one in annotation.context.triggers
    ]
    return _shown(" · ".join([_kind(annotation), concept, *said]))


def _heights(annotations: Sequence[Annotation]) -> list[int]:
    """How many shorter mentions each has upon it, so that the lines under nested ones do not cover each other."""
    heights = [0] * len(annotations)
    under_way: list[int] = []
    for place in sorted(range(len(annotations)), key=lambda i: annotations[i].span.start):
        start = annotations[place].span.start
        under_way = [*(one for one in under_way if annotations[one].span.end > start), place]
        by_length = sorted(under_way, key=lambda i: annotations[i].span.end - annotations[i].span.start)
        for height, one in enumerate(by_length):
            heights[one] = min(max(heights[one], height), _DEEPEST)
    return heights
