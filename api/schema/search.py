"""Search as you type."""

from __future__ import annotations

import strawberry

from api.errors import ArgumentRejected
from api.schema.concept import Concept, known_concepts_of
from api.schema.context import Info
from api.schema.fields import check_first, check_unicode, described


@strawberry.type(description="A concept found by the beginnings of the words of one of its terms.")
class SearchHit:
    """`linker.search.SearchHit` in the schema."""

    id: strawberry.ID = strawberry.field(description="The concept's id, for example `SNOMEDCT:22298006`.")
    matched_term: str = strawberry.field(description="The term that was found.")
    language: str = strawberry.field(description="The language of that term, BCP 47.")
    score: float = strawberry.field(
        description="Above 0, at most 1: 1 where the term is the text, and lower the longer it is besides."
    )

    @described
    async def concept(self, info: Info) -> Concept:
        """The concept, with all that the graph knows of it."""
        return (await known_concepts_of(info, [self.id]))[0]


async def search_terms(info: Info, text: str, first: int, language: str | None) -> list[SearchHit]:
    """At most `first` concepts, best first. Raises ArgumentRejected, IndexNotFound, IndexDamaged."""
    check_first(info, first)
    most = info.context.settings.max_text_length
    if len(text) > most:
        raise ArgumentRejected(
            "text", f"text has {len(text):,} characters and at most {most:,} are accepted; search for less."
        )
    check_unicode("text", text)
    check_unicode("language", language or "")
    hits = await info.context.service.search(text, first, language)
    return [
        SearchHit(id=strawberry.ID(hit.id), matched_term=hit.term, language=hit.language, score=hit.score)
        for hit in hits
    ]
