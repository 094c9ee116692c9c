"""Enlace in a spaCy pipeline: entities with the concepts that they mean; needs the extra `spacy`.

    import spacy

    nlp = spacy.blank("es")
    nlp.add_pipe("enlace", config={"release": "hpo-2024-04"})
    doc = nlp("Niega fiebre. Infarto agudo de miocardio en 2010.")
    for entity in doc.ents:
        print(entity.text, entity.label_, entity.kb_id_, entity._.enlace_context["negated"])

All mentions are in `doc.spans["enlace"]`, where they may overlap; `doc.ents` has the longest of those that do. Entities
that the document has already are kept and linked too. `kb_id_` is the chosen concept, or empty.

Extensions of spans have what `annotations.jsonl` says: `_.enlace` all of it, `_.enlace_candidates`,
`_.enlace_context` and `_.enlace_decision` parts of it; None for spans that are no mention. Offsets in them are
the mention's own; spans of spaCy cover whole tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans, minibatch

from api.annotating import BOTH, AnnotateOptions, annotator_of
from api.releases import chosen
from graph.release import INDEX_FOLDER, ReleaseHome, default_home
from linker.annotation.annotator import Annotator
from linker.annotation.model import AnnotatedDocument, Document, Source
from linker.annotation.model import Span as MentionSpan
from linker.annotation.records import record
from linker.pipeline import Linker

NAME = "enlace"
_UNTYPED = "MENTION"
_PARTS = ("candidates", "context", "decision")


@Language.factory(
    NAME,
    assigns=["doc.ents", "doc.spans", "span._.enlace", *(f"span._.enlace_{part}" for part in _PARTS)],
    default_config={"release": None, "recognizer": [BOTH], "top": 5, "home": None},
)
def make_component(
    nlp: Language, name: str, release: str | None, recognizer: list[str], top: int, home: str | None
) -> EnlaceComponent:
    """A component over a release, by default the current one of ENLACE_HOME, with all models opened.

    `recognizer` is as `enlace annotate --recognizer` has it; none leaves it at the entities that a document has.
    Raises ReleaseNotFound, IndexNotFound and what opening models raises.
    """
    place = ReleaseHome(Path(home)) if home else default_home()
    index = place.folder(chosen(place, release)) / INDEX_FOLDER
    options = AnnotateOptions(tuple(recognizer), top)
    return EnlaceComponent(annotator_of(index, options, lambda: Linker.open(index)))


class EnlaceComponent:
    """Marks mentions in documents, and says what they mean."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        _extend()

    def __call__(self, doc: Doc) -> Doc:
        """The same document with its mentions."""
        return self._marked([doc])[0]

    def pipe(self, stream: Iterable[Doc], *, batch_size: int) -> Iterator[Doc]:
        """Documents with their mentions, in order; so many are annotated together."""
        for batch in minibatch(stream, batch_size):
            yield from self._marked(batch)

    def _marked(self, docs: Sequence[Doc]) -> list[Doc]:
        documents = [Document("", doc.text, _given(doc)) for doc in docs]
        return [
            _mark(doc, one) for doc, one in zip(docs, self._annotator.annotate_batch(documents), strict=True)
        ]


def _given(doc: Doc) -> tuple[MentionSpan, ...]:
    return tuple(MentionSpan(one.start_char, one.end_char, one.label_, Source.GIVEN) for one in doc.ents)


def _mark(doc: Doc, annotated: AnnotatedDocument) -> Doc:
    spans, told = [], []
    records = record(annotated)["annotations"]
    for annotation, its in zip(annotated.annotations, records, strict=True):
        span = doc.char_span(
            annotation.span.start,
            annotation.span.end,
            label=annotation.span.type or _UNTYPED,
            kb_id=annotation.decision.id or "",
            alignment_mode="expand",
        )
        if span is not None:
            spans.append(span)
            told.append([span.start_char, span.end_char, span.label_, its])
    doc.spans[NAME] = spans
    # Plain lists and texts, so that documents can be stored with what is known of them.
    doc.user_data[NAME] = told
    given = {(one.start_char, one.end_char) for one in doc.ents}
    first = [one for one in spans if (one.start_char, one.end_char) in given]
    # Of equal length the first is kept; what was there before goes first whatever its length.
    kept = filter_spans(first)
    taken = {token for one in kept for token in range(one.start, one.end)}
    rest = [one for one in spans if taken.isdisjoint(range(one.start, one.end))]
    doc.ents = filter_spans([*kept, *rest])
    return doc


def _extend() -> None:
    if not Span.has_extension(NAME):
        Span.set_extension(NAME, getter=_record)
        for part in _PARTS:
            Span.set_extension(f"{NAME}_{part}", getter=_part_of(part))


def _record(span: Span) -> dict[str, Any] | None:
    for start, end, label, told in span.doc.user_data.get(NAME, ()):
        if (start, end) == (span.start_char, span.end_char) and label == span.label_:
            return dict(told)
    return None


def _part_of(part: str) -> Any:
    def of(span: Span) -> Any:
        told = _record(span)
        return told[part] if told else None

    return of
