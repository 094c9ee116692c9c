"""Search as you type."""

from __future__ import annotations

import strawberry

from api.schema.concept import Concept, known_concepts_of
from api.schema.connections import Edge, PageInfo, begin, edges_of, page_info_of
from api.schema.context import Info
from api.schema.cursors import ListMark
from api.schema.fields import check_text, check_unicode, described


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


@strawberry.type(description="A page of search hits, best first.")
class SearchHitConnection:
    """A page of hits; how many there are in all is counted only when asked."""

    nodes: list[SearchHit] = strawberry.field(description="The hits of the page.")
    start: strawberry.Private[int]
    more: strawberry.Private[bool]
    mark: strawberry.Private[ListMark]

    @described
    def edges(self) -> list[Edge[SearchHit]]:
        """The hits of the page, each with its cursor."""
        return edges_of(self.nodes, self.start, self.mark)

    @described
    def page_info(self) -> PageInfo:
        """Whether there is more, and from where."""
        return page_info_of(self.start, len(self.nodes), self.more, self.mark)


async def search_terms(
    info: Info, text: str, first: int, after: str | None, language: str | None
) -> SearchHitConnection:
    """At most `first` concepts, best first. Raises ArgumentRejected, IndexNotFound, IndexDamaged."""
    check_text(info, "text", text)
    check_unicode("language", language or "")
    start, mark = begin(info, first, after, "search", text, language)
    # One more than the page tells whether there is more.
    hits = await info.context.service.search(text, start + first + 1, language)
    return SearchHitConnection(
        nodes=[
            SearchHit(id=strawberry.ID(hit.id), matched_term=hit.term, language=hit.language, score=hit.score)
            for hit in hits[start : start + first]
        ],
        start=start,
        more=len(hits) > start + first,
        mark=mark,
    )
