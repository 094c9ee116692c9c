"""Codes of other systems."""

from __future__ import annotations

import strawberry

from graph import model


@strawberry.type(description="A code of another system that a concept maps to.")
class Mapping:
    """`graph.model.Mapping` in the schema."""

    target: strawberry.ID = strawberry.field(
        description="The other system's code, for example `ICD10:I21.9`."
    )
    kind: str = strawberry.field(description="`xref`, `exact`, `broad`, `narrow` or the source's own word.")
    group: int = strawberry.field(
        description="Map group: one code of each group is wanted; 0 where the source has none."
    )
    priority: int = strawberry.field(
        description="Order in which the rules of a group are tried, from 1; else 0."
    )
    rule: str = strawberry.field(
        description="The condition of the map, in the source's language, as `IFA 445518008 |edad de inicio|`; "
        "else empty."
    )
    advice: str = strawberry.field(description="What the map tells the coder, as `ALWAYS I10`; else empty.")

    @classmethod
    def of(cls, mapping: model.Mapping) -> Mapping:
        """The record as the schema shows it."""
        return cls(
            target=strawberry.ID(mapping.target),
            kind=mapping.kind,
            group=mapping.group,
            priority=mapping.priority,
            rule=mapping.rule,
            advice=mapping.advice,
        )
