"""Annotating over GraphQL: the names are those of `annotations.jsonl`, and each candidate is a whole concept too."""

from __future__ import annotations

from enum import Enum

import strawberry

from api.argument_checks import check_annotated
from api.schema.connections import Connection, record_page
from api.schema.context import Asked, Info
from api.schema.fields import check_first
from api.schema.linking import Candidate, Decision
from linker.annotation import model

_START = "Where it begins: how many characters (Unicode code points) of the text stand before it."
_END = "Where it ends: `start` and its own characters, so that `text[start:end]` is what is meant."


@strawberry.enum(description="What found a mention.")
class MentionSource(Enum):
    """`linker.annotation.model.Source` in the schema."""

    DICTIONARY = strawberry.enum_value(
        "dictionary", description="A term of the release, or an abbreviation that the text defines."
    )
    RECOGNIZER = strawberry.enum_value("recognizer", description="A token-classification model.")
    GIVEN = strawberry.enum_value("given", description="It came with the document.")


@strawberry.enum(description="What a text says of a mention besides that it is there.")
class Assertion(Enum):
    """`linker.annotation.model.Assertion` in the schema."""

    NEGATED = strawberry.enum_value("negated", description="The patient does not have it.")
    UNCERTAIN = strawberry.enum_value("uncertain", description="It is supposed, or to be ruled out.")
    HISTORICAL = strawberry.enum_value("historical", description="It is of the past.")
    FAMILY = strawberry.enum_value("family", description="It is a relative's.")
    HYPOTHETICAL = strawberry.enum_value("hypothetical", description="It may come, or is a condition.")


@strawberry.type(description="A stretch of the text, in characters from 0; a character beyond U+FFFF is one.")
class TextSpan:
    """A start and an end."""

    start: int = strawberry.field(description=_START)
    end: int = strawberry.field(description=_END)


@strawberry.type(description="The words that decided one assertion.")
class Trigger:
    """`linker.annotation.model.Trigger` in the schema."""

    assertion: Assertion = strawberry.field(description="What they say.")
    start: int = strawberry.field(description=_START)
    end: int = strawberry.field(description=_END)
    text: str = strawberry.field(description="The words, for example `niega`.")


@strawberry.type(
    description="What a text says of a mention; where nothing is true, it is the patient's, now, and there."
)
class MentionContext:
    """`linker.annotation.model.MentionContext` in the schema."""

    negated: bool = strawberry.field(description="The patient does not have it.")
    uncertain: bool = strawberry.field(description="It is supposed, or to be ruled out.")
    historical: bool = strawberry.field(description="It is of the past.")
    family: bool = strawberry.field(description="It is a relative's.")
    hypothetical: bool = strawberry.field(description="It may come, or is a condition.")
    section: str = strawberry.field(
        description="The heading that it stands under as written, for example `Antecedentes familiares`; or empty."
    )
    triggers: list[Trigger] = strawberry.field(description="The words that decided.")

    @classmethod
    def of(cls, context: model.MentionContext, text: str) -> MentionContext:
        """The context of a mention in `text` as the schema shows it."""
        return cls(
            negated=context.has(model.Assertion.NEGATED),
            uncertain=context.has(model.Assertion.UNCERTAIN),
            historical=context.has(model.Assertion.HISTORICAL),
            family=context.has(model.Assertion.FAMILY),
            hypothetical=context.has(model.Assertion.HYPOTHETICAL),
            section=context.section,
            triggers=[
                Trigger(
                    assertion=Assertion(one.assertion.value),
                    start=one.start,
                    end=one.end,
                    text=text[one.start : one.end],
                )
                for one in context.triggers
            ],
        )


@strawberry.type(
    description="A mention that was found in a text, its context, and the concepts that it may mean."
)
class Annotation:
    """`linker.annotation.model.Annotation` in the schema."""

    start: int = strawberry.field(description=_START)
    end: int = strawberry.field(description=_END)
    fragments: list[TextSpan] = strawberry.field(
        description="The pieces of a discontinuous mention; empty where it is of one piece."
    )
    text: str = strawberry.field(description="The mention, for example `HTA`.")
    type: str = strawberry.field(
        description="What kind of mention it is, as `disorder`; empty where unknown."
    )
    source: MentionSource = strawberry.field(description="What found it.")
    score: float = strawberry.field(description="How sure that was, from 0 to 1.")
    context: MentionContext = strawberry.field(description="What the text says of it.")
    candidates: list[Candidate] = strawberry.field(
        description="Distinct concepts, best first; at most `top`."
    )
    decision: Decision = strawberry.field(description="What is chosen.")

    @classmethod
    def of(cls, asked: Asked, annotation: model.Annotation, text: str, top: int) -> Annotation:
        """An annotation of `text` as the schema shows it."""
        span = annotation.span
        return cls(
            start=span.start,
            end=span.end,
            fragments=[TextSpan(start=start, end=end) for start, end in span.fragments],
            text=annotation.text,
            type=span.type,
            source=MentionSource(span.source.value),
            score=span.score,
            context=MentionContext.of(annotation.context, text),
            candidates=[Candidate.of(asked, one) for one in annotation.candidates[:top]],
            decision=Decision.of(asked, annotation.decision),
        )


async def annotate_text(
    info: Info, asked: Asked, text: str, top: int, first: int, after: str | None
) -> Connection[Annotation]:
    """A page of the annotations of a text, in its order. Raises ArgumentRejected and what linking raises."""
    info.context.need("link")
    check_first(info, first)
    check_annotated(info.context.settings, text, top)
    found = await asked.service.annotate(text)
    return record_page(
        info,
        asked.release,
        found,
        lambda one: Annotation.of(asked, one, text, top),
        first,
        after,
        "annotate",
        text,
    )
