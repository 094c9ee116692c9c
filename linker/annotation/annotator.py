"""`Annotator`: documents in, mentions with their context and concepts out.

Documents are taken some at a time: each recogniser reads them together, and all their mentions are linked together, a
mention that a document repeats once. What a document defines of its abbreviations counts for its own mentions, and a
cross-encoder that was trained to read the text around a mention gets it.

The type that a recogniser or the document gave a mention narrows semantic tags, where the release has tags of that
type (`linker.annotation.mention_types`): a mention whose first concept has another tag, or that two concepts may be, is
linked again within these, and if a concept is chosen there, that is the answer. Where none is, or where a term was the
mention and none of these is, the first answer stands: annotators and terminologies do not always agree on what a thing
is. Then the mentions of a document have a say on each other's candidates (`linker.coherence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from linker.annotation.mention_types import MentionTypes
from linker.annotation.model import (
    AnnotatedDocument,
    Annotation,
    ContextFinder,
    Document,
    MentionContext,
    Recognizer,
    Source,
    Span,
)
from linker.annotation.overlaps import resolve_all
from linker.coherence import CANDIDATES, weighed_together
from linker.mention_texts import MAXIMUM_MENTION_LENGTH
from linker.model import Decision, DocumentContext, Linking, Path, Reason
from linker.pair_text import NO_CONTEXT, Context
from linker.pipeline import Linker
from linker.scope import Scope

DOCUMENTS_AT_ONCE = 16
"""Documents that are read and linked together: a few hundred mentions, which fill the encoder's batches."""
MENTIONS_AT_ONCE = 512
"""Mentions linked at once, so that a very long document takes no more memory than some short ones."""
TOP = 5

