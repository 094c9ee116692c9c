"""Concepts beside each other: what subsumes what, how similar two are, and what is above all of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import strawberry

from api.schema.concept import Concept, concept_page
from api.schema.connections import Connection, begin
from api.schema.context import Info
from api.schema.fields import check_count, check_ids
from graph.errors import ConceptNotFound
from graph.model import CURIE


@strawberry.input(description="Two concepts, to be asked whether one is a kind of the other.")
class SubsumptionPair:
    """A pair of ids."""

    general: strawberry.ID = strawberry.field(description="The id of what may be above.")
    specific: strawberry.ID = strawberry.field(description="The id of what may be below.")


@strawberry.input(description="Two concepts, to be compared; their order means nothing.")
class ConceptPair:
    """A pair of ids."""

    first: strawberry.ID = strawberry.field(description="The id of one.")
    second: strawberry.ID = strawberry.field(description="The id of the other.")


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


def subsumed(info: Info, pairs: Sequence[SubsumptionPair]) -> list[bool | None]:
    """Whether the first of each pair subsumes the second; None where one is no active concept."""
    general: list[CURIE] = [pair.general for pair in pairs]
    specific: list[CURIE] = [pair.specific for pair in pairs]
    _check_pairs(info, general, specific)
    hierarchy = info.context.service.hierarchy
    above, below = hierarchy.ordinals(general), hierarchy.ordinals(specific)
    answers = hierarchy.subsumes_pairs(above, below).tolist()
    known = ((above >= 0) & (below >= 0)).tolist()
    return [answer if both else None for answer, both in zip(answers, known, strict=True)]


async def similar(info: Info, pairs: Sequence[ConceptPair]) -> list[Similarity | None]:
    """How similar the concepts of each pair are; None where one is no active concept."""
    first: list[CURIE] = [pair.first for pair in pairs]
    second: list[CURIE] = [pair.second for pair in pairs]
    _check_pairs(info, first, second)
    hierarchy = info.context.service.hierarchy
    known = np.flatnonzero((hierarchy.ordinals(first) >= 0) & (hierarchy.ordinals(second) >= 0)).tolist()
    measured = await info.context.service.similarity(
        [first[at] for at in known], [second[at] for at in known]
    )
    found: list[Similarity | None] = [None] * len(pairs)
    for at, one in zip(known, measured, strict=True):
        found[at] = Similarity(lin=one.lin, resnik=one.resnik, wu_palmer=one.wu_palmer)
    return found


async def common_ancestors(
    info: Info, ids: Sequence[CURIE], first: int, after: str | None
) -> Connection[Concept]:
    """The most specific concepts that subsume all of `ids`, by id. Raises ArgumentRejected, ConceptNotFound."""
    check_count(info, "ids", len(ids))
    check_ids("ids", ids)
    hierarchy = info.context.service.hierarchy
    missing = [id for id in ids if id not in hierarchy]
    if missing:
        raise ConceptNotFound(missing, info.context.service.release.name, active=True)
    start, mark = begin(info, first, after, "lowestCommonAncestors", *ids)
    found = hierarchy.lowest_common_ancestors(ids)
    return await concept_page(info, len(found), found[start : start + first], start, mark)


def _check_pairs(info: Info, one: Sequence[CURIE], other: Sequence[CURIE]) -> None:
    check_count(info, "pairs", len(one))
    check_ids("pairs", [*one, *other])
