"""The schema with its limits."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError
from strawberry.extensions import AddValidationRules, MaxTokensLimiter
from strawberry.types import ExecutionContext

from api.query_shape import shape_rule
from api.schema.answers import ErrorAnswers
from api.schema.cost_limit import CostLimit
from api.schema.query import Query
from api.settings import Settings


class EnlaceSchema(strawberry.Schema):
    """The schema; its errors are logged by `answers`, and only where they are ours."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing: a client's mistake is told to the client."""


def build_schema(settings: Settings) -> EnlaceSchema:
    """The schema that keeps to the limits of `settings`."""
    return EnlaceSchema(
        query=Query,
        extensions=[
            ErrorAnswers,
            lambda: AddValidationRules([shape_rule(settings)]),
            lambda: MaxTokensLimiter(max_token_count=settings.max_tokens),
            lambda: CostLimit(settings),
        ],
    )
