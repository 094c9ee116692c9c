"""Concepts beside each other: what subsumes what, how similar two are, and what is above all of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import strawberry

from api.schema.concept import Concept, concept_page, known_concepts_of
from api.schema.connections import Connection, begin
from api.schema.context import Asked, Info
from api.schema.fields import check_count, check_ids, described
from graph.errors import ConceptNotFound
from graph.model import CURIE
from graph.paths import path_between


@strawberry.input(description="Two concepts, to be asked whether one is a kind of the other.")
class SubsumptionPair:
    """A pair of ids."""

    general: strawberry.ID = strawberry.field(
        description="The id of what may be above, for example `HP:0000118`."
    )
    specific: strawberry.ID = strawberry.field(
        description="The id of what may be below, for example `HP:0001250`."
    )


@strawberry.input(description="Two concepts, to be compared; their order means nothing.")
class ConceptPair:
    """A pair of ids."""

    first: strawberry.ID = strawberry.field(description="The id of one, for example `HP:0001250`.")
    second: strawberry.ID = strawberry.field(description="The id of the other, for example `HP:0002069`.")


@strawberry.type(
    description="How similar two concepts are by their place in the hierarchy, with intrinsic information content."
)
class Similarity:
    """`graph.similarity.Measured` in the schema."""

    lin: float = strawberry.field(
        description="Twice the information that both share over the information of both: 0 to 1, 1 for the same."
    )
    resnik: float = strawberry.field(
        description="The information of their most informative common subsumer: 0 for a root, 1 for a leaf."
    )
    wu_palmer: float = strawberry.field(
        description="Twice the depth of their deepest common subsumer over the depths of both: 0 to 1."
    )


def subsumed(info: Info, asked: Asked, pairs: Sequence[SubsumptionPair]) -> list[bool | None]:
    """Whether the first of each pair subsumes the second; None where one is no active concept."""
    general: list[CURIE] = [pair.general for pair in pairs]
    specific: list[CURIE] = [pair.specific for pair in pairs]
    _check_pairs(info, general, specific)
    hierarchy = asked.service.hierarchy
    above, below = hierarchy.ordinals(general), hierarchy.ordinals(specific)
    answers = hierarchy.subsumes_pairs(above, below).tolist()
    known = ((above >= 0) & (below >= 0)).tolist()
    return [answer if both else None for answer, both in zip(answers, known, strict=True)]


async def similar(info: Info, asked: Asked, pairs: Sequence[ConceptPair]) -> list[Similarity | None]:
    """How similar the concepts of each pair are; None where one is no active concept."""
    first: list[CURIE] = [pair.first for pair in pairs]
    second: list[CURIE] = [pair.second for pair in pairs]
    _check_pairs(info, first, second)
    hierarchy = asked.service.hierarchy
    known = np.flatnonzero((hierarchy.ordinals(first) >= 0) & (hierarchy.ordinals(second) >= 0)).tolist()
    measured = await asked.service.similarity([first[at] for at in known], [second[at] for at in known])
    found: list[Similarity | None] = [None] * len(pairs)
    for at, one in zip(known, measured, strict=True):
        found[at] = Similarity(lin=one.lin, resnik=one.resnik, wu_palmer=one.wu_palmer)
    return found


async def common_ancestors(
    info: Info, asked: Asked, ids: Sequence[CURIE], first: int, after: str | None
) -> Connection[Concept]:
    """The most specific concepts that subsume all of `ids`, by id. Raises ArgumentRejected, ConceptNotFound."""
    check_count(info, "ids", len(ids))
    check_ids("ids", ids)
    hierarchy = asked.service.hierarchy
    missing = [id for id in ids if id not in hierarchy]
    if missing:
        raise ConceptNotFound(missing, asked.service.release.name, active=True, argument="ids")
    start, mark = begin(info, asked.release, first, after, "lowestCommonAncestors", *ids)
    found = hierarchy.lowest_common_ancestors(ids)
    return await concept_page(info, asked, len(found), found[start : start + first], start, mark)


@strawberry.type(description="The shortest way from one concept to another by is-a.")
class ConceptPath:
    """`graph.paths.PathBetween` in the schema."""

    up: int = strawberry.field(
        description="How many of the steps go up, to the concept over which the path leads; the others go down."
    )
    ids: strawberry.Private[tuple[CURIE, ...]]
    asked: strawberry.Private[Asked]

    @described
    async def concepts(self, info: Info) -> list[Concept]:
        """The concepts on the path, both ends among them, in order; about twenty at most."""
        return await known_concepts_of(info, self.asked, self.ids)


def way(asked: Asked, start: CURIE, end: CURIE) -> ConceptPath | None:
    """The way between two concepts. Raises ArgumentRejected, ConceptNotFound."""
    check_ids("from", [start])
    check_ids("to", [end])
    hierarchy = asked.service.hierarchy
    for argument, id in (("from", start), ("to", end)):
        if id not in hierarchy:
            raise ConceptNotFound([id], asked.release.name, active=True, argument=argument)
    found = path_between(hierarchy, start, end)
    return None if found is None else ConceptPath(up=found.up, ids=found.ids, asked=asked)


def _check_pairs(info: Info, one: Sequence[CURIE], other: Sequence[CURIE]) -> None:
    check_count(info, "pairs", len(one))
    check_ids("pairs", [*one, *other])
