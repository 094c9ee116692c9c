"""From what a code or text means to the variables that it counts as, with the is-a path as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graph.ecl.content import Content
from graph.model import CURIE
from graph.variables.assignment import Assignment
from graph.variables.definitions import VariableSet
from graph.variables.evidence import WaysUp
from graph.variables.expanding import masks
from linker.harmonization.model import Key, Meaning, Reason, Status, Unit

#: Concepts that the detail of an ambiguous row tells.
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A variable that holds a concept, by the is-a `path`; `whole` unless the concept is below one that it holds."""

    variable: str
    path: str
    whole: bool


class VariableTable:
    """The variables of every concept of a release. For one thread: paths are found as they are asked for."""

    def __init__(self, variables: VariableSet, content: Content) -> None:
        """Raises VariablesError where a definition cannot be answered by the release."""
        self.definitions = variables
        self._universe, self._hierarchy = content.universe, content.hierarchy
        sets = masks(variables, content)
        self._assignment = Assignment(content.universe, content.hierarchy, sets, variables.parents())
        ids = [variable.id for variable in variables.variables]
        self._ids = ids
        self._names = [tuple(ids[place] for place in some) for some in self._assignment.combinations]
        self._of_number = self._assignment.of_number.tolist()
        self._ways: dict[int, WaysUp] = {}
        self._paths: dict[tuple[int, int], str] = {}
        self._holding: dict[int, tuple[int, ...]] = {}
        #: Whether variables hold a concept; shape (universe.concepts,).
        self.held = self._assignment.of_number > 0

    def units(self, keys: Sequence[Key], meanings: Sequence[Meaning]) -> list[Unit]:
        """What becomes of each code or text."""
        ids = [id for meaning in meanings for id in meaning.concepts]
        numbers = self._universe.numbers(ids).tolist() if ids else []
        units, start = [], 0
        for key, meaning in zip(keys, meanings, strict=True):
            end = start + len(meaning.concepts)
            units.append(self._unit(key, meaning, numbers[start:end]))
            start = end
        return units

    def holding(self, ids: Sequence[CURIE]) -> list[tuple[Held, ...]]:
        """The variables that hold each concept, not only the most specific ones, in the order of the file."""
        numbers = self._universe.numbers(ids).tolist() if ids else []
        return [
            tuple(
                Held(self._ids[place], self._path(number, (place,)), self._is_top(number, place))
                for place in self._places(number)
            )
            for number in numbers
        ]

    def _places(self, number: int) -> tuple[int, ...]:
        if not self._combination(number):
            return ()
        if number not in self._holding:
            sets = self._assignment.sets
            at = [int(np.searchsorted(held, number)) for held in sets]
            self._holding[number] = tuple(
                place
                for place, (held, where) in enumerate(zip(sets, at, strict=True))
                if where < len(held) and held[where] == number
            )
        return self._holding[number]

    def _is_top(self, number: int, place: int) -> bool:
        """Whether a concept is one that a variable is made of: nothing above it is in its set."""
        return number >= self._universe.active or number in self._assignment.tops[place]

    def _unit(self, key: Key, meaning: Meaning, numbers: Sequence[int]) -> Unit:
        status, reason, detail, path = Status.UNMATCHED, meaning.reason, meaning.detail, ""
        variables: tuple[str, ...] = ()
        if not numbers:
            if reason not in (Reason.UNKNOWN_CODE, Reason.NOT_REPLACED, Reason.EMPTY):
                status = Status.DECLINED
        else:
            combination = self._combination(numbers[0])
            if any(self._combination(number) != combination for number in numbers[1:]):
                status, reason = Status.AMBIGUOUS, Reason.SEVERAL
                detail = self._alternatives(meaning.concepts, numbers)
            elif combination:
                status, variables = Status.ASSIGNED, self._names[combination]
                path = self._path(numbers[0], self._assignment.combinations[combination])
            else:
                reason, detail = Reason.NO_VARIABLE, f"{meaning.concepts[0]} counts as no variable"
        return Unit(
            key,
            status,
            variables,
            meaning.concepts,
            meaning.route,
            meaning.via,
            meaning.score,
            path,
            reason,
            detail,
        )

    def _combination(self, number: int) -> int:
        """The variables of a concept; none of one that the release has not."""
        return self._of_number[number] if 0 <= number < len(self._of_number) else 0

    def _alternatives(self, concepts: Sequence[CURIE], numbers: Sequence[int]) -> str:
        told = [
            f"{id} counts as {', '.join(self._names[self._combination(number)]) or 'no variable'}"
            for id, number in zip(concepts, numbers, strict=True)
        ]
        more = f"; and {len(told) - _MOST_TOLD} more concepts" if len(told) > _MOST_TOLD else ""
        return "; ".join(told[:_MOST_TOLD]) + more

    def _path(self, number: int, places: Sequence[int]) -> str:
        if number >= self._universe.active:
            return " | ".join([self._universe.id_of(number)] * len(places))
        return " | ".join(self._path_to(number, place) for place in places)

    def _path_to(self, number: int, place: int) -> str:
        known = self._paths.get((number, place))
        if known is None:
            if place not in self._ways:
                self._ways[place] = WaysUp(self._hierarchy, self._assignment.tops[place])
            above = self._ways[place].above(number)
            known = self._hierarchy.ids_of([number])[0]
            # Ways up join, so that most of a path is known from another concept's.
            if above != number:
                known = f"{known} > {self._path_to(above, place)}"
            self._paths[number, place] = known
        return known
