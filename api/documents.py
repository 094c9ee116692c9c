"""Queries, parsed and validated, and remembered: a client asks the same few again and again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

from graphql import DocumentNode, GraphQLError, parse, specified_rules, validate
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry import Schema

from api.query_shape import check_shape
from api.settings import Settings

#: Queries remembered, and the characters of the longest that are: trees take a hundred times their text.
_MOST, _LONGEST = 200, 5_000

Parsed: TypeAlias = DocumentNode | tuple[GraphQLError, ...]
"""A document that may be executed, or why it may not."""


class Documents:
    """The documents of one schema, with its limits. For one event loop."""

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema = schema._schema
        self._settings = settings
        self._rules = list(specified_rules)
        if not settings.introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._known: OrderedDict[str, DocumentNode] = OrderedDict()

    def get(self, query: str) -> Parsed:
        """The document of a query's text."""
        if query in self._known:
            self._known.move_to_end(query)
            return self._known[query]
        parsed = self._parse(query)
        if isinstance(parsed, DocumentNode) and len(query) <= _LONGEST:
            self._known[query] = parsed
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return parsed

    def _parse(self, query: str) -> Parsed:
        try:
            document = parse(query, max_tokens=self._settings.max_tokens)
            errors = list(check_shape(document, self._settings))
            if not errors:
                errors = validate(self._schema, document, self._rules, max_errors=10)
        except GraphQLError as error:
            return (error,)
        except RecursionError:
            return (GraphQLError("The query is nested too deeply; ask in several requests."),)
        return tuple(errors) or document
