"""What can be asked."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from api.link_options import LinkOptions
from api.schema.annotating import Annotation, annotate_text
from api.schema.comparison import (
    ConceptPair,
    ConceptPath,
    Similarity,
    SubsumptionPair,
    common_ancestors,
    similar,
    subsumed,
    way,
)
from api.schema.concept import Concept, concepts_of
from api.schema.connections import After, Connection
from api.schema.context import Info
from api.schema.expansion import expand_expression, members_among
from api.schema.fields import First, check_count, check_ids, described
from api.schema.harmonizing import (
    Harmonized,
    HarmonizeRow,
    HistoryProfileName,
    VariableFinding,
    findings_of,
    harmonize_rows,
)
from api.schema.linking import Linking, link_mentions
from api.schema.release import Release, releases_here
from api.schema.search import Narrowed, SearchHitConnection, search_terms
from api.schema.variable_sets import Variable, defined_variables
from graph.errors import ConceptNotFound

_ID = "A CURIE such as `SNOMEDCT:22298006`, `HP:0001658` or `UMLS:C0027051`."
_COUNT = "At most 1,000, or what the server is set to."
Ecl: TypeAlias = Annotated[
    str,
    strawberry.argument(
        description="An expression of the Expression Constraint Language, as `<< 404684003`; see docs/ecl.md."
    ),
]
Definitions: TypeAlias = Annotated[
    str,
    strawberry.argument(
        description="Clinical variables as YAML, as `variables: [{id: fallo-renal, concepts: [HP:0000083]}]`; "
        "see docs/variables.md."
    ),
]


ReleaseName: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The release to ask, by name, as `hpo-2024-04`; by default the current one. One request is "
        "answered from one release of a name throughout."
    ),
]
Ids: TypeAlias = Annotated[list[strawberry.ID], strawberry.argument(description=f"{_ID} {_COUNT}")]


@strawberry.type(description="What can be asked: of the current release, or of another one by its name.")
class Query:
    """The root of the schema."""

    @described
    async def release(self, info: Info, release: ReleaseName = None) -> Release:
        """The release that answers, with the sources it was made of and its index."""
        return Release.asked(await info.context.release(release))

    @described
    async def releases(self, info: Info, first: First, after: After = None) -> Connection[Release]:
        """The releases that can be named, by name."""
        return await releases_here(info, first, after)

    @described
    async def concept(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description=_ID)],
        release: ReleaseName = None,
    ) -> Concept | None:
        """The concept of an id, active or retired; an error where the release has none."""
        check_ids("id", [id])
        asked = await info.context.release(release)
        (found,) = await concepts_of(info, asked, [id], declared=False)
        if found is None:
            raise ConceptNotFound([id], asked.release.name, argument="id")
        return found

    @described
    async def concepts(self, info: Info, ids: Ids, release: ReleaseName = None) -> list[Concept | None]:
        """The concept of each id, in order; null and an error where the release has none."""
        check_count(info, "ids", len(ids))
        check_ids("ids", ids)
        asked = await info.context.release(release)
        found = await concepts_of(info, asked, ids, declared=False)
        # An exception in the place of an item becomes that item's error, and the others are answered.
        return [
            concept or ConceptNotFound([id], asked.release.name, argument="ids")  # type: ignore[misc]
            for id, concept in zip(ids, found, strict=True)
        ]

    @described
    async def search(
        self,
        info: Info,
        text: Annotated[
            str, strawberry.argument(description="Beginnings of words in any order, as `insuf card`.")
        ],
        first: First,
        after: After = None,
        language: Annotated[
            str | None,
            strawberry.argument(
                description="Only terms of this language, BCP 47, as `es`; by default of any."
            ),
        ] = None,
        ecl: Annotated[
            str | None,
            strawberry.argument(description="Only concepts of this expression, as `<< 404684003`."),
        ] = None,
        semantic_tags: Annotated[
            list[str] | None,
            strawberry.argument(description="Only concepts with one of these semantic tags, as `trastorno`."),
        ] = None,
        release: ReleaseName = None,
    ) -> SearchHitConnection:
        """Concepts found as you type: every word of the text begins a word of one of their terms, in any order.

        Accents and case are folded and ñ is kept. The text itself comes first, then terms that begin with it,
        then the shorter before the longer. Narrowed to a language, to semantic tags or to an expression of more than
        1,000 concepts, a search looks at the 20,000 shortest terms that match, and at no others: of very short
        texts, which more terms match, write a letter more.
        """
        asked = await info.context.release(release)
        narrowed = Narrowed(language, ecl, tuple(semantic_tags) if semantic_tags is not None else None)
        return await search_terms(info, asked, text, first, after, narrowed)

    @described
    async def expand(
        self,
        info: Info,
        ecl: Ecl,
        first: First,
        after: After = None,
        text: Annotated[
            str,
            strawberry.argument(
                description="Only concepts with a name in which each of these words begins a word, in any order, "
                "as `insuf agu`."
            ),
        ] = "",
        release: ReleaseName = None,
    ) -> Connection[Concept]:
        """The concepts that an expression constraint stands for, by id."""
        return await expand_expression(info, await info.context.release(release), ecl, first, after, text)

    @described
    async def contains(self, info: Info, ecl: Ecl, ids: Ids, release: ReleaseName = None) -> list[bool]:
        """Whether each id is among the concepts of an expression constraint."""
        return await members_among(info, await info.context.release(release), ecl, ids)

    @described
    async def subsumes(
        self,
        info: Info,
        pairs: Annotated[list[SubsumptionPair], strawberry.argument(description=_COUNT)],
        release: ReleaseName = None,
    ) -> list[bool | None]:
        """Whether the first of each pair subsumes the second, which may be the same; null for no active concepts."""
        return subsumed(info, await info.context.release(release), pairs)

    @described
    async def similarity(
        self,
        info: Info,
        pairs: Annotated[list[ConceptPair], strawberry.argument(description=_COUNT)],
        release: ReleaseName = None,
    ) -> list[Similarity | None]:
        """How similar the concepts of each pair are; null where one is no active concept."""
        return await similar(info, await info.context.release(release), pairs)

    @described
    async def path(
        self,
        info: Info,
        start: Annotated[
            strawberry.ID, strawberry.argument(name="from", description=f"Where it begins. {_ID}")
        ],
        end: Annotated[strawberry.ID, strawberry.argument(name="to", description=f"Where it ends. {_ID}")],
        release: ReleaseName = None,
    ) -> ConceptPath | None:
        """The shortest is-a path between two active concepts, over one that subsumes both; null where none does."""
        return way(await info.context.release(release), start, end)

    @described
    async def lowest_common_ancestors(
        self, info: Info, ids: Ids, first: First, after: After = None, release: ReleaseName = None
    ) -> Connection[Concept]:
        """The most specific concepts that subsume all of these; several where is-a has several parents."""
        return await common_ancestors(info, await info.context.release(release), ids, first, after)

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
        budget_ms: Annotated[
            int | None,
            strawberry.argument(
                description="Milliseconds after which no further mention is re-ranked; the rest are answered in the "
                "order of retrieval and say so."
            ),
        ] = None,
        text: Annotated[
            str,
            strawberry.argument(
                description="The document that the mentions come from: what it calls its abbreviations, as "
                "`insuficiencia renal aguda (IRA)`, goes first, and what one mention is linked to speaks for it in "
                "others."
            ),
        ] = "",
        ecl: Annotated[
            str,
            strawberry.argument(
                description="Candidates are within the concepts of this expression, as `<< 404684003`."
            ),
        ] = "",
        semantic_tags: Annotated[
            list[str] | None,
            strawberry.argument(description="Candidates have one of these semantic tags, as `trastorno`."),
        ] = None,
        min_probability: Annotated[
            float | None,
            strawberry.argument(
                description="No concept is chosen that is less likely to be right; by default what the models "
                "were fitted to."
            ),
        ] = None,
        release: ReleaseName = None,
    ) -> list[Linking]:
        """The concepts that mentions of a clinical text mean, in the order of the mentions."""
        options = LinkOptions(ecl, tuple(semantic_tags or ()), min_probability, budget_ms)
        return await link_mentions(info, await info.context.release(release), mentions, top, text, options)

    @described
    async def annotate(
        self,
        info: Info,
        text: Annotated[
            str,
            strawberry.argument(
                description="A clinical note or a part of one, as `Niega disnea. Madre con HTA.`; at most 20,000 "
                "characters."
            ),
        ],
        first: First,
        after: After = None,
        top: Annotated[
            int, strawberry.argument(description="Candidates for each mention, from 1 to 10.")
        ] = 5,
        release: ReleaseName = None,
    ) -> Connection[Annotation]:
        """The mentions of a clinical text, in its order, with their context and the concepts that they mean."""
        return await annotate_text(info, await info.context.release(release), text, top, first, after)

    @described
    async def variables(
        self, info: Info, variables: Definitions, release: ReleaseName = None
    ) -> list[Variable]:
        """What each of some clinical variables stands for, in their order."""
        return await defined_variables(info, await info.context.release(release), variables)

    @described
    async def check_variables(
        self,
        info: Info,
        variables: Definitions,
        first: First,
        after: After = None,
        release: ReleaseName = None,
    ) -> Connection[VariableFinding]:
        """What is amiss with clinical variables, held against the release, by line."""
        return await findings_of(info, await info.context.release(release), variables, first, after)

    @described
    async def harmonize(
        self,
        info: Info,
        variables: Definitions,
        rows: Annotated[list[HarmonizeRow], strawberry.argument(description="At most 200.")],
        history: Annotated[
            HistoryProfileName, strawberry.argument(description="By which retired codes are replaced.")
        ] = HistoryProfileName.MOD,
        min_score: Annotated[
            float,
            strawberry.argument(description="Texts linked with a lower score are declined; from 0 to 1."),
        ] = 0.1,
        margin: Annotated[
            float,
            strawberry.argument(
                description="Candidates as close to the best as this are meant as well; 0 to 1."
            ),
        ] = 0.0,
        release: ReleaseName = None,
    ) -> list[Harmonized]:
        """Rows onto clinical variables, in the order of the rows; for many, there is `enlace harmonize`."""
        return await harmonize_rows(
            info, await info.context.release(release), variables, rows, history, min_score, margin
        )
