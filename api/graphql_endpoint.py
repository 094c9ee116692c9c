"""/graphql over POST and GET: a request is read, looked up among known queries, executed and written.

The schema's own `execute` does the same in several times the time: it parses and validates each query anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution import execute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from api.documents import Documents
from api.error_codes import GRAPHQL_INVALID, HTTP_INVALID, code_of
from api.errors import RequestTooSlow, ServerBusy
from api.refusals import refusal, refusal_of
from api.request_trace import trace_of
from api.schema.answers import answer
from api.schema.context import RequestContext
from api.schema.cost_limit import check_cost
from api.served_releases import ServedReleases
from api.settings import Settings
from api.web import graphiql_files
from graph.errors import EnlaceError

_BUSY = code_of(ServerBusy(""))
#: Characters of a message.
_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    variables: dict[str, Any]
    operation: str | None


class GraphQLEndpoint:
    """An ASGI application. There are no subscriptions."""

    def __init__(self, schema: Schema, served: ServedReleases, settings: Settings) -> None:
        self._schema = schema._schema
        self._documents = Documents(schema, settings)
        self._served = served
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; whatever is wrong with it is told in the shape of GraphQL errors."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except _Invalid as refused:
            response = refusal_of(refused.sentence, {"code": refused.code}, refused.status)
        except EnlaceError as error:
            trace_of(scope).codes.append(code_of(error))
            response = refusal(error)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method == "POST":
            asked = await _posted(request)
        elif request.method in ("GET", "HEAD"):
            if "query" not in request.query_params:
                return self._page(request)
            asked = _in_address(request)
        else:
            raise _Invalid("GraphQL is asked with GET or POST.", 405, HTTP_INVALID)
        trace = trace_of(request.scope)
        if self._settings.log_queries:
            trace.query, trace.variables = asked.query, asked.variables
        document = self._documents.get(asked.query)
        if isinstance(document, tuple):
            return _written(ExecutionResult(None, list(document)), trace.codes)
        _check_operation(document, asked.operation)
        check_cost(self._schema, document, asked.operation, asked.variables, self._settings)
        try:
            async with (
                asyncio.timeout(self._settings.request_seconds) as limit,
                self._served.leases() as leases,
            ):
                context = RequestContext.of(leases, self._settings, trace.scopes)
                result = execute(
                    self._schema,
                    document,
                    variable_values=asked.variables,
                    operation_name=asked.operation,
                    context_value=context,
                )
                if isinstance(result, Awaitable):
                    result = await result
        except TimeoutError:
            if not limit.expired():
                raise
            raise RequestTooSlow(
                f"The request took more than {self._settings.request_seconds} s, which is as long as one may; "
                "ask for less at once."
            ) from None
        except RecursionError:
            raise _Invalid("The request is nested too deeply; ask in several requests.") from None
        assert isinstance(result, ExecutionResult)
        return _written(result, trace.codes)

    def _page(self, request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            raise _Invalid("The request has no query; send one as JSON, or in the address as ?query=….")
        if not self._settings.graphiql:
            raise _Invalid("GraphiQL is switched off here; send a query instead.", 404, HTTP_INVALID)
        return graphiql_files.page()


class _Invalid(Exception):
    def __init__(self, sentence: str, status: int = 400, code: str = GRAPHQL_INVALID) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.code = sentence, status, code


async def _posted(request: Request) -> _Asked:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/graphql-response+json"):
        raise _Invalid("A query is sent as JSON: set the header Content-Type to application/json.")
    try:
        said = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise _Invalid(
            "The body of a request is a JSON object with a query; this is no JSON in UTF-8."
        ) from None
    if not isinstance(said, dict):
        raise _Invalid("The body of a request is a JSON object with a query.")
    return _asked(said.get("query"), said.get("variables"), said.get("operationName"))


def _in_address(request: Request) -> _Asked:
    given = request.query_params
    try:
        variables = orjson.loads(given["variables"]) if given.get("variables") else None
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise _Invalid("The variables in the address are no JSON object.") from None
    return _asked(given["query"], variables, given.get("operationName") or None)


def _asked(query: object, variables: object, operation: object) -> _Asked:
    if not isinstance(query, str):
        raise _Invalid("A request has a query, which is a string.")
    if variables is not None and not isinstance(variables, dict):
        raise _Invalid("The variables of a request are an object, by name.")
    if operation is not None and not isinstance(operation, str):
        raise _Invalid("The operationName of a request is a string.")
    return _Asked(query, variables or {}, operation)


def _check_operation(document: DocumentNode, name: str | None) -> None:
    """Refuse what would be no query, or no one operation."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if name is not None:
        operations = [one for one in operations if one.name and one.name.value == name]
    if len(operations) != 1:
        raise _Invalid(
            "The query holds no operation of that name, or several and none is named in operationName."
        )
    if operations[0].operation is not OperationType.QUERY:
        raise _Invalid("Only queries are answered.")


def _written(result: ExecutionResult, codes: list[str]) -> Response:
    said: dict[str, Any] = {"data": result.data}
    if result.errors:
        said["errors"] = [_formatted(answer(error), codes) for error in result.errors]
    busy = _BUSY in codes
    response = Response(
        orjson.dumps(said, default=str), status_code=429 if busy else 200, media_type="application/json"
    )
    if busy:
        response.headers["Retry-After"] = "2"
    return response


def _formatted(error: GraphQLError, codes: list[str]) -> dict[str, Any]:
    codes.append(str((error.extensions or {})["code"]))
    said: dict[str, Any] = dict(error.formatted)
    if len(said["message"]) > _MESSAGE:  # it repeats what was sent
        said["message"] = said["message"][:_MESSAGE] + "…"
    return said
