"""Value sets by expression: a page of one, and which of many codes are in it."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from api.errors import ArgumentRejected
from api.schema.concept import Concept, known_concepts_of
from api.schema.context import Info
from api.schema.fields import check_count, check_first, check_ids, check_unicode, described
from graph.model import CURIE


@strawberry.type(description="The concepts that an expression stands for, or a page of them.")
class Expansion:
    """`graph.value_sets.Expansion` in the schema."""

    total: int = strawberry.field(description="How many concepts there are in all pages.")
    ids: strawberry.Private[tuple[CURIE, ...]]

    @described
    async def concepts(self, info: Info) -> list[Concept]:
        """Those of the page, by id, retired ones too."""
        return await known_concepts_of(info, self.ids)


async def expand_expression(info: Info, ecl: str, first: int, offset: int, text: str) -> Expansion:
    """A page of a value set. Raises ArgumentRejected, EclError, StoreUnavailable."""
    check_first(info, first)
    if offset < 0:
        raise ArgumentRejected("offset", f"offset is {offset}; give 0 or more.")
    _check_text("ecl", ecl, info.context.settings.max_ecl_length)
    _check_text("text", text, info.context.settings.max_text_length)
    found = await info.context.service.expand(ecl, first, offset, text)
    return Expansion(total=found.total, ids=found.ids)


async def members_among(info: Info, ecl: str, ids: Sequence[CURIE]) -> list[bool]:
    """Which of some ids are in an expression's set. Raises ArgumentRejected, EclError, StoreUnavailable."""
    check_count(info, "ids", len(ids))
    check_ids("ids", ids)
    _check_text("ecl", ecl, info.context.settings.max_ecl_length)
    return await info.context.service.contains(ecl, ids)


def _check_text(argument: str, given: str, most: int) -> None:
    if len(given) > most:
        raise ArgumentRejected(
            argument, f"{argument} has {len(given):,} characters and at most {most:,} are accepted."
        )
    check_unicode(argument, given)