_NOT_LINKED = Decision(None, Path.NONE, Reason.NOTHING_CLOSE, 0.0)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A mention as the linker is asked for it. Equal ones are one question."""

    mention: str
    document: DocumentContext
    context: Context
    type: str


class Annotator:
    """Annotates documents. Safe for several threads."""

    def __init__(
        self,
        recognizers: Sequence[Recognizer],
        contexts: ContextFinder | None,
        linker: Linker,
        *,
        top_k: int = TOP,
        min_probability: float | None = None,
        types: MentionTypes | None = None,
    ) -> None:
        """`contexts` None leaves every mention without context; `types` is by default the table that ships."""
        self._recognizers = tuple(recognizers)
        self._contexts = contexts
        self._linker = linker
        self._top_k = top_k
        self._min_probability = min_probability
        self._types = types or MentionTypes.open()
        tags = linker.index.semantic_tags()
        self._there = frozenset(tags) - {""}
        self._tags = dict(zip(linker.index.concept_ids(), tags, strict=True)) if self._there else {}
        self._scopes: dict[frozenset[str], Scope] = {}
        self._reach = linker.reranker.form.context if linker.reranker else 0

    def annotate(
        self, documents: Iterable[Document], documents_at_once: int = DOCUMENTS_AT_ONCE
    ) -> Iterator[AnnotatedDocument]:
        """The documents with their annotations, in order; some are taken before the first is given."""
        rest = iter(documents)
        while batch := list(islice(rest, documents_at_once)):
            yield from self.annotate_batch(batch)

    def annotate_batch(self, documents: Sequence[Document]) -> list[AnnotatedDocument]:
        """Some documents at once, in their order."""
        texts = [document.text for document in documents]
        given = [list(document.spans) for document in documents]
        found = resolve_all([given, *(recognizer.spans(texts) for recognizer in self._recognizers)])
        return self.annotate_spans(documents, found)

    def annotate_spans(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]]
    ) -> list[AnnotatedDocument]:
        """Context and concepts of spans that are known, in the order of each document's; empty ones are left out."""
        kept = [
            [span for span in own if span.of(document.text).strip()]
            for document, own in zip(documents, spans, strict=True)
        ]
        asked = [
            self._asked(document, place, span)
            for document, own in zip(documents, kept, strict=True)
            for place in (DocumentContext(document.id, document.text),)
            for span in own
        ]
        linked = self._linked(asked)
        answers = iter([linked[one] for one in asked])
        annotated = []
        for document, own in zip(documents, kept, strict=True):
            contexts = (
                self._contexts.contexts(document.text, own)
                if self._contexts
                else [MentionContext()] * len(own)
            )
            annotated.append(
                AnnotatedDocument(
                    document,
                    tuple(
                        Annotation(
                            span,
                            span.of(document.text),
                            context,
                            answer.candidates,
                            answer.decision,
                        )
                        for span, context, answer in zip(
                            own, contexts, islice(answers, len(own)), strict=True
                        )
                    ),
                )
            )
        return annotated

    def _asked(self, document: Document, place: DocumentContext, span: Span) -> _Asked:
        context = NO_CONTEXT
        if self._reach:
            # Out of what may be read of it: a document can be long, and have thousands of mentions.
            first = max(0, span.start - self._reach - 1)
            near = document.text[first : span.end + self._reach + 1]
            context = Context.around(near, span.start - first, span.end - first, self._reach)
        mention = " ".join(span.of(document.text).split())
        # The dictionary has the type from a term that the mention is: it tells the linker nothing new.
        return _Asked(mention, place, context, "" if span.source is Source.DICTIONARY else span.type)

    def _linked(self, asked: Sequence[_Asked]) -> dict[_Asked, Linking]:
        """The answer to each question."""
        linked: dict[_Asked, Linking] = {}
        distinct: list[_Asked] = []
        for one in dict.fromkeys(asked):
            if len(one.mention) > MAXIMUM_MENTION_LENGTH:
                linked[one] = Linking(one.mention, (), _NOT_LINKED)
            else:
                distinct.append(one)
        for start in range(0, len(distinct), MENTIONS_AT_ONCE):
            some = distinct[start : start + MENTIONS_AT_ONCE]
            linked.update(zip(some, self._link(some, None), strict=True))
        again: dict[frozenset[str], list[_Asked]] = {}
        for one in distinct:
            if tags := self._narrowed(one.type, linked[one]):
                again.setdefault(tags, []).append(one)
        for tags, some in again.items():
            for one, narrower in zip(some, self._link(some, self._scope(tags)), strict=True):
                # A term that is the mention says more than the type does, which a recogniser guessed.
                if narrower.decision.id is not None and (
                    narrower.decision.path.matched or not linked[one].decision.path.matched
                ):
                    linked[one] = narrower
        weighed = weighed_together(
            list(linked.values()),
            [one.document for one in linked],
            self._linker.decisions,
            top_k=self._top_k,
            min_probability=self._min_probability,
        )
        return dict(zip(linked, weighed, strict=True))

    def _link(self, asked: Sequence[_Asked], scope: Scope | None) -> list[Linking]:
        return self._linker.link(
            [one.mention for one in asked],
            top_k=max(self._top_k, CANDIDATES),
            documents=[one.document for one in asked],
            contexts=[one.context for one in asked] if self._reach else None,
            scope=scope,
            min_probability=self._min_probability,
            together=False,
        )

    def _narrowed(self, type: str, linking: Linking) -> frozenset[str]:
        """The semantic tags within which a mention is to be linked again; none where its answer stands."""
        tags = self._types.tags_of(type) & self._there
        if not tags or not linking.candidates:
            return frozenset()
        if linking.decision.reason is Reason.TIE:
            # The type may tell which of the two it is: `HD`, hemodiálisis or hemorragia digestiva.
            return tags
        best = linking.decision.id or linking.candidates[0].id
        return frozenset() if self._tags[best] in tags else tags

    def _scope(self, tags: frozenset[str]) -> Scope:
        if tags not in self._scopes:
            self._scopes[tags] = Scope.of(self._linker.index, semantic_tags=sorted(tags))
        return self._scopes[tags]
