"""How fields are written and lists are cut: a resolver's docstring is its description in the schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

import strawberry

from api.errors import ArgumentRejected
from api.schema.context import Info

_MAXIMUM_ID_LENGTH = 255

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
    most = info.context.settings.max_ids
    if count > most:
        raise ArgumentRejected(
            argument,
            f"{count:,} {argument} were given and one request takes at most {most:,}; "
            "send them in several requests.",
        )


def check_ids(argument: str, ids: Sequence[str]) -> None:
    """Raise ArgumentRejected for an id that no release can hold; whether one holds it is another question."""
    for id in ids:
        check_unicode(argument, id)
        if not 0 < len(id) <= _MAXIMUM_ID_LENGTH:
            raise ArgumentRejected(
                argument,
                f"An id of {len(id):,} characters was given; ids have 1 to {_MAXIMUM_ID_LENGTH}, "
                "as SNOMEDCT:22298006.",
            )


def check_text(info: Info, argument: str, text: str) -> None:
    """Raise ArgumentRejected for a search text that is too long or no text."""
    check_length(argument, text, info.context.settings.max_text_length)


def check_ecl(info: Info, ecl: str) -> None:
    """Raise ArgumentRejected for an expression that is too long or no text."""
    check_length("ecl", ecl, info.context.settings.max_ecl_length)


def check_length(argument: str, text: str, most: int) -> None:
    """Raise ArgumentRejected for more than `most` characters, and for what is no text."""
    if len(text) > most:
        raise ArgumentRejected(
            argument, f"{argument} has {len(text):,} characters and at most {most:,} are accepted."
        )
    check_unicode(argument, text)


def check_unicode(argument: str, text: str) -> None:
    """Raise ArgumentRejected for a lone surrogate, which JSON can write and no text contains."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentRejected(
            argument, f"{argument} has half a character in it; send Unicode text."
        ) from None
