"""Value sets: what an expression expands to, page by page, which codes it holds, and what subsumes what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.ecl.content import Content, Tell
from graph.ecl.evaluator import Evaluator
from graph.ecl.parser import parse
from graph.ecl.syntax import (
    Compound,
    Connective,
    DescriptionFilters,
    Expression,
    Filtered,
    MembersOf,
    Reference,
    Search,
    TermFilter,
    TypeFilter,
)
from graph.ecl.universe import Mask, Universe
from graph.model import CURIE, Term, TermKind
from graph.release import OpenRelease
from graph.store import GraphStore


@dataclass(frozen=True, slots=True)
class Expansion:
    """A page of a value set: `total` concepts in all, those of the page by id, and their terms if asked for."""

    total: int
    ids: tuple[CURIE, ...]
    terms: tuple[tuple[Term, ...], ...] = ()


class ValueSet:
    """The concepts of an expression, in a release."""

    def __init__(self, universe: Universe, mask: Mask) -> None:
        self._universe, self._mask = universe, mask
        self.size = int(np.count_nonzero(mask[: universe.concepts]))

    def ids(self) -> tuple[CURIE, ...]:
        """All of them, by id."""
        return self._universe.ids_of(self._universe.concepts_in(self._mask))

    def holds(self, ids: Sequence[CURIE]) -> NDArray[np.bool_]:
        """Whether each id is one of them, shape (len(ids),); an id that is no concept is not."""
        numbers = self._universe.numbers(ids)
        known = (numbers >= 0) & (numbers < self._universe.concepts)
        found: NDArray[np.bool_] = known & self._mask[numbers]
        return found


class ValueSets:
    """Answers about one release. Safe to share between threads.

    Methods that take an expression raise EclSyntaxError, EclNotSupported and EclUnknownId.
    """

    def __init__(self, content: Content, store: GraphStore) -> None:
        self._evaluator = Evaluator(content)
        self._universe = content.universe
        self._hierarchy = content.hierarchy
        self._store = store

    @classmethod
    def open(cls, opened: OpenRelease, tell: Tell = lambda stage, done: None) -> ValueSets:
        """Over an open release; the first time, its tables are compiled and kept. Raises StoreUnavailable."""
        return cls(Content.open(opened, tell), opened.store)

    def expand(
        self,
        ecl: str | Expression,
        *,
        first: int | None = None,
        offset: int = 0,
        text: str = "",
        with_terms: bool = False,
    ) -> Expansion:
        """The `first` concepts after `offset`, by id; all of them unless told otherwise.

        `text` keeps concepts with a name in which each of its words begins a word; `total` counts those. With
        `with_terms`, the terms of the page are read in one call of the store; raises StoreUnavailable then.
        """
        found = self._universe.concepts_in(self._mask(ecl, text))
        page = found[offset : None if first is None else offset + first]
        ids = self._universe.ids_of(page)
        return Expansion(len(found), ids, tuple(self._store.terms(ids)) if with_terms else ())

    def members(self, refset: CURIE, *, first: int | None = None, offset: int = 0) -> Expansion:
        """The `first` members of a refset after `offset`, by id; none for another concept.

        Raises EclNotSupported for a refset whose members the release does not keep.
        """
        # As a set: a single concept that is no refset would be refused.
        named = Compound(Connective.OR, (Reference(refset), Reference(refset)))
        return self.expand(MembersOf(named), first=first, offset=offset)

    def contains(self, ecl: str | Expression, ids: Sequence[CURIE]) -> NDArray[np.bool_]:
        """Whether each id is in an expression's set, shape (len(ids),); an id that is no concept is not."""
        return self.value_set(ecl).holds(ids)

    def value_set(self, ecl: str | Expression) -> ValueSet:
        """The concepts of an expression, to be asked often."""
        return ValueSet(self._universe, self._mask(ecl, ""))

    def subsumes(self, general: Sequence[CURIE], specific: Sequence[CURIE]) -> NDArray[np.bool_]:
        """Whether `general[i]` subsumes `specific[i]`, reflexively; shape (pairs,). Unknown and retired ids do not."""
        ordinals = self._hierarchy.ordinals
        return self._hierarchy.subsumes_pairs(ordinals(general), ordinals(specific))

    def _mask(self, ecl: str | Expression, text: str) -> Mask:
        expression = parse(ecl) if isinstance(ecl, str) else ecl
        if text.strip():
            named = TypeFilter((TermKind.SYNONYM, TermKind.FSN))
            expression = Filtered(
                expression, (DescriptionFilters((TermFilter((Search(text),)), named)),), expression.at
            )
        return self._evaluator.concepts(expression)
