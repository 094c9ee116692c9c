"""The words of a concept."""

from __future__ import annotations

from enum import Enum

import strawberry

from graph import model


@strawberry.enum(description="What a term is to its concept, in its language.")
class TermKind(Enum):
    """`graph.model.TermKind` in the schema."""

    FSN = strawberry.enum_value(
        "fsn", description="Fully specified name: unambiguous, with the semantic tag in brackets."
    )
    PREFERRED = strawberry.enum_value("preferred", description="The preferred term of its language.")
    SYNONYM = strawberry.enum_value("synonym", description="Another way of saying it.")
    DEFINITION = strawberry.enum_value("definition", description="Explanatory text.")


@strawberry.enum(description="How a synonym's meaning compares with its concept's.")
class SynonymScope(Enum):
    """`graph.model.SynonymScope` in the schema."""

    EXACT = strawberry.enum_value("exact", description="The same meaning.")
    BROAD = strawberry.enum_value("broad", description="A wider meaning.")
    NARROW = strawberry.enum_value("narrow", description="A narrower meaning.")
    RELATED = strawberry.enum_value("related", description="A meaning that touches it.")


@strawberry.type(description="That a language refset, which tells the usage of a dialect, holds a term.")
class Acceptability:
    """`graph.model.Acceptability` in the schema."""

    refset_id: strawberry.ID = strawberry.field(
        description="The language refset, for example `SNOMEDCT:448879004` (Spanish of Spain)."
    )
    preferred: bool = strawberry.field(
        description="Whether the term is the preferred one of its kind there; else it is acceptable."
    )


@strawberry.type(description="A term or a definition of a concept.")
class Term:
    """`graph.model.Term` in the schema."""

    text: str = strawberry.field(
        description="As the source writes it, for example `infarto agudo de miocardio`."
    )
    language: str = strawberry.field(description="BCP 47, for example `es`.")
    kind: TermKind = strawberry.field(description="What it is to its concept.")
    scope: SynonymScope = strawberry.field(description="How its meaning compares with the concept's.")
    id: strawberry.ID | None = strawberry.field(
        description="The source's own identifier of the term, where it has one, for example `679461011`."
    )
    acceptability: list[Acceptability] = strawberry.field(
        description="The language refsets that hold it, by id; none where the source has no such refsets."
    )

    @classmethod
    def of(cls, term: model.Term) -> Term:
        """The record as the schema shows it."""
        return cls(
            text=term.text,
            language=term.language,
            kind=TermKind(term.kind.value),
            scope=SynonymScope(term.scope.value),
            id=strawberry.ID(term.id) if term.id else None,
            acceptability=[
                Acceptability(refset_id=strawberry.ID(held.refset), preferred=held.preferred)
                for held in term.acceptability
            ],
        )
