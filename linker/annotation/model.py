"""What is found in a document: spans, their context, and the concepts linked to them.

Offsets are characters of the document as it was given, from 0, the end exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from linker.model import Candidate, Decision


class Source(StrEnum):
    """What found a span."""

    DICTIONARY = "dictionary"
    """A term of the release, or an abbreviation that the document defines."""
    RECOGNIZER = "recognizer"
    """A token-classification model."""
    GIVEN = "given"
    """It came with the document."""


@dataclass(frozen=True, slots=True)
class Span:
    """A mention: `document.text[start:end]`.

    `type` is what kind of mention it is (`disorder`, `symptom`, `procedure`, `morphology`, or whatever the
    recogniser's folder or the release's semantic tags call it); empty where nothing is known. `score`, in
    [0, 1], is how sure its source is. `fragments` are the pieces of a discontinuous mention in the order of the
    text, each a start and an end, the first from `start`, the last to `end`; empty where it is of one piece.
    """

    start: int
    end: int
    type: str
    source: Source
    score: float = 1.0
    fragments: tuple[tuple[int, int], ...] = ()

    def of(self, text: str) -> str:
        """The mention in its document's text: the pieces of a discontinuous one with a space between them."""
        return " ".join(text[start:end] for start, end in self.fragments) or text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its name. `spans` are mentions that came with it; they are kept, whatever else is found."""

    id: str
    text: str
    spans: tuple[Span, ...] = ()


class Recognizer(Protocol):
    """Finds mentions in texts. Safe for several threads."""

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text, in its order (by start, then longer first), without repetition."""
        ...


class Assertion(StrEnum):
    """What a text says of a mention besides that it is there."""

    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"
    FAMILY = "family"
    HYPOTHETICAL = "hypothetical"


@dataclass(frozen=True, slots=True)
class Trigger:
    """The words that decided one assertion: `document.text[start:end]`."""

    assertion: Assertion
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MentionContext:
    """What a document says of a mention. Nothing of it: it is affirmed, of the patient, and now.

    `section` is the heading that it stands under, as written; empty where there is none.
    """

    triggers: tuple[Trigger, ...] = ()
    section: str = ""

    def has(self, assertion: Assertion) -> bool:
        """Whether something in the text says so."""
        return any(one.assertion is assertion for one in self.triggers)


class ContextFinder(Protocol):
    """Reads the context of mentions. Safe for several threads."""

    def contexts(self, text: str, spans: Sequence[Span]) -> list[MentionContext]:
        """The context of each span, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Annotation:
    """A span with its context and the concepts that it may mean, best first. `text` is `span.of(document.text)`."""

    span: Span
    text: str
    context: MentionContext
    candidates: tuple[Candidate, ...]
    decision: Decision

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that the decision is for; None where no concept was chosen."""
        return next((one for one in self.candidates if one.id == self.decision.id), None)


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A document with its annotations, in the order of its text."""

    document: Document
    annotations: tuple[Annotation, ...]
