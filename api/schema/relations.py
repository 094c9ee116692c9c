"""What leads from one concept to another besides is-a: relations, refsets, and the history of retired concepts."""

from __future__ import annotations

from enum import Enum

import strawberry

from api.schema.concept import Concept, concepts_of
from api.schema.context import Asked, Info
from api.schema.fields import described
from graph import model


@strawberry.type(description="A relation of a concept other than is-a, such as its finding site.")
class Relation:
    """`graph.model.Relation` in the schema, seen from its source."""

    type_id: strawberry.ID = strawberry.field(
        description="The id of the relation's type, for example `SNOMEDCT:363698007` (finding site)."
    )
    target_id: strawberry.ID = strawberry.field(
        description="The id of what it leads to, for example `SNOMEDCT:64033007`."
    )
    group: int = strawberry.field(
        description="Relations of one group above 0 belong together; one of group 0 stands alone."
    )
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, relation: model.Relation) -> Relation:
        """The record as the schema shows it."""
        return cls(
            type_id=strawberry.ID(relation.type),
            target_id=strawberry.ID(relation.target),
            group=relation.group,
            asked=asked,
        )

    @described
    async def type(self, info: Info) -> Concept | None:
        """The type as a concept, where the release declares it as one."""
        return (await concepts_of(info, self.asked, [self.type_id], declared=False))[0]

    @described
    async def target(self, info: Info) -> Concept | None:
        """What it leads to as a concept, where the release declares it as one."""
        return (await concepts_of(info, self.asked, [self.target_id], declared=False))[0]


@strawberry.enum(description="Why one concept stands where another was, the closest first.")
class SuccessionKind(Enum):
    """`graph.model.SuccessionKind` in the schema."""

    SAME_AS = strawberry.enum_value("same-as", description="A duplicate of it.")
    REPLACED_BY = strawberry.enum_value(
        "replaced-by", description="It was wrong or outdated, and this is right."
    )
    POSSIBLY_REPLACED_BY = strawberry.enum_value("possibly-replaced-by", description="This may be right.")
    POSSIBLY_EQUIVALENT_TO = strawberry.enum_value(
        "possibly-equivalent-to", description="It was ambiguous, and this is one of its meanings."
    )
    PARTIALLY_EQUIVALENT_TO = strawberry.enum_value(
        "partially-equivalent-to", description="It meant several things together, and this is one of them."
    )
    ALTERNATIVE = strawberry.enum_value("alternative", description="This is used instead of it.")
    WAS_A = strawberry.enum_value("was-a", description="It was a kind of this.")
    SIMILAR_TO = strawberry.enum_value("similar-to", description="This resembles it.")
    MOVED_TO = strawberry.enum_value("moved-to", description="It moved to this namespace.")
    MOVED_FROM = strawberry.enum_value("moved-from", description="It came from this.")
    REFERS_TO = strawberry.enum_value("refers-to", description="One of its terms speaks of this.")


@strawberry.type(
    description="A step in the history of a concept: one stands for the other, which is retired."
)
class Succession:
    """`graph.model.Succession` in the schema, seen from one of its ends."""

    kind: SuccessionKind = strawberry.field(
        description="In which way the successor stands for the retired one."
    )
    concept_id: strawberry.ID = strawberry.field(
        description="The id at the other end, for example `HP:0001250`."
    )
    asked: strawberry.Private[Asked]

    @classmethod
    def to_successor(cls, asked: Asked, succession: model.Succession) -> Succession:
        """The record as the schema shows it to the retired concept."""
        return cls(
            kind=SuccessionKind(succession.kind.value),
            concept_id=strawberry.ID(succession.successor),
            asked=asked,
        )

    @classmethod
    def to_retired(cls, asked: Asked, succession: model.Succession) -> Succession:
        """The record as the schema shows it to the successor."""
        return cls(
            kind=SuccessionKind(succession.kind.value),
            concept_id=strawberry.ID(succession.retired),
            asked=asked,
        )

    @described
    async def concept(self, info: Info) -> Concept | None:
        """The concept at the other end, where the release declares it."""
        return (await concepts_of(info, self.asked, [self.concept_id], declared=False))[0]


@strawberry.type(description="That a refset, a subset which the source keeps for some use, holds a concept.")
class Membership:
    """`graph.model.Membership` in the schema, seen from the member."""

    refset_id: strawberry.ID = strawberry.field(
        description="The id of the refset, for example `SNOMEDCT:723264001`."
    )
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, membership: model.Membership) -> Membership:
        """The record as the schema shows it."""
        return cls(refset_id=strawberry.ID(membership.refset), asked=asked)

    @described
    async def refset(self, info: Info) -> Concept | None:
        """The refset as a concept, where the release declares it as one."""
        return (await concepts_of(info, self.asked, [self.refset_id], declared=False))[0]
