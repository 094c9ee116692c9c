"""A concept with its words and its place in the graph.

Concepts are made by `concepts_of`, which first has everything looked up that the query asks of them. So
the fields of a single concept only read from memory, and a list of any length costs its level one call
a kind of facts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, TypeAlias

import numpy as np
import strawberry
from numpy.typing import NDArray

from api.lookups import Kind
from api.schema import neighbours
from api.schema.connections import After, Connection, begin, record_page
from api.schema.context import Asked, Info
from api.schema.cursors import ListMark
from api.schema.fields import First, Language, Languages, check_first, described
from api.schema.mappings import Mapping
from api.schema.selection import asks_for_nodes, names_selected
from api.schema.terms import Term, TermKind
from graph.errors import EclNotSupported
from graph.labels import LANGUAGES, fully_specified_name, preferred_term
from graph.model import CURIE
from graph.model import TermKind as Kinds
from graph.namespaces import iri_of

if TYPE_CHECKING:
    from api.schema.relations import Membership, Relation, Succession
    from api.schema.release import Release

TermKinds: TypeAlias = Annotated[
    list[TermKind] | None, strawberry.argument(description="Only of these kinds; by default of all.")
]

#: What must be looked up for each field before a concept is made. A field that is not here needs nothing.
FIELD_KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "active": Kind.CONCEPT,
        "semanticTag": Kind.CONCEPT,
        "effectiveTime": Kind.CONCEPT,
        "module": Kind.CONCEPT,
        "defined": Kind.CONCEPT,
        "preferredTerm": Kind.TERMS,
        "fsn": Kind.TERMS,
        "terms": Kind.TERMS,
        "definitions": Kind.TERMS,
        "relations": Kind.RELATIONS,
        "mappings": Kind.MAPPINGS,
        "replacedBy": Kind.SUCCESSORS,
        "replaces": Kind.PREDECESSORS,
        "refsets": Kind.MEMBERSHIPS,
    }
)


async def concepts_of(
    info: Info, asked: Asked, ids: Sequence[CURIE], *, declared: bool = True
) -> list[Concept | None]:
    """The concept of each id, with all looked up that the query asks of it.

    `declared` says that the ids are known to be concepts of the release; otherwise those that are not
    give None. Raises RequestTooLarge.
    """
    lookups = asked.lookups
    kinds = {FIELD_KINDS[name] for name in names_selected(info) if name in FIELD_KINDS}
    if not declared:
        kinds.add(Kind.CONCEPT)
    await lookups.load(ids, kinds)
    return [
        Concept(id=strawberry.ID(id), asked=asked) if declared or lookups.concept(id) is not None else None
        for id in ids
    ]


async def known_concepts_of(info: Info, asked: Asked, ids: Sequence[CURIE]) -> list[Concept]:
    """`concepts_of` for ids that are concepts of the release."""
    return [concept for concept in await concepts_of(info, asked, ids) if concept is not None]


async def neighbour_page(
    info: Info, asked: Asked, found: NDArray[np.integer], first: int, after: str | None, *parts: object
) -> Connection[Concept]:
    """A page of ordinals of the hierarchy. Raises ArgumentRejected, RequestTooLarge."""
    start, mark = begin(info, asked.release, first, after, *parts)
    page = found[start : start + first]
    ids = asked.service.hierarchy.ids_of(page) if asks_for_nodes(info) else ()
    nodes = await known_concepts_of(info, asked, ids)
    return Connection(total_count=len(found), nodes=nodes, start=start, size=len(page), mark=mark)


async def concept_page(
    info: Info, asked: Asked, total: int, ids: Sequence[CURIE], start: int, mark: ListMark
) -> Connection[Concept]:
    """A page whose ids are known to be concepts of the release. Raises RequestTooLarge."""
    nodes = await known_concepts_of(info, asked, ids if asks_for_nodes(info) else ())
    return Connection(total_count=total, nodes=nodes, start=start, size=len(ids), mark=mark)


@strawberry.type(description="A meaning, with its words, its place in the hierarchy and its relations.")
class Concept:
    """A concept of the release; its facts are in the lookups of `asked`."""

    id: strawberry.ID = strawberry.field(
        description="A CURIE: the terminology's prefix, a colon and its own identifier, as `SNOMEDCT:22298006`."
    )
    asked: strawberry.Private[Asked]

    @described
    def active(self) -> bool:
        """Whether the concept is in use; a retired one has no place in the hierarchy. See `replacedBy`."""
        concept = self.asked.lookups.concept(self.id)
        return concept is not None and concept.active

    @described
    def uri(self) -> str:
        """The id as a URI, for example `http://snomed.info/id/22298006`."""
        return iri_of(self.id)

    @described
    def semantic_tag(self) -> str:
        """The bracket of its fully specified name, for example `trastorno`; empty where it has none."""
        concept = self.asked.lookups.concept(self.id)
        return concept.semantic_tag if concept else ""

    @described
    def effective_time(self) -> str:
        """When the source last changed it, as the source writes it (`20240131`); empty where it says nothing."""
        concept = self.asked.lookups.concept(self.id)
        return concept.effective_time if concept else ""

    @described
    def module(self) -> strawberry.ID | None:
        """The module of the source that it belongs to, as `SNOMEDCT:900000000000207008`; null without modules."""
        concept = self.asked.lookups.concept(self.id)
        return strawberry.ID(concept.module) if concept and concept.module else None

    @described
    def defined(self) -> bool:
        """Whether the source gives sufficient conditions for it."""
        concept = self.asked.lookups.concept(self.id)
        return concept is not None and concept.defined

    @described
    def preferred_term(self, language: Language = None) -> str:
        """How it is called, as `infarto de miocardio`: preferred term, else FSN without tag, else synonym, else id."""
        return preferred_term(self.asked.lookups.terms(self.id), _languages(language)) or self.id

    @described
    def fsn(self, language: Language = None) -> str | None:
        """The name with its semantic tag, as `infarto de miocardio (trastorno)`; null where the source has none."""
        return fully_specified_name(self.asked.lookups.terms(self.id), _languages(language))

    @described
    def terms(
        self,
        info: Info,
        first: First,
        after: After = None,
        languages: Languages = None,
        kinds: TermKinds = None,
    ) -> Connection[Term]:
        """Its terms, by language, kind and text; those of all languages and kinds unless told otherwise."""
        wanted = None if kinds is None else {Kinds[kind.name] for kind in kinds}
        return self._terms(info, "terms", first, after, languages, wanted)

    @described
    def definitions(
        self, info: Info, first: First, after: After = None, languages: Languages = None
    ) -> Connection[Term]:
        """Explanatory texts, by language."""
        return self._terms(info, "definitions", first, after, languages, {Kinds.DEFINITION})

    @described
    async def parents(self, info: Info, first: First, after: After = None) -> Connection[Concept]:
        """What it is directly a kind of, by id; none for a root and for a retired concept."""
        found = neighbours.parents(self.asked.service.hierarchy, self.id)
        return await neighbour_page(info, self.asked, found, first, after, "parents", self.id)

    @described
    async def children(self, info: Info, first: First, after: After = None) -> Connection[Concept]:
        """What is directly a kind of it, by id; `childCount` tells how many there are."""
        found = neighbours.children(self.asked.service.hierarchy, self.id)
        return await neighbour_page(info, self.asked, found, first, after, "children", self.id)

    @described
    async def ancestors(self, info: Info, first: First, after: After = None) -> Connection[Concept]:
        """All that it is a kind of, however far up, the most specific first."""
        found = neighbours.ancestors(self.asked.service.hierarchy, self.id)
        return await neighbour_page(info, self.asked, found, first, after, "ancestors", self.id)

    @described
    async def descendants(self, info: Info, first: First, after: After = None) -> Connection[Concept]:
        """All that is a kind of it, however far down, by id; `descendantCount` tells how many there are."""
        found = neighbours.descendants(self.asked.service.hierarchy, self.id)
        return await neighbour_page(info, self.asked, found, first, after, "descendants", self.id)

    @described
    async def siblings(self, info: Info, first: First, after: After = None) -> Connection[Concept]:
        """The other children of its parents, by id."""
        found = neighbours.siblings(self.asked.service.hierarchy, self.id)
        return await neighbour_page(info, self.asked, found, first, after, "siblings", self.id)

    @described
    async def paths_to_root(self, info: Info, first: First) -> list[list[Concept]]:
        """The `first` shortest is-a paths from it to a root; each begins with it. None for a retired concept."""
        check_first(info, first)
        paths = neighbours.paths_to_root(self.asked.service.hierarchy, self.id, first)
        concepts = iter(await known_concepts_of(info, self.asked, [id for path in paths for id in path]))
        return [[next(concepts) for _ in path] for path in paths]

    @described
    def parent_count(self) -> int:
        """How many parents it has."""
        return len(neighbours.parents(self.asked.service.hierarchy, self.id))

    @described
    def child_count(self) -> int:
        """How many children it has."""
        return len(neighbours.children(self.asked.service.hierarchy, self.id))

    @described
    def ancestor_count(self) -> int:
        """How many ancestors it has."""
        return len(neighbours.ancestors(self.asked.service.hierarchy, self.id))

    @described
    def descendant_count(self) -> int:
        """How many concepts are a kind of it, however far down."""
        return len(neighbours.descendants(self.asked.service.hierarchy, self.id))

    @described
    def sibling_count(self) -> int:
        """How many siblings it has."""
        return len(neighbours.siblings(self.asked.service.hierarchy, self.id))

    @described
    def relations(
        self, info: Info, first: First, after: After = None
    ) -> Connection[Annotated[Relation, strawberry.lazy("api.schema.relations")]]:
        """Its relations other than is-a, such as its finding site, by group, type and target."""
        from api.schema.relations import Relation

        found = self.asked.lookups.relations(self.id)
        return record_page(
            info,
            self.asked.release,
            found,
            partial(Relation.of, self.asked),
            first,
            after,
            "relations",
            self.id,
        )

    @described
    def mappings(self, info: Info, first: First, after: After = None) -> Connection[Mapping]:
        """The codes of other systems that it maps to, by group and priority."""
        found = self.asked.lookups.mappings(self.id)
        return record_page(info, self.asked.release, found, Mapping.of, first, after, "mappings", self.id)

    @described
    def replaced_by(
        self, info: Info, first: First, after: After = None
    ) -> Connection[Annotated[Succession, strawberry.lazy("api.schema.relations")]]:
        """What stands for it if it is retired, the closest first."""
        from api.schema.relations import Succession

        found = self.asked.lookups.successors(self.id)
        return record_page(
            info,
            self.asked.release,
            found,
            partial(Succession.to_successor, self.asked),
            first,
            after,
            "replacedBy",
            self.id,
        )

    @described
    def replaces(
        self, info: Info, first: First, after: After = None
    ) -> Connection[Annotated[Succession, strawberry.lazy("api.schema.relations")]]:
        """The retired concepts that it stands for, the closest first."""
        from api.schema.relations import Succession

        found = self.asked.lookups.predecessors(self.id)
        return record_page(
            info,
            self.asked.release,
            found,
            partial(Succession.to_retired, self.asked),
            first,
            after,
            "replaces",
            self.id,
        )

    @described
    def refsets(
        self, info: Info, first: First, after: After = None
    ) -> Connection[Annotated[Membership, strawberry.lazy("api.schema.relations")]]:
        """The refsets that it is a member of, by id."""
        from api.schema.relations import Membership

        found = self.asked.lookups.memberships(self.id)
        return record_page(
            info,
            self.asked.release,
            found,
            partial(Membership.of, self.asked),
            first,
            after,
            "refsets",
            self.id,
        )

    @described
    async def members(self, info: Info, first: First, after: After = None) -> Connection[Concept] | None:
        """If it is a refset: the concepts that it holds, by id, retired ones too; as `^` in an expression.

        Null for a refset whose members the release does not keep.
        """
        start, mark = begin(info, self.asked.release, first, after, "members", self.id)
        try:
            found = await self.asked.service.members(self.id, first, start)
        except EclNotSupported:
            return None
        return await concept_page(info, self.asked, found.total, found.ids, start, mark)

    @described
    def release(self) -> Annotated[Release, strawberry.lazy("api.schema.release")]:
        """The release that it is from, with its index."""
        from api.schema.release import Release

        return Release.asked(self.asked)

    def _terms(
        self,
        info: Info,
        name: str,
        first: int,
        after: str | None,
        languages: Sequence[str] | None,
        kinds: Collection[Kinds] | None,
    ) -> Connection[Term]:
        found = [
            term
            for term in self.asked.lookups.terms(self.id)
            if (kinds is None or term.kind in kinds) and (languages is None or term.language in languages)
        ]
        told = (sorted(languages or ()), sorted(kinds or ()), languages is None, kinds is None)
        return record_page(info, self.asked.release, found, Term.of, first, after, name, self.id, *told)


def _languages(language: str | None) -> Sequence[str]:
    return LANGUAGES if language is None else (language, *LANGUAGES)
