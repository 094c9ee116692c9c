"""The concepts of a release with all that it tells of each, page by page, so that a whole one need not be held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from graph.model import CURIE, IS_A, Concept, Mapping, Relation, Succession, Term
from graph.release import OpenRelease

#: Concepts read at once.
PAGE = 2_000

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Told:
    """A concept and what the release tells of it.

    `parents` are those in the compiled hierarchy, so a retired concept has none; `relations` are all but is-a.
    """

    concept: Concept
    terms: tuple[Term, ...]
    parents: tuple[CURIE, ...]
    relations: tuple[Relation, ...]
    mappings: tuple[Mapping, ...]
    successions: tuple[Succession, ...]


def pages(opened: OpenRelease, ids: Iterable[CURIE] | None = None) -> Iterator[list[Told]]:
    """Every concept, active and retired, by id; or those of `ids` that are concepts here, in the order of `ids`.

    Raises StoreUnavailable.
    """
    if ids is None:
        everything = _everything(opened)
        while page := list(islice(everything, PAGE)):
            yield page
        return
    wanted = iter(ids)
    while some := list(islice(wanted, PAGE)):
        yield list(_looked_up(opened, some))


def _looked_up(opened: OpenRelease, ids: list[CURIE]) -> Iterator[Told]:
    store = opened.store
    concepts = [concept for concept in store.concepts(ids) if concept]
    found = [concept.id for concept in concepts]
    columns = (store.terms(found), store.relations(found), store.mappings(found), store.successors(found))
    for concept, terms, relations, mappings, successions in zip(concepts, *columns, strict=True):
        yield Told(concept, terms, _parents(opened, concept.id), relations, mappings, successions)


def _everything(opened: OpenRelease) -> Iterator[Told]:
    """All scans side by side: each is ordered by the concept's id, and none is asked per concept."""
    store = opened.store
    terms = InStep(store.scan_terms(), lambda term: term.concept)
    others = (relation for relation in store.scan_relations() if relation.type != IS_A)
    relations = InStep(others, lambda relation: relation.source)
    mappings = InStep(store.scan_mappings(), lambda mapping: mapping.concept)
    successions = InStep(store.scan_successions(), lambda succession: succession.retired)
    for concept in store.scan_concepts():
        id = concept.id
        yield Told(
            concept,
            terms.of(id),
            _parents(opened, id),
            relations.of(id),
            mappings.of(id),
            successions.of(id),
        )


def _parents(opened: OpenRelease, id: CURIE) -> tuple[CURIE, ...]:
    return opened.hierarchy.parents(id) if id in opened.hierarchy else ()


class InStep(Generic[_R]):
    """Records ordered by an id, taken in step with ids that ascend."""

    def __init__(self, records: Iterator[_R], id_of: Callable[[_R], CURIE]) -> None:
        self._records = records
        self._id_of = id_of
        self._next = next(records, None)

    def of(self, id: CURIE) -> tuple[_R, ...]:
        """The records of `id`; those of ids before it are passed over."""
        found = []
        while self._next is not None and (own := self._id_of(self._next)) <= id:
            if own == id:
                found.append(self._next)
            self._next = next(self._records, None)
        return tuple(found)
