"""Linking over GraphQL: the names are those of `linked.jsonl`, and each candidate is a whole concept besides."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import strawberry

from api.argument_checks import check_link_options, check_mentions
from api.link_options import LinkOptions
from api.schema.concept import Concept, known_concepts_of
from api.schema.context import Asked, Info
from api.schema.fields import described
from api.schema.release import Release
from linker import model


@strawberry.enum(description="Which way an answer was reached.")
class LinkingPath(Enum):
    """`linker.model.Path` in the schema."""

    EXACT = strawberry.enum_value("exact", description="A term is the mention, letter for letter.")
    FOLDED = strawberry.enum_value(
        "folded", description="A term is the mention once case, accents and punctuation are folded."
    )
    RETRIEVED = strawberry.enum_value(
        "retrieved", description="Found by meaning or by shared characters, in the order of retrieval."
    )
    RERANKED = strawberry.enum_value(
        "re-ranked", description="Retrieved, then put in order with the cross-encoder's score."
    )
    CUT = strawberry.enum_value(
        "cut by budget", description="Retrieved, and not re-ranked because `budgetMs` was over."
    )
    COMPLETED = strawberry.enum_value(
        "completed",
        description="Its code has the stem of a retrieved concept's code, whose term is shown as the matched one.",
    )
    NONE = strawberry.enum_value("none", description="No concept was chosen.")


@strawberry.type(description="Each stage's own score of a candidate; null where the stage did not see it.")
class StageScores:
    """`linker.model.StageScores` in the schema."""

    dense: float | None = strawberry.field(description="Cosine of the vectors, from -1 to 1.")
    lexical: float | None = strawberry.field(description="TF-IDF cosine of character n-grams, from 0 to 1.")
    rerank: float | None = strawberry.field(description="The cross-encoder's probability, from 0 to 1.")


@strawberry.type(description="Something besides the scores that speaks for a candidate, or against it.")
class Evidence:
    """`linker.model.Evidence` in the schema."""

    kind: str = strawberry.field(description="What it is, as `translation of its words`.")
    value: float = strawberry.field(description="Its weight as a share; less than 0 where it speaks against.")
    concepts: list[strawberry.ID] = strawberry.field(
        description="The ids of the concepts that it comes from, as `HP:0001250`; empty where it comes from none."
    )


@strawberry.type(description="A concept that a mention may mean, and why it ranks where it does.")
class Candidate:
    """`linker.model.Candidate` in the schema."""

    id: strawberry.ID = strawberry.field(description="The concept's id, for example `SNOMEDCT:22298006`.")
    preferred_term: str = strawberry.field(
        description="How the index calls the concept, for example `hipertensión arterial`."
    )
    matched_term: str = strawberry.field(
        description="The term of the concept that is closest to the mention, for example `HTA`."
    )
    reading: str = strawberry.field(
        description="What the term was compared with: the mention, or the mention with abbreviations written "
        "out, as `insuficiencia renal` for `insuf. renal`."
    )
    score: float = strawberry.field(description="What candidates are ordered by, from 0 to 1, highest first.")
    scores: StageScores = strawberry.field(description="Each stage's own score.")
    path: LinkingPath = strawberry.field(description="Which way it was found.")
    evidence: list[Evidence] = strawberry.field(
        description="What besides the scores speaks for it, or against it."
    )
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, candidate: model.Candidate) -> Candidate:
        """The linker's candidate as the schema shows it."""
        scores = candidate.scores
        return cls(
            id=strawberry.ID(candidate.id),
            preferred_term=candidate.preferred_term,
            matched_term=candidate.matched_term,
            reading=candidate.reading,
            score=candidate.score,
            scores=StageScores(dense=scores.dense, lexical=scores.lexical, rerank=scores.rerank),
            path=LinkingPath(candidate.path.value),
            evidence=[
                Evidence(kind=one.kind, value=one.value, concepts=list(map(strawberry.ID, one.concepts)))
                for one in candidate.evidence
            ],
            asked=asked,
        )

    @described
    async def concept(self, info: Info) -> Concept:
        """The concept, with all that the graph knows of it."""
        return (await known_concepts_of(info, self.asked, [self.id]))[0]


@strawberry.type(description="The concept chosen for a mention, or none with the reason.")
class Decision:
    """`linker.model.Decision` in the schema."""

    id: strawberry.ID | None = strawberry.field(
        description="The chosen concept's id, for example `HP:0001250`; null where none is chosen."
    )
    path: LinkingPath = strawberry.field(description="Which way it was reached.")
    reason: str = strawberry.field(
        description="Why none was chosen: `nothing close`, `two concepts tie` or `out of scope`; empty where one was."
    )
    probability: float = strawberry.field(
        description="How likely the first candidate is to be right, chosen or not, from 0 to 1."
    )
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, decision: model.Decision) -> Decision:
        """The linker's decision as the schema shows it."""
        return cls(
            id=strawberry.ID(decision.id) if decision.id is not None else None,
            path=LinkingPath(decision.path.value),
            reason=decision.reason.value,
            probability=decision.probability,
            asked=asked,
        )

    @described
    async def concept(self, info: Info) -> Concept | None:
        """The chosen concept, with all that the graph knows of it."""
        return (await known_concepts_of(info, self.asked, [self.id]))[0] if self.id is not None else None


@strawberry.type(description="A mention with the concepts that it may mean.")
class Linking:
    """`linker.model.Linking` in the schema."""

    mention: str = strawberry.field(
        description="The mention as it was given, for example `insuf. renal aguda`."
    )
    candidates: list[Candidate] = strawberry.field(
        description="Distinct concepts, best first; at most `top`."
    )
    decision: Decision = strawberry.field(description="What is chosen.")
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, linking: model.Linking) -> Linking:
        """The linker's linking as the schema shows it."""
        return cls(
            mention=linking.mention,
            candidates=[Candidate.of(asked, candidate) for candidate in linking.candidates],
            decision=Decision.of(asked, linking.decision),
            asked=asked,
        )

    @described
    def release(self) -> Release:
        """The release whose index answered."""
        return Release.asked(self.asked)


async def link_mentions(
    info: Info, asked: Asked, mentions: Sequence[str], top: int, text: str, options: LinkOptions
) -> list[Linking]:
    """The linking of each mention of a document, in order.

    Raises ArgumentRejected, MentionRejected, ScopeRejected, EclError and what linking raises.
    """
    info.context.need("link")
    settings = info.context.settings
    check_mentions(settings, mentions, top, options.budget_ms)
    check_link_options(settings, text, options)
    if text or options.decides:
        found = await asked.service.link_within(mentions, top, text, options)
    else:
        found = await asked.service.link(mentions, top, options.budget_ms)
    return [Linking.of(asked, linking) for linking in found]
