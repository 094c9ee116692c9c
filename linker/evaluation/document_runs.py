"""The evaluation of whole documents: some systems of recognisers beside each other, with one linker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from typing import Any, Protocol

from linker.annotation.annotator import DOCUMENTS_AT_ONCE
from linker.annotation.model import AnnotatedDocument, Document, Recognizer, Span
from linker.annotation.overlaps import resolve_all
from linker.evaluation.document_gold import GoldSpan
from linker.evaluation.documents import Counts, Figures, FoundSpan, counted, figures
from linker.marked_spans import document_name


class LinksSpans(Protocol):
    """What gives spans of documents their concepts: `linker.annotation.annotator.Annotator`."""

    def annotate_spans(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]]
    ) -> list[AnnotatedDocument]:
        """The documents with their spans linked."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentEvaluation:
    """What `enlace evaluate-documents` reports: `systems` by name, then by type and measure."""

    release: str
    created: str
    software: str
    documents: int
    without_text: int
    """Documents with gold mentions that the input does not have; their mentions are not counted."""
    mentions: int
    coded: int
    systems: dict[str, dict[str, dict[str, Figures]]]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "release": self.release,
            "created": self.created,
            "software": self.software,
            "documents": self.documents,
            "documents_without_text": self.without_text,
            "mentions": self.mentions,
            "coded_mentions": self.coded,
            "systems": {
                system: {
                    type: {measure: one.as_json() for measure, one in measures.items()}
                    for type, measures in by_type.items()
                }
                for system, by_type in self.systems.items()
            },
        }


def evaluate_documents(
    documents: Iterable[Document],
    gold: Mapping[str, Sequence[GoldSpan]],
    systems: Mapping[str, Sequence[Recognizer]],
    linker: LinksSpans | None,
    *,
    release: str,
    all_documents: bool = False,
    told: Callable[[int], None] = lambda done: None,
) -> DocumentEvaluation:
    """Measure each of `systems`, whose recognisers speak together, on the documents that `gold` has mentions of.

    With `all_documents` one without gold mentions counts too: annotators read it and marked nothing. Names of documents
    are without the prefix that some corpora add. Without `linker`, or where no mention has a code, only spans are
    measured. `told` gets the running count of documents.
    """
    codes = linker is not None and any(one.codes for own in gold.values() for one in own)
    types = tuple(sorted({one.type for own in gold.values() for one in own if one.type}))
    counts: dict[str, list[dict[tuple[str, str], Counts]]] = {name: [] for name in systems}
    seen: dict[str, None] = {}
    chosen = _chosen(documents, gold, seen, all_documents=all_documents)
    while batch := list(islice(chosen, DOCUMENTS_AT_ONCE)):
        texts = [document.text for document in batch]
        # Systems share recognisers, which speak once.
        spoken: dict[int, list[list[Span]]] = {}
        for own in systems.values():
            for one in own:
                if id(one) not in spoken:
                    spoken[id(one)] = one.spans(texts)
        found = {name: resolve_all([spoken[id(one)] for one in own]) for name, own in systems.items()}
        for name, spans in found.items():
            # Each system by itself: the mentions of a document have a say on each other.
            concepts = _concepts(linker, batch, spans) if codes and linker is not None else {}
            for place, document in enumerate(batch):
                own_gold = gold.get(document_name(document.id), ())
                told_spans = [
                    FoundSpan(span.start, span.end, span.type, *concepts.get((place, span), (None, None)))
                    for span in spans[place]
                ]
                counts[name].append(counted(told_spans, own_gold, types, codes=codes))
        told(len(seen))
    measured = [one for name in seen for one in gold.get(name, ())]
    return DocumentEvaluation(
        release=release,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        software=version("enlace"),
        documents=len(seen),
        without_text=len(gold.keys() - seen.keys()),
        mentions=len(measured),
        coded=sum(bool(one.codes) for one in measured),
        systems={name: figures(own) for name, own in counts.items()},
    )


def _chosen(
    documents: Iterable[Document],
    gold: Mapping[str, Sequence[GoldSpan]],
    seen: dict[str, None],
    *,
    all_documents: bool,
) -> Iterator[Document]:
    """The documents to measure on, each once; their names are put into `seen`."""
    for document in documents:
        name = document_name(document.id)
        if name not in seen and (all_documents or name in gold):
            seen[name] = None
            yield document


def _concepts(
    linker: LinksSpans, batch: Sequence[Document], spans: Sequence[Sequence[Span]]
) -> dict[tuple[int, Span], tuple[str | None, str | None]]:
    """The chosen concept and the first candidate of each span, by the document's place in the batch."""
    return {
        (place, one.span): (one.decision.id, one.candidates[0].id if one.candidates else None)
        for place, annotated in enumerate(linker.annotate_spans(batch, spans))
        for one in annotated.annotations
    }
