"""What another release adds to each variable and takes from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from graph.ecl.content import Content
from graph.ecl.evaluator import Evaluator
from graph.ecl.universe import Mask
from graph.errors import EclError
from graph.model import CURIE, Term
from graph.store import GraphStore
from graph.variables.definitions import Variable, VariableSet
from graph.variables.expanding import expression_of, of_ecl


class Reason(StrEnum):
    """Why a concept counts as a variable in one release and not in the other."""

    NEW = "new"
    """Added: the former release has no such concept."""
    ACTIVE_AGAIN = "active again"
    """Added: it was retired in the former release."""
    MOVED = "moved"
    """Active in both, and its place or its properties are others."""
    RETIRED = "retired"
    """Taken: it is retired in the newer release."""
    ABSENT = "absent"
    """Taken: the newer release has no such concept."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A concept that counts as a variable in one of the releases alone; `added`, if in the newer one."""

    variable: str
    concept: CURIE
    name: str
    added: bool
    reason: Reason
    successors: tuple[CURIE, ...] = ()
    """What stands for it in the newer release."""
    kept: bool = False
    """Whether one of them counts as the variable there."""


@dataclass(frozen=True, slots=True)
class VariableDifference:
    """What becomes of one variable: its sizes, and what is added and taken, each by id.

    A size is None where the release cannot answer the definition, and `problems` tell why.
    """

    variable: str
    before: int | None
    after: int | None
    gains: tuple[Gain, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def added(self) -> int:
        """How many concepts the newer release adds."""
        return sum(gain.added for gain in self.gains)

    @property
    def taken(self) -> int:
        """How many concepts the newer release takes away."""
        return len(self.gains) - self.added


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two releases."""

    content: Content
    store: GraphStore


def differences(
    variables: VariableSet, before: Side, after: Side, name: Callable[[Sequence[Term]], str | None]
) -> list[VariableDifference]:
    """What becomes of each variable from one release to another, in the order of the set.

    `name` chooses what a concept is called from its terms. Raises StoreUnavailable, and VariablesError where an
    expression is not well-formed.
    """
    evaluators = Evaluator(before.content), Evaluator(after.content)
    return [
        _difference(variable, variables.file, before, after, evaluators, name)
        for variable in variables.variables
    ]


def _difference(
    variable: Variable,
    file: str,
    before: Side,
    after: Side,
    evaluators: tuple[Evaluator, Evaluator],
    name: Callable[[Sequence[Term]], str | None],
) -> VariableDifference:
    expression = expression_of(variable, file)
    masks, sizes, problems = list[Mask](), list[int | None](), list[str]()
    for evaluator in evaluators:
        try:
            mask = evaluator.concepts(expression)
        except EclError as error:
            problems.append(f"In {evaluator.content.release}: {of_ecl(error, variable, file).what}")
            sizes.append(None)
            continue
        masks.append(mask)
        sizes.append(int(mask[: evaluator.universe.concepts].sum()))
    if len(masks) < 2:
        return VariableDifference(variable.id, sizes[0], sizes[1], problems=tuple(problems))
    ids = [
        evaluator.universe.ids_of(evaluator.universe.concepts_in(mask))
        for evaluator, mask in zip(evaluators, masks, strict=True)
    ]
    old, new = set(ids[0]), set(ids[1])
    gains = [
        *_added([id for id in ids[1] if id not in old], before, variable.id),
        *_taken([id for id in ids[0] if id not in new], after, new, variable.id),
    ]
    return VariableDifference(variable.id, sizes[0], sizes[1], tuple(_named(gains, before, after, name)))


def _added(ids: Sequence[CURIE], before: Side, variable: str) -> list[Gain]:
    universe = before.content.universe
    gains = []
    for id, number in zip(ids, universe.numbers(ids).tolist(), strict=True):
        reason = Reason.MOVED if 0 <= number < universe.active else Reason.ACTIVE_AGAIN
        if not 0 <= number < universe.concepts:
            reason = Reason.NEW
        gains.append(Gain(variable, id, "", True, reason))
    return gains


def _taken(ids: Sequence[CURIE], after: Side, within: set[CURIE], variable: str) -> list[Gain]:
    universe = after.content.universe
    numbers = universe.numbers(ids)
    gone = np.flatnonzero((numbers < 0) | (numbers >= universe.active)).tolist()
    successions = dict(zip(gone, after.store.successors([ids[at] for at in gone]), strict=True))
    gains = []
    for at, (id, number) in enumerate(zip(ids, numbers.tolist(), strict=True)):
        successors = tuple(dict.fromkeys(one.successor for one in successions.get(at, ())))
        reason = Reason.MOVED if 0 <= number < universe.active else Reason.RETIRED
        if not 0 <= number < universe.concepts:
            reason = Reason.ABSENT
        gains.append(Gain(variable, id, "", False, reason, successors, bool(within.intersection(successors))))
    return gains


def _named(
    gains: Sequence[Gain], before: Side, after: Side, name: Callable[[Sequence[Term]], str | None]
) -> list[Gain]:
    """With the names: in the newer release if that has terms of it, else in the former."""
    ids = [gain.concept for gain in gains]
    named = []
    found = zip(gains, after.store.terms(ids), before.store.terms(ids), strict=True) if ids else ()
    for gain, now, then in found:
        called = name(now) or name(then) or gain.concept
        named.append(
            Gain(gain.variable, gain.concept, called, gain.added, gain.reason, gain.successors, gain.kept)
        )
    return sorted(named, key=lambda gain: gain.concept)
