"""The shape of GraphQL errors: a sentence, a code from the table, and the argument to blame if there is one."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping

from graphql import ExecutionResult as GraphQLExecutionResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from api.error_codes import GRAPHQL_INVALID, INTERNAL, extensions_of
from graph.errors import EnlaceError

_LOG = logging.getLogger("enlace.api")


class ErrorAnswers(SchemaExtension):
    """Gives every error of an answer its code, and hides what went wrong inside, which is logged under an id."""

    def on_operation(self) -> Iterator[None]:
        """Rewrite the errors once the operation has run."""
        yield
        result = self.execution_context.result
        if isinstance(result, (ExecutionResult, GraphQLExecutionResult)) and result.errors:
            result.errors = [answer(error) for error in result.errors]


def answer(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return _with(error, error.message, {"code": GRAPHQL_INVALID})
    if isinstance(cause, EnlaceError):
        return _with(error, str(cause), extensions_of(cause))
    if isinstance(cause, RecursionError):
        return _with(
            error, "The query is nested too deeply; send several requests.", {"code": GRAPHQL_INVALID}
        )
    fault = uuid.uuid4().hex[:12]
    _LOG.error("Fault %s at %s", fault, error.path, exc_info=cause)
    return _with(
        error,
        f"Something went wrong inside the server; it is logged as {fault}.",
        {"code": INTERNAL, "id": fault},
    )


def _with(error: GraphQLError, message: str, extensions: Mapping[str, str | int]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=dict(extensions),
    )
