"""Refinements: which concepts have such attributes, in such numbers, in such groups.

Cardinalities count rows of relations, not distinct values. Each row of group 0 is a group of its own.
A comparison by != is met by a row with another value, not by the absence of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.ecl.concrete import matching_values
from graph.ecl.syntax import (
    Attribute,
    Cardinality,
    Comparison,
    Connective,
    Expression,
    Group,
    Refinement,
    RefinementCompound,
    Texts,
)
from graph.ecl.universe import Mask, Role
from graph.errors import EclNotSupported

if TYPE_CHECKING:
    from graph.ecl.evaluator import Evaluator

_Rows = NDArray[np.integer]
_ONCE = Cardinality(1, None)
#: Above so many values, finding how many rows lead to them costs more than it saves.
_FEW_VALUES = 20_000


@dataclass(frozen=True, slots=True)
class _Groups:
    """A set of groups: `numbers` sorted and distinct, or all groups but these."""

    numbers: _Rows
    all_but: bool = False


class Refining:
    """Answers refinements of one focus. What it answers for concepts outside the focus means nothing."""

    def __init__(self, evaluator: Evaluator, focus: Mask) -> None:
        self._evaluator = evaluator
        self._universe = evaluator.universe
        self._table = evaluator.tables.attributes
        self._focus = focus

    @cached_property
    def _concepts(self) -> NDArray[np.int64]:
        """The concepts of the focus."""
        return np.flatnonzero(self._focus[: self._universe.concepts])

    @cached_property
    def _own_rows(self) -> int:
        """How many rows the focus has, at most."""
        if 4 * np.count_nonzero(self._focus) > self._universe.concepts:
            return len(self._table.sources)
        return self._table.by_source.count(self._concepts)

    def concepts(self, refinement: Refinement) -> Mask:
        """The concepts that meet a refinement."""
        match refinement:
            case RefinementCompound():
                masks = [self.concepts(part) for part in refinement.parts]
                join = np.logical_and if refinement.connective is Connective.AND else np.logical_or
                made: Mask = join.reduce(masks)
                return made
            case Group():
                return self._with_groups(refinement)
            case Attribute(reverse=True):
                rows = self._reverse_rows(refinement)
                return self._counted(self._table.targets[rows], refinement.cardinality or _ONCE)
            case Attribute():
                rows = self._rows(refinement)
                return self._counted(self._table.sources[rows], refinement.cardinality or _ONCE)

    def values(self, name: Expression) -> Mask:
        """The concepts that an attribute of the focus leads to. Raises EclNotSupported for concrete values."""
        types = self._types(name)
        rows = self._of_focus(types)
        targets = self._table.targets[rows[self._from(self._concepts, rows)]]
        if (targets < 0).any():
            raise EclNotSupported(
                name.at.line, name.at.column, "this attribute leads to concrete values, which are no concepts"
            )
        return self._universe.of(targets)

    # Attributes --------------------------------------------------------------------------------------------

    def _types(self, name: Expression) -> NDArray[np.int64]:
        """The types of relation that a name stands for, as places in `type_numbers`."""
        named, table = self._evaluator.set_of(name, Role.ATTRIBUTE), self._table
        chosen = named[table.type_numbers]
        if table.is_a >= 0:
            chosen[table.is_a] = named[list(self._evaluator.is_a_numbers)].any()
        return np.flatnonzero(chosen)

    def _rows(self, attribute: Attribute) -> _Rows:
        """The rows of an attribute that compare as it says: those of the focus, and perhaps others."""
        types = self._types(attribute.name)
        value, table = attribute.value, self._table
        if isinstance(value, bool | Decimal | Texts):
            rows = self._of_focus(types)
            rows = rows[table.targets[rows] < 0]
            passing = matching_values(table.values, attribute.comparison, value)
            return rows[passing[-1 - table.targets[rows]]]
        wanted = self._evaluator.set_of(value, Role.VALUE)
        if attribute.comparison is Comparison.EQUAL and np.count_nonzero(wanted) < _FEW_VALUES:
            values = np.flatnonzero(wanted)
            if table.by_target.count(values) < min(self._own_rows, table.by_type.count(types)):
                leading_to: _Rows = table.by_target.of_values(values)
                return leading_to[self._of_types(leading_to, types)]
        rows = self._of_focus(types)
        if table.values:
            rows = rows[table.targets[rows] >= 0]
        met: _Rows = rows[wanted[table.targets[rows]] == (attribute.comparison is Comparison.EQUAL)]
        return met

    def _reverse_rows(self, attribute: Attribute) -> _Rows:
        """The rows that lead to a concept from a source that compares as the attribute says."""
        types, table = self._types(attribute.name), self._table
        assert not isinstance(attribute.value, bool | Decimal | Texts)  # Refused when the text is read.
        wanted = self._evaluator.set_of(attribute.value, Role.CONCEPT)
        if attribute.comparison is Comparison.NOT_EQUAL:
            wanted = ~wanted
        sources = np.flatnonzero(wanted[: self._universe.concepts])
        focus = np.flatnonzero(self._focus)
        few = len(focus) < _FEW_VALUES
        choices = {
            "focus": table.by_target.count(focus) if few else len(table.sources),
            "sources": table.by_source.count(sources),
            "types": table.by_type.count(types),
        }
        match min(choices, key=lambda name: choices[name]):
            case "focus":
                rows: _Rows = table.by_target.of_values(focus)
                rows = rows[self._of_types(rows, types)]
                return rows[self._from(sources, rows)]
            case "sources":
                rows = table.by_source.of_values(sources)
                rows = rows[self._of_types(rows, types)]
            case _:
                rows = table.by_type.of_values(types)
                rows = rows[self._from(sources, rows)]
        return rows[table.targets[rows] >= 0]

    def _of_focus(self, types: NDArray[np.int64]) -> _Rows:
        """The rows of some types: those of the focus, and perhaps others."""
        table = self._table
        if self._own_rows < table.by_type.count(types):
            rows: _Rows = table.by_source.of_values(self._concepts)
            return rows[self._of_types(rows, types)]
        return table.by_type.of_values(types)

    def _of_types(self, rows: _Rows, types: NDArray[np.int64]) -> Mask:
        chosen = np.zeros(len(self._table.type_numbers), np.bool_)
        chosen[types] = True
        found: Mask = chosen[self._table.types[rows]]
        return found

    def _from(self, sources: NDArray[np.int64], rows: _Rows) -> Mask:
        wanted = np.zeros(self._universe.concepts, np.bool_)
        wanted[sources] = True
        found: Mask = wanted[self._table.sources[rows]]
        return found

    def _counted(self, owners: _Rows, cardinality: Cardinality) -> Mask:
        """The concepts that are so often among `owners`."""
        if cardinality == _ONCE:
            return self._universe.of(owners)
        counts = np.bincount(owners, minlength=self._universe.size)
        return _within(counts, cardinality)

    # Groups ------------------------------------------------------------------------------------------------

    def _with_groups(self, group: Group) -> Mask:
        found, cardinality = self._groups(group.content), group.cardinality or _ONCE
        table = self._table
        if not found.all_but:
            return self._counted(table.group_sources[found.numbers], cardinality)
        # Is-a rows are groups only where they are named.
        numbers = found.numbers[found.numbers < table.attribute_groups]
        counts = np.zeros(self._universe.size, np.int64)
        counts[: self._universe.concepts] = table.group_counts
        counts -= np.bincount(table.group_sources[numbers], minlength=self._universe.size)
        return _within(counts, cardinality)

    def _groups(self, content: Refinement) -> _Groups:
        """The groups in which the content of braces holds."""
        if isinstance(content, RefinementCompound):
            groups = [self._groups(part) for part in content.parts]
            made = groups[0]
            for other in groups[1:]:
                made = (
                    self._both(made, other)
                    if content.connective is Connective.AND
                    else self._either(made, other)
                )
            return made
        assert isinstance(content, Attribute)  # The grammar has no groups in groups.
        cardinality = content.cardinality or _ONCE
        numbers = self._table.groups[self._rows(content)]
        if cardinality == _ONCE:
            return _Groups(_distinct(numbers))
        found, counts = np.unique(numbers, return_counts=True)
        if cardinality.minimum > 0:
            return _Groups(found[_within(counts, cardinality)])
        return _Groups(found[~_within(counts, cardinality)], all_but=True)

    def _both(self, a: _Groups, b: _Groups) -> _Groups:
        if a.all_but and b.all_but:
            return _Groups(_distinct(np.concatenate((a.numbers, b.numbers))), all_but=True)
        if a.all_but:
            a, b = b, a
        return _Groups(a.numbers[self._among(a.numbers, b.numbers) != b.all_but])

    def _either(self, a: _Groups, b: _Groups) -> _Groups:
        if not (a.all_but or b.all_but):
            return _Groups(_distinct(np.concatenate((a.numbers, b.numbers))))
        if not a.all_but:
            a, b = b, a
        # All but those of a, and those of b (or all but those) besides.
        return _Groups(a.numbers[self._among(a.numbers, b.numbers) == b.all_but], all_but=True)

    def _among(self, numbers: _Rows, others: _Rows) -> Mask:
        flags = np.zeros(len(self._table.group_sources), np.bool_)
        flags[others] = True
        found: Mask = flags[numbers]
        return found


def _within(counts: NDArray[np.integer], cardinality: Cardinality) -> Mask:
    enough: Mask = counts >= cardinality.minimum
    return enough if cardinality.maximum is None else enough & (counts <= cardinality.maximum)


def _distinct(numbers: _Rows) -> _Rows:
    """Sorted and each once; what comes in order is not sorted anew."""
    if len(numbers) < 2:
        return numbers
    if (numbers[1:] < numbers[:-1]).any():
        numbers = np.sort(numbers)
    return numbers[np.concatenate(([True], numbers[1:] != numbers[:-1]))]
