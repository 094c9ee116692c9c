"""The rows of each table: what is asked, and batches of rows as it is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from api.argument_checks import check_count, check_ecl, check_ids, check_mentions, check_text
from api.errors import RequestTooLarge
from api.lookups import Kind
from api.service import Service
from api.settings import Settings
from api.tables.parameters import Parameters
from graph.errors import ConceptNotFound
from graph.labels import LANGUAGES, fully_specified_name, preferred_term
from graph.model import CURIE, Concept, Term

CONCEPTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("preferred_term", pa.string(), nullable=False),
        pa.field("fsn", pa.string()),
        pa.field("semantic_tag", pa.string()),
        pa.field("active", pa.bool_(), nullable=False),
    ]
)
LINKINGS = pa.schema(
    [
        pa.field("number", pa.int32(), nullable=False),
        pa.field("mention", pa.string(), nullable=False),
        pa.field("rank", pa.int32()),
        pa.field("id", pa.string()),
        pa.field("preferred_term", pa.string()),
        pa.field("matched_term", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("path", pa.string(), nullable=False),
        pa.field("chosen", pa.bool_(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
_BATCH = 2_000

Rows = Sequence[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns; its first batch is there, so that what is wrong is told before anything is sent."""

    schema: pa.Schema
    first: Rows
    rest: AsyncIterator[Rows]


async def expand(service: Service, settings: Settings, given: Parameters) -> Table:
    """The concepts of an expression, by id. Raises ArgumentRejected, EclError, RequestTooLarge, StoreUnavailable."""
    ecl, text, language = given.text("ecl"), given.text("text", ""), given.text("language", "")
    first = given.number("first", settings.max_table_rows)
    given.end()
    check_ecl(settings, ecl)
    check_text(settings, "text", text)
    if not 1 <= first <= settings.max_table_rows:
        given.refuse("first", f"first is {first}; give a number from 1 to {settings.max_table_rows:,}.")
    found = await service.expand(ecl, first, 0, text)
    if found.total > settings.max_table_rows and not given.has("first"):
        raise RequestTooLarge(
            f"The expression stands for {found.total:,} concepts and a table has at most "
            f"{settings.max_table_rows:,}; narrow it, or give `first` for the first of them."
        )
    return await _of(_concepts(service, found.ids, language), CONCEPTS)


async def concepts(service: Service, settings: Settings, given: Parameters) -> Table:
    """Concepts by id, in the order given. Raises ArgumentRejected, ConceptNotFound, StoreUnavailable."""
    ids, language = given.texts("ids"), given.text("language", "")
    given.end()
    check_count(settings, "ids", len(ids))
    check_ids("ids", ids)
    held = await service.look_up({Kind.CONCEPT: ids})
    missing = [id for id, concept in zip(ids, held[Kind.CONCEPT], strict=True) if concept is None]
    if missing:
        raise ConceptNotFound(missing, service.release.name, argument="ids")
    return await _of(_concepts(service, ids, language), CONCEPTS)


async def link(service: Service, settings: Settings, given: Parameters) -> Table:
    """The candidates of mentions, a row each; a mention without any has one row. Raises as GraphQL's `link`."""
    mentions, top = given.texts("mentions"), given.number("top", 5)
    budget_ms = given.number("budgetMs", -1) if given.has("budgetMs") else None
    given.end()
    check_mentions(settings, mentions, top, budget_ms)
    linked = await service.link(mentions, top, budget_ms)

    async def batches() -> AsyncIterator[Rows]:
        rows: list[tuple[object, ...]] = []
        for number, linking in enumerate(linked, start=1):
            decision = linking.decision
            told = (decision.probability, decision.reason.value)
            if not linking.candidates:
                nothing = (None, None, None, None, None, decision.path.value, False)
                rows.append((number, linking.mention, *nothing, *told))
            for rank, one in enumerate(linking.candidates, start=1):
                said = (rank, one.id, one.preferred_term, one.matched_term, one.score, one.path.value)
                rows.append((number, linking.mention, *said, one.id == decision.id, *told))
        for start in range(0, len(rows), _BATCH):
            yield rows[start : start + _BATCH]

    return await _of(batches(), LINKINGS)


async def _of(batches: AsyncIterator[Rows], schema: pa.Schema) -> Table:
    async for first in batches:
        return Table(schema, first, batches)
    return Table(schema, (), batches)


async def _concepts(service: Service, ids: Sequence[CURIE], language: str) -> AsyncIterator[Rows]:
    languages = (language, *LANGUAGES) if language else LANGUAGES
    for start in range(0, len(ids), _BATCH):
        page = ids[start : start + _BATCH]
        found = await service.look_up({Kind.CONCEPT: page, Kind.TERMS: page})
        rows = []
        for id, held, words in zip(page, found[Kind.CONCEPT], found[Kind.TERMS], strict=True):
            concept, terms = cast("Concept | None", held), cast("tuple[Term, ...]", words)
            rows.append(
                (
                    id,
                    preferred_term(terms, languages) or id,
                    fully_specified_name(terms, languages),
                    (concept.semantic_tag if concept else "") or None,
                    concept is not None and concept.active,
                )
            )
        yield rows
