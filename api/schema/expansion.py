"""Value sets by expression: a page of one, and which of many codes are in it."""

from __future__ import annotations

from collections.abc import Sequence

from api.schema.concept import Concept, concept_page
from api.schema.connections import Connection, begin
from api.schema.context import Asked, Info
from api.schema.fields import check_count, check_ecl, check_ids, check_text
from graph.model import CURIE


async def expand_expression(
    info: Info, asked: Asked, ecl: str, first: int, after: str | None, text: str
) -> Connection[Concept]:
    """A page of a value set. Raises ArgumentRejected, EclError, StoreUnavailable, RequestTooLarge."""
    check_ecl(info, ecl)
    check_text(info, "text", text)
    start, mark = begin(info, asked.release, first, after, "expand", ecl, text)
    found = await asked.service.expand(ecl, first, start, text)
    return await concept_page(info, asked, found.total, found.ids, start, mark)


async def members_among(info: Info, asked: Asked, ecl: str, ids: Sequence[CURIE]) -> list[bool]:
    """Which of some ids are in an expression's set. Raises ArgumentRejected, EclError, StoreUnavailable."""
    check_count(info, "ids", len(ids))
    check_ids("ids", ids)
    check_ecl(info, ecl)
    return await asked.service.contains(ecl, ids)
