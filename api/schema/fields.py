"""How fields are written and lists are cut: a resolver's docstring is its description in the schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import strawberry

from api import argument_checks
from api.argument_checks import check_ids, check_unicode
from api.errors import ArgumentRejected
from api.schema.context import Info

__all__ = ["check_count", "check_ecl", "check_first", "check_ids", "check_text", "check_unicode", "described"]

First: TypeAlias = Annotated[
    int,
    strawberry.argument(
        description="How many at most: 1 to 1,000, or what the server is set to. It counts in the query's cost."
    ),
]
Language: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="BCP 47, as `es`; by default Spanish, then English, then any."),
]


Languages: TypeAlias = Annotated[
    list[str] | None, strawberry.argument(description="Only of these, BCP 47, as `es`; by default of all.")
]


def described(resolver: Callable[..., Any]) -> Any:
    """A field whose description is the resolver's docstring."""
    # Any, as the libraries do: what is declared is a method and what is read is a field.
    return strawberry.field(resolver, description=inspect.cleandoc(resolver.__doc__ or ""))


def check_first(info: Info, first: int) -> None:
    """Raise ArgumentRejected unless `first` is within the server's limits."""
    most = info.context.settings.max_page
    if not 1 <= first <= most:
        raise ArgumentRejected("first", f"first is {first}; give a number from 1 to {most:,}.")


def check_count(info: Info, argument: str, count: int) -> None:
    """Raise ArgumentRejected for more ids, or pairs of them, than one request takes."""
    argument_checks.check_count(info.context.settings, argument, count)


def check_text(info: Info, argument: str, text: str) -> None:
    """Raise ArgumentRejected for a search text that is too long or no text."""
    argument_checks.check_text(info.context.settings, argument, text)


def check_ecl(info: Info, ecl: str) -> None:
    """Raise ArgumentRejected for an expression that is too long or no text."""
    argument_checks.check_ecl(info.context.settings, ecl)
