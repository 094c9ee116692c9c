"""What is asked of a mention: all that its answer depends on, and so what equal mentions of a text or of many share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linker.abbreviations import Abbreviations, Readings
from linker.candidates import Defined
from linker.document_abbreviations import expansions
from linker.model import DocumentContext
from linker.pair_text import NO_CONTEXT, Context


@dataclass(frozen=True, slots=True)
class Question:
    """A mention, what is searched for instead of it, and as much of the text around it as the cross-encoder reads.

    Equal ones of different documents have one answer.
    """

    mention: str
    readings: Readings
    context: Context

    @property
    def characters(self) -> int:
        """Of all its texts."""
        near = len(self.context.before) + len(self.context.after)
        return len(self.mention) + sum(map(len, self.readings.texts)) + near


def questions(
    mentions: Sequence[str],
    documents: Sequence[DocumentContext] | None,
    contexts: Sequence[Context] | None,
    abbreviations: Abbreviations,
    reach: int,
) -> list[Question]:
    """Of each mention. `reach` are the characters on each side that the cross-encoder reads."""
    places = documents if documents is not None else [DocumentContext()] * len(mentions)
    if contexts is None or not reach:
        read = [NO_CONTEXT] * len(mentions)
    else:
        read = [context.within(reach) for context in contexts]
    defined = _defined(mentions, places, abbreviations)
    return [
        Question(mention, abbreviations.readings(mention, defined[place]), context)
        for mention, place, context in zip(mentions, places, read, strict=True)
    ]


def _defined(
    mentions: Sequence[str], documents: Sequence[DocumentContext], abbreviations: Abbreviations
) -> dict[DocumentContext, Defined]:
    """What each document means by abbreviations: what it defines, else what it, or a mention of it, writes out."""
    of_document: dict[DocumentContext, list[str]] = {}
    for mention, document in zip(mentions, documents, strict=True):
        of_document.setdefault(document, []).append(mention)
    nowhere = DocumentContext()
    return {
        document: {
            **abbreviations.written_out_in(document.text or " . ".join(own), own),
            **expansions(document.text),
        }
        if document != nowhere
        else {}
        for document, own in of_document.items()
    }
