"""Refuses queries that can cost too much, before anything of them runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    validate,
)
from strawberry.extensions import SchemaExtension

from api.errors import QueryTooCostly
from api.schema.cost import cost_of
from api.settings import Settings


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    name: str | None,
    variables: Mapping[str, object],
    settings: Settings,
) -> None:
    """Raise QueryTooCostly where the operation of a valid document can cost more than the settings allow."""
    operation = get_operation_ast(document, name)
    if not isinstance(operation, OperationDefinitionNode):
        return  # which of several is meant is told by the execution
    cost = cost_of(schema, document, operation, variables)
    if cost > settings.max_cost:
        raise QueryTooCostly(
            f"The query can cost {_said(cost)} and at most {settings.max_cost:,} is accepted; ask for less at once, "
            "or give smaller values of `first`."
        )


class CostLimit(SchemaExtension):
    """`check_cost` for a schema that validates by itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def on_validate(self) -> Iterator[None]:
        """Validate, and refuse what is in order but costs too much."""
        context = self.execution_context
        schema, document = context.schema._schema, context.graphql_document
        assert document is not None
        errors = validate(schema, document, context.validation_rules)
        if not errors:
            try:
                check_cost(schema, document, context.operation_name, context.variables or {}, self._settings)
            except QueryTooCostly as error:
                errors = [GraphQLError(str(error), original_error=error)]
        context.pre_execution_errors = errors
        yield


def _said(cost: int) -> str:
    return f"{cost:,}" if cost < 10**9 else "thousands of millions"
