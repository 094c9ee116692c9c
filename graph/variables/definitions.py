"""What a variable is: an id, a label, and the concepts that count as it."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from enum import StrEnum

from graph.model import CURIE


class ValueType(StrEnum):
    """What kind of value a row of the variable carries, beside its being there."""

    BOOLEAN = "boolean"
    CODE = "code"
    DATE = "date"
    INTEGER = "integer"
    QUANTITY = "quantity"
    """A number with one of the variable's units."""
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Seed:
    """A concept that a variable names; it stands for itself and all below it.

    `term` is what the file calls it, in pipes; it means nothing and can be checked.
    """

    id: CURIE
    term: str = ""
    line: int = field(default=0, compare=False)
    """Where the file names it, counted from 1."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. Its concepts are those of `ecl`, or those of the seeds `concepts`; without `exclude`'s."""

    id: str
    label: str
    ecl: str = ""
    concepts: tuple[Seed, ...] = ()
    exclude: tuple[Seed, ...] = ()
    value_type: ValueType | None = None
    units: tuple[str, ...] = ()
    parent: str = ""
    """The id of the variable that this one is a part of; empty for none."""
    line: int = field(default=0, compare=False)
    lines: MappingType[str, int] = field(default_factory=dict, compare=False, repr=False)
    """The line of each field in the file."""

    def line_of(self, name: str) -> int:
        """Where a field stands in the file; where the variable begins if the file has it not."""
        return self.lines.get(name, self.line)


@dataclass(frozen=True, slots=True)
class VariableSet:
    """The variables of one file, in its order, with distinct ids and parents that do not go round."""

    variables: tuple[Variable, ...]
    title: str = ""
    terminology: str = ""
    """The prefix of ids that are written without one; empty for SNOMED CT."""
    release: str = ""
    """The release that it is written for; empty for whichever is chosen."""
    file: str = field(default="", compare=False)
    """The name of the file, for messages."""

    def parents(self) -> list[int]:
        """The place of each variable's parent among the variables; -1 for none."""
        places = {variable.id: place for place, variable in enumerate(self.variables)}
        return [places[variable.parent] if variable.parent else -1 for variable in self.variables]
