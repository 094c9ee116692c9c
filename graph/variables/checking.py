"""What is amiss with variables, held against a release: errors that change their meaning, and warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from graph.ecl.content import Content
from graph.ecl.evaluator import Evaluator
from graph.ecl.syntax import Expression
from graph.ecl.term_checking import references, wrong_terms
from graph.ecl.universe import Mask
from graph.errors import EclError, VariablesError
from graph.model import CURIE, Term
from graph.store import GraphStore
from graph.variables.assignment import Assignment
from graph.variables.definitions import Variable, VariableSet
from graph.variables.expanding import expression_of, of_ecl, seeds

#: How many concepts a finding names as examples.
EXAMPLES = 3


class Problem(StrEnum):
    """The kinds of findings; errors first."""

    UNREADABLE = "unreadable"
    """The expression is not well-formed, or asks for what is not answered."""
    UNKNOWN = "unknown"
    """It names an id that the release does not hold."""
    RETIRED = "retired"
    """It names a retired concept; `replacements` stand for it."""
    EMPTY = "empty"
    """No concept of the release counts as it."""
    OVERLAP = "overlap"
    """It shares concepts with another variable, and neither is the more specific one."""
    CONTAINED = "contained"
    """All its concepts are another variable's too, which is not declared as its parent."""
    OUTSIDE = "outside"
    """It has concepts that its parent has not."""
    TERM = "term"
    """A term in pipes is none of its concept's."""

    @property
    def is_error(self) -> bool:
        """Whether the variable does not mean what it says."""
        return self in (Problem.UNREADABLE, Problem.UNKNOWN, Problem.RETIRED, Problem.EMPTY)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A concept that stands for a retired one, how, and what it is called."""

    id: CURIE
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is amiss. `message` is a sentence; `line` is that of the file, `concept` the id concerned."""

    problem: Problem
    variable: str
    line: int
    message: str
    concept: CURIE = ""
    other: str = ""
    """The other variable, of findings about two."""
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, by line, and how many concepts each variable has; None where it cannot be told."""

    findings: tuple[Finding, ...]
    sizes: tuple[int | None, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.problem.is_error for finding in self.findings)


class Checker:
    """Checks sets of variables against one release; `name` chooses what a concept is called from its terms."""

    def __init__(
        self, content: Content, store: GraphStore, name: Callable[[Sequence[Term]], str | None]
    ) -> None:
        self._content, self._store, self._name = content, store, name
        self._evaluator = Evaluator(content)
        self._universe = content.universe

    def check(self, variables: VariableSet) -> Checked:
        """All that is amiss with a set. Raises StoreUnavailable."""
        findings, masks = list[Finding](), list[Mask | None]()
        for variable in variables.variables:
            found, mask = self._check_one(variable, variables.file)
            findings += found
            masks.append(mask)
        whole = [place for place, mask in enumerate(masks) if mask is not None and mask.any()]
        findings += self._between(
            variables, whole, [mask for mask in masks if mask is not None and mask.any()]
        )
        concepts = self._universe.concepts
        sizes = tuple(None if mask is None else int(mask[:concepts].sum()) for mask in masks)
        order = list(Problem)
        findings.sort(key=lambda one: (one.line, order.index(one.problem), one.concept, one.other))
        return Checked(tuple(findings), sizes)

    # One variable ------------------------------------------------------------------------------------------

    def _check_one(self, variable: Variable, file: str) -> tuple[list[Finding], Mask | None]:
        try:
            expression = expression_of(variable, file)
        except VariablesError as error:
            return [Finding(Problem.UNREADABLE, variable.id, error.line, _sentence(error.what))], None
        findings = [*self._ids(variable, expression), *self._terms(variable, expression)]
        try:
            mask = self._evaluator.concepts(expression)
        except EclError as error:
            if not any(finding.problem is Problem.UNKNOWN for finding in findings):
                told = of_ecl(error, variable, file)
                findings.append(Finding(Problem.UNREADABLE, variable.id, told.line, _sentence(told.what)))
            return findings, None
        if not mask[: self._universe.concepts].any():
            findings.append(
                Finding(
                    Problem.EMPTY,
                    variable.id,
                    variable.line_of("ecl" if variable.ecl else "concepts"),
                    f"No concept of release {self._content.release!r} counts as it; widen its definition.",
                )
            )
        return findings, mask

    def _ids(self, variable: Variable, expression: Expression) -> Iterator[Finding]:
        """The ids that are unknown or retired."""
        lines = self._lines(variable, expression)
        ids = list(lines)
        numbers = self._universe.numbers(ids)
        for id in (id for id, number in zip(ids, numbers.tolist(), strict=True) if number < 0):
            yield Finding(
                Problem.UNKNOWN,
                variable.id,
                lines[id],
                f"Release {self._content.release!r} has no {id}; correct the id.",
                id,
            )
        retired = [
            id
            for id, number in zip(ids, numbers.tolist(), strict=True)
            if self._universe.active <= number < self._universe.concepts
        ]
        for id, replacements in zip(retired, self._replacements(retired), strict=True):
            told = ", ".join(f"{one.id} |{one.name}| ({one.kind})" for one in replacements)
            yield Finding(
                Problem.RETIRED,
                variable.id,
                lines[id],
                f"{id} is retired and stands for itself alone; "
                + (f"replace it by {told}." if told else "the release names no replacement."),
                id,
                replacements=replacements,
            )

    def _lines(self, variable: Variable, expression: Expression) -> dict[CURIE, int]:
        """Each id that a variable names, with the line of the file where it first does."""
        lines = dict[CURIE, int]()
        for seed in seeds(variable):
            lines.setdefault(seed.id, seed.line)
        for reference in references(expression):
            lines.setdefault(reference.id, variable.line_of("ecl") + reference.at.line - 1)
        return lines

    def _replacements(self, retired: Sequence[CURIE]) -> list[tuple[Replacement, ...]]:
        if not retired:
            return []
        successions = self._store.successors(retired)
        successors = sorted({one.successor for some in successions for one in some})
        names = {
            id: self._name(terms) or id
            for id, terms in zip(successors, self._store.terms(successors), strict=True)
        }
        return [
            tuple(
                {
                    # The closest kind of a successor comes first, and it is told once.
                    one.successor: Replacement(one.successor, one.kind.value, names[one.successor])
                    for one in reversed(some)
                }.values()
            )[::-1]
            for some in successions
        ]

    def _terms(self, variable: Variable, expression: Expression) -> Iterator[Finding]:
        lines = self._lines(variable, expression)
        for wrong in wrong_terms(expression, self._store):
            if wrong.terms:
                yield Finding(
                    Problem.TERM,
                    variable.id,
                    lines[wrong.id],
                    f"{wrong.id} is called |{self._name(wrong.terms) or wrong.id}| and not |{wrong.term}|; "
                    "correct one of the two.",
                    wrong.id,
                )

    # Two variables -----------------------------------------------------------------------------------------

    def _between(
        self, variables: VariableSet, whole: Sequence[int], masks: Sequence[Mask]
    ) -> Iterator[Finding]:
        """Findings about pairs of those variables whose sets are known and not empty."""
        parents = variables.parents()
        place_of = {place: at for at, place in enumerate(whole)}
        known = [variables.variables[place] for place in whole]
        above = [_known_parent(parents, place, place_of) for place in whole]
        assignment = Assignment(self._universe, self._content.hierarchy, masks, above)
        for at, (variable, parent) in enumerate(zip(known, above, strict=True)):
            if parent >= 0 and (outside := masks[at] & ~masks[parent]).any():
                yield self._pair(
                    Problem.OUTSIDE,
                    variable,
                    known[parent],
                    outside,
                    "{n} of it and not of {other}, the variable that it is declared a part of, like {examples}.",
                    field="parent",
                )
        yield from self._shared(known, masks, assignment)
        yield from self._contained(known, masks, above, assignment)

    def _shared(
        self, known: Sequence[Variable], masks: Sequence[Mask], assignment: Assignment
    ) -> Iterator[Finding]:
        """Pairs of variables that concepts are assigned to together."""
        together = {pair for some in assignment.combinations for pair in _pairs(some)}
        for one, other in sorted(together):
            both = self._universe.none()
            for at, some in enumerate(assignment.combinations):
                if one in some and other in some:
                    both[: self._universe.concepts] |= assignment.of_number == at
            if both.any() and not np.array_equal(masks[one], masks[other]):
                yield self._pair(
                    Problem.OVERLAP,
                    known[one],
                    known[other],
                    both,
                    "{n} assigned to it and to {other} alike, like {examples}; exclude what is "
                    "not meant from one of the two.",
                )

    def _contained(
        self, known: Sequence[Variable], masks: Sequence[Mask], above: Sequence[int], assignment: Assignment
    ) -> Iterator[Finding]:
        """Variables within others that are not declared as their wholes; the closest of those."""
        sizes = [len(held) for held in assignment.sets]
        wholes: list[list[int]] = [[] for _ in known]
        for one, other, shared in assignment.meeting:
            if shared == sizes[other]:
                wholes[other].append(one)
            elif shared == sizes[one]:
                wholes[one].append(other)
        for at, variable in enumerate(known):
            if not wholes[at] or any(_is_above(above, at, whole) for whole in wholes[at]):
                continue
            closest = min(wholes[at], key=lambda whole: (sizes[whole], whole))
            if _is_above(above, closest, at):
                continue
            same = sizes[closest] == sizes[at]
            yield self._pair(
                Problem.CONTAINED,
                variable,
                known[closest],
                masks[at],
                "it has the same concepts as {other}; remove one of the two."
                if same
                else "all its concepts ({count}) are {other}'s too; declare `parent: {other}` if it is a part of that.",
            )

    def _pair(
        self,
        problem: Problem,
        variable: Variable,
        other: Variable,
        shared: Mask,
        said: str,
        *,
        field: str = "id",
    ) -> Finding:
        numbers = self._universe.concepts_in(shared)
        shown = self._universe.ids_of(numbers[:EXAMPLES])
        named = [
            f"{id} |{self._name(terms) or id}|"
            for id, terms in zip(
                shown, self._store.terms(shown) if "{examples}" in said else [()] * len(shown), strict=True
            )
        ]
        count = f"{len(numbers):,}"
        told = said.format(
            n=f"{count} concepts are" if len(numbers) > 1 else "1 concept is",
            count=count,
            other=other.id,
            examples=", ".join(named),
        )
        return Finding(problem, variable.id, variable.line_of(field), _sentence(told), other=other.id)


def _known_parent(parents: Sequence[int], place: int, known: dict[int, int]) -> int:
    """The closest of a variable's wholes that is among the known ones, by its place there; -1 for none."""
    above = parents[place]
    while above >= 0 and above not in known:
        above = parents[above]
    return known[above] if above >= 0 else -1


def _is_above(above: Sequence[int], part: int, whole: int) -> bool:
    while part >= 0 and part != whole:
        part = above[part]
    return part == whole


def _pairs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    for at, one in enumerate(places):
        for other in places[at + 1 :]:
            yield one, other


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")
