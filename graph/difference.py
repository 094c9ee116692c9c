"""What changed from one release to another, told concept by concept.

Both stores are read once, by their scans ordered by id, side by side: memory holds one concept of each,
whatever the releases' size and whatever kind of store they are in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, islice
from operator import attrgetter, itemgetter
from typing import Any, Generic, TypeVar

from graph.model import CURIE, Concept, Term, TermKind
from graph.store import GraphStore

_T = TypeVar("_T")

_CHANGES_AT_ONCE = 1000
#: The kinds of term that name a concept; a change of one is a new name.
_NAMES = (TermKind.FSN, TermKind.PREFERRED)


class ChangeKind(StrEnum):
    """What happened to a concept."""

    ADDED = "added"
    """It is active now and was not: aspect `new`, or `active again`."""
    RETIRED = "retired"
    """It was active and is not: aspect `inactive`, or `absent`; `after` are the concepts that stand for it."""
    RENAMED = "renamed"
    """Its FSN or preferred term in a language is another: aspect `es fsn`, `en preferred`."""
    MOVED = "moved"
    """Its semantic tag or its module is another: aspect `semantic tag`, `module`."""
    REPARENTED = "re-parented"
    """It has other parents: `before` are those it lost, `after` those it gained."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one concept. `name` is what it is called, in the newer release if that has it."""

    kind: ChangeKind
    concept: CURIE
    name: str
    aspect: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def differences(
    before: GraphStore,
    after: GraphStore,
    *,
    name: Callable[[Sequence[Term]], str | None],
    progress: Callable[[int], None] = lambda concepts: None,
) -> Iterator[Change]:
    """The changes from `before` to `after`, by concept id, and of one concept as `ChangeKind` lists them.

    Concepts retired in both are passed over. `name` chooses what a concept is called from its terms.
    `progress` gets the number of concepts compared so far, now and then.

    Raises StoreUnavailable.
    """
    changes = _changes(before, after, name, progress)
    while some := list(islice(changes, _CHANGES_AT_ONCE)):
        yield from _with_successors(some, after)


@dataclass(frozen=True, slots=True)
class _Described:
    """A concept with what is compared of it."""

    concept: Concept
    terms: tuple[Term, ...]
    parents: frozenset[CURIE]

    @property
    def names(self) -> dict[str, str]:
        """`es fsn` → the text, of every language and kind of name; the first by text where there are two."""
        named: dict[str, str] = {}
        for term in self.terms:
            if term.kind in _NAMES:
                aspect = f"{term.language} {term.kind}"
                named[aspect] = min(term.text, named.get(aspect, term.text))
        return named


def _changes(
    before: GraphStore,
    after: GraphStore,
    name: Callable[[Sequence[Term]], str | None],
    progress: Callable[[int], None],
) -> Iterator[Change]:
    for number, (old, new) in enumerate(_side_by_side(_described(before), _described(after)), start=1):
        if number % _CHANGES_AT_ONCE == 0:
            progress(number)
        shown = new or old
        called = (name(shown.terms) or shown.concept.id) if shown else ""
        was, is_ = old is not None and old.concept.active, new is not None and new.concept.active
        if is_ and not was and new:
            yield Change(ChangeKind.ADDED, new.concept.id, called, "active again" if old else "new")
        elif was and not is_ and old:
            yield Change(ChangeKind.RETIRED, old.concept.id, called, "inactive" if new else "absent")
        elif was and is_ and old and new:
            yield from _altered(old, new, called)


def _altered(old: _Described, new: _Described, called: str) -> Iterator[Change]:
    id, names = new.concept.id, new.names
    for aspect, text in sorted(old.names.items()):
        if names.get(aspect, text) != text:
            yield Change(ChangeKind.RENAMED, id, called, aspect, (text,), (names[aspect],))
    for aspect, was, is_ in (
        ("semantic tag", old.concept.semantic_tag, new.concept.semantic_tag),
        ("module", old.concept.module, new.concept.module),
    ):
        if was != is_:
            yield Change(ChangeKind.MOVED, id, called, aspect, (was,), (is_,))
    if old.parents != new.parents:
        lost, gained = old.parents - new.parents, new.parents - old.parents
        yield Change(ChangeKind.REPARENTED, id, called, "parents", tuple(sorted(lost)), tuple(sorted(gained)))


def _with_successors(changes: Sequence[Change], after: GraphStore) -> Iterator[Change]:
    retired = [change.concept for change in changes if change.kind is ChangeKind.RETIRED]
    successors = iter(after.successors(retired) if retired else ())
    for change in changes:
        if change.kind is ChangeKind.RETIRED:
            change = replace(change, after=tuple(one.successor for one in next(successors)))
        yield change


def _described(store: GraphStore) -> Iterator[_Described]:
    """The concepts of a store, by id."""
    terms = _Grouped(store.scan_terms(), attrgetter("concept"))
    parents = _Grouped(store.scan_is_a(), itemgetter(0))
    for concept in store.scan_concepts():
        yield _Described(
            concept, tuple(terms.of(concept.id)), frozenset(parent for _, parent in parents.of(concept.id))
        )


class _Grouped(Generic[_T]):
    """Rows ordered by a key, given by group to someone who asks for keys in rising order."""

    def __init__(self, rows: Iterable[_T], key: Callable[[_T], Any]) -> None:
        self._groups = groupby(rows, key)
        self._next = next(self._groups, None)

    def of(self, key: str) -> list[_T]:
        """The rows of a key; empty where it has none."""
        while self._next is not None and self._next[0] < key:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != key:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows


def _side_by_side(
    old: Iterator[_Described], new: Iterator[_Described]
) -> Iterator[tuple[_Described | None, _Described | None]]:
    """Both, paired by id; None stands where one side lacks it."""
    left, right = next(old, None), next(new, None)
    while left or right:
        if right is None or (left is not None and left.concept.id < right.concept.id):
            yield left, None
            left = next(old, None)
        elif left is None or right.concept.id < left.concept.id:
            yield None, right
            right = next(new, None)
        else:
            yield left, right
            left, right = next(old, None), next(new, None)
