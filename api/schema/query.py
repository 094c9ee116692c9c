"""What can be asked."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.errors import ArgumentRejected
from api.schema.concept import Concept, concepts_of
from api.schema.context import Info
from api.schema.fields import First, check_ids, described
from api.schema.linking import Linking, link_mentions
from api.schema.release import Release
from api.schema.search import SearchHit, search_terms
from graph.errors import ConceptNotFound

_ID = "A CURIE such as `SNOMEDCT:22298006`, `HP:0001658` or `UMLS:C0027051`."


@strawberry.type(description="What can be asked of the release that is served.")
class Query:
    """The root of the schema."""

    @described
    def release(self, info: Info) -> Release:
        """The release that is served, with the sources it was made of and its index."""
        return Release.of(info.context.service.release)

    @described
    async def concept(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description=_ID)]
    ) -> Concept | None:
        """The concept of an id, active or retired; an error where the release has none."""
        check_ids("id", [id])
        (found,) = await concepts_of(info, [id], declared=False)
        if found is None:
            raise ConceptNotFound([id], info.context.service.release.name)
        return found

    @described
    async def concepts(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description=_ID)]
    ) -> list[Concept | None]:
        """The concept of each id, in order; null and an error where the release has none."""
        most = info.context.settings.max_ids
        if len(ids) > most:
            raise ArgumentRejected(
                "ids",
                f"{len(ids):,} ids were given and one request takes at most {most:,}; "
                "send them in several requests.",
            )
        check_ids("ids", ids)
        release = info.context.service.release.name
        found = await concepts_of(info, ids, declared=False)
        # An exception in the place of an item becomes that item's error, and the others are answered.
        return [
            concept or ConceptNotFound([id], release)  # type: ignore[misc]
            for id, concept in zip(ids, found, strict=True)
        ]

    @described
    async def search(
        self,
        info: Info,
        text: Annotated[
            str, strawberry.argument(description="Beginnings of words in any order, as `insuf card`.")
        ],
        first: First = 10,
        language: Annotated[
            str | None,
            strawberry.argument(description="Only terms of this language, BCP 47; by default of any."),
        ] = None,
    ) -> list[SearchHit]:
        """Concepts found as you type: accents and case are folded, ñ is kept, exact and short terms come first."""
        return await search_terms(info, text, first, language)

    @described
    async def link(
        self,
        info: Info,
        mentions: Annotated[
            list[str],
            strawberry.argument(description="Mentions as they stand in a text, as `DM tipo 2`; at most 200."),
        ],
        top: Annotated[
            int, strawberry.argument(description="Candidates for each mention, from 1 to 200.")
        ] = 5,
    ) -> list[Linking]:
        """The concepts that mentions of a clinical text mean, in the order of the mentions."""
        return await link_mentions(info, mentions, top)
