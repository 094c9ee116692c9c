"""Search as you type."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from api.schema.concept import Concept, known_concepts_of
from api.schema.connections import Edge, PageInfo, begin, edges_of, page_info_of
from api.schema.context import Asked, Info
from api.schema.cursors import ListMark
from api.schema.fields import check_count, check_ecl, check_text, check_unicode, described


@strawberry.type(description="A concept found by the beginnings of the words of one of its terms.")
class SearchHit:
    """`linker.search.SearchHit` in the schema."""

    id: strawberry.ID = strawberry.field(description="The concept's id, for example `SNOMEDCT:22298006`.")
    matched_term: str = strawberry.field(
        description="The term that was found, for example `insuficiencia cardíaca aguda`."
    )
    language: str = strawberry.field(description="The language of that term, BCP 47, as `es`.")
    score: float = strawberry.field(
        description="Above 0, at most 1: 1 where the term is the text, and lower the longer it is besides."
    )
    asked: strawberry.Private[Asked]

    @described
    async def concept(self, info: Info) -> Concept:
        """The concept, with all that the graph knows of it."""
        return (await known_concepts_of(info, self.asked, [self.id]))[0]


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


@dataclass(frozen=True, slots=True)
class Narrowed:
    """To what a search is narrowed, as the request says it."""

    language: str | None = None
    ecl: str | None = None
    semantic_tags: tuple[str, ...] | None = None


async def search_terms(
    info: Info, asked: Asked, text: str, first: int, after: str | None, narrowed: Narrowed
) -> SearchHitConnection:
    """At most `first` concepts, best first. Raises ArgumentRejected, EclError, IndexNotFound, IndexDamaged."""
    check_text(info, "text", text)
    check_unicode("language", narrowed.language or "")
    tags = narrowed.semantic_tags
    check_count(info, "semanticTags", len(tags or ()))
    for tag in tags or ():
        check_unicode("semanticTags", tag)
    if narrowed.ecl is not None:
        check_ecl(info, narrowed.ecl)
    start, mark = begin(
        info, asked.release, first, after, "search", text, narrowed.language, narrowed.ecl, sorted(tags or ())
    )
    # One more than the page tells whether there is more.
    hits = await asked.service.search(
        text,
        start + first + 1,
        language=narrowed.language,
        tags=None if tags is None else frozenset(tags),
        ecl=narrowed.ecl,
    )
    return SearchHitConnection(
        nodes=[
            SearchHit(
                id=strawberry.ID(hit.id),
                matched_term=hit.term,
                language=hit.language,
                score=hit.score,
                asked=asked,
            )
            for hit in hits[start : start + first]
        ],
        start=start,
        more=len(hits) > start + first,
        mark=mark,
    )
