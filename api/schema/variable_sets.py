"""Clinical variables, and what each stands for in the release."""

from __future__ import annotations

import strawberry

from api.harmonizing_batch import Defined
from api.schema.concept import Concept, concept_page
from api.schema.connections import After, Connection, begin
from api.schema.context import Asked, Info
from api.schema.fields import First, described
from api.schema.harmonizing import check_definitions


@strawberry.type(description="That two variables have concepts in common.")
class VariableOverlap:
    """An entry of `api.harmonizing_batch.Defined.shared`."""

    other: strawberry.ID = strawberry.field(
        description="The id of the other variable, for example `diabetes`."
    )
    concept_count: int = strawberry.field(description="How many concepts both have.")


@strawberry.type(description="A clinical variable: a set of concepts with a name.")
class Variable:
    """`api.harmonizing_batch.Defined` in the schema."""

    id: strawberry.ID = strawberry.field(description="Its id, for example `diabetes-2`.")
    label: str = strawberry.field(description="What people call it, for example `Insuficiencia renal`.")
    parent: strawberry.ID | None = strawberry.field(
        description="The id of the variable that it is a part of, for example `insuficiencia-renal`; null for none."
    )
    value_type: str = strawberry.field(
        description="What kind of value it has, for example `quantity`; empty where that is not told."
    )
    units: list[str] = strawberry.field(description="The units of a quantity, for example `mg/dL`.")
    line: int = strawberry.field(description="Where its definition begins, counted from 1.")
    expression: str | None = strawberry.field(
        description="What it stands for, for `expand`; null where its own expression is not well-formed."
    )
    concept_count: int | None = strawberry.field(
        description="How many concepts count as it, retired ones too; null where the release cannot tell."
    )
    overlaps: list[VariableOverlap] = strawberry.field(
        description="The variables that have concepts with it in common, in their order."
    )
    asked: strawberry.Private[Asked]

    @classmethod
    def of(cls, asked: Asked, defined: Defined) -> Variable:
        """The variable as the schema shows it."""
        variable = defined.variable
        return cls(
            id=strawberry.ID(variable.id),
            label=variable.label,
            parent=strawberry.ID(variable.parent) if variable.parent else None,
            value_type=variable.value_type.value if variable.value_type else "",
            units=list(variable.units),
            line=variable.line,
            expression=defined.expression,
            concept_count=defined.concepts,
            overlaps=[VariableOverlap(other=strawberry.ID(id), concept_count=n) for id, n in defined.shared],
            asked=asked,
        )

    @described
    async def concepts(self, info: Info, first: First, after: After = None) -> Connection[Concept] | None:
        """The concepts that count as it, by id, retired ones too; null where the release cannot tell."""
        if self.expression is None or self.concept_count is None:
            return None
        start, mark = begin(info, self.asked.release, first, after, "expand", self.expression, "")
        found = await self.asked.service.expand(self.expression, first, start, "")
        return await concept_page(info, self.asked, found.total, found.ids, start, mark)


async def defined_variables(info: Info, asked: Asked, variables: str) -> list[Variable]:
    """What each variable stands for. Raises ArgumentRejected, VariablesError, StoreUnavailable."""
    check_definitions(info, variables)
    found = await asked.service.define_variables(variables, info.context.settings.max_variables)
    return [Variable.of(asked, defined) for defined in found]
