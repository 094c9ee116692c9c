"""Harmonising a few rows at once, with the variables in hand, for whoever asks over GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from api.errors import ArgumentRejected
from graph.ecl.content import Content
from graph.ecl.printer import text_of
from graph.ecl.syntax import HistoryProfile
from graph.ecl.universe import Mask
from graph.ecl.well_known import PROFILES
from graph.errors import VariablesError
from graph.labels import preferred_term
from graph.release import OpenRelease
from graph.variables.checking import Checked, Checker
from graph.variables.definitions import Variable, VariableSet
from graph.variables.expanding import expression_of, masks
from graph.variables.yaml_form import parse
from linker.harmonization.codes import Codes
from linker.harmonization.harmonizer import Harmonizer
from linker.harmonization.history import History
from linker.harmonization.lookups import Lookups
from linker.harmonization.model import Unit
from linker.harmonization.rows import Columns
from linker.harmonization.texts import Links, Texts
from linker.harmonization.variables import VariableTable

#: What messages call the text of the variables.
NAME = "variables"


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a code of a system, a text, or both."""

    code: str = ""
    system: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """As those of `enlace harmonize`."""

    history: HistoryProfile = HistoryProfile.MODERATE
    least_score: float = 0.1
    margin: float = 0.0


def harmonize_batch(
    opened: OpenRelease,
    variables: str,
    rows: Sequence[Row],
    options: Options,
    *,
    most_variables: int,
    linker: Callable[[], Links],
) -> list[Unit]:
    """What becomes of each row; `variables` are YAML. The linker is asked for when a text has to be linked.

    Raises VariablesError, ArgumentRejected for more than `most_variables`, and what the linker raises.
    """
    read = _read(variables, most_variables)
    content = Content.open(opened)
    table, lookups = VariableTable(read, content), Lookups(opened.store)
    history = History(lookups, content.universe, PROFILES[options.history])
    codes = Codes(lookups, content.universe, history, table.held)

    def texts() -> Texts:
        return Texts(linker(), least_score=options.least_score, margin=options.margin)

    harmonizer = Harmonizer(table, codes, texts, Columns("code", "text", "system"))
    columns = {
        name: pa.array([getattr(row, name) for row in rows], pa.string())
        for name in ("code", "text", "system")
    }
    return [harmonizer.units[number] for number in harmonizer.numbers(pa.table(columns)).tolist()]


def check_batch(opened: OpenRelease, variables: str, *, most_variables: int) -> Checked:
    """What is amiss with variables, which are YAML. Raises VariablesError, ArgumentRejected, StoreUnavailable."""
    read = _read(variables, most_variables)
    return Checker(Content.open(opened), opened.store, preferred_term).check(read)


@dataclass(frozen=True, slots=True)
class Defined:
    """A variable with what it stands for. `expression` and `concepts`, a number, are None where it cannot be told."""

    variable: Variable
    expression: str | None
    concepts: int | None
    shared: tuple[tuple[str, int], ...] = ()
    """The ids of the variables that have concepts with it in common, and how many, in their order."""


def define_batch(opened: OpenRelease, variables: str, *, most_variables: int) -> list[Defined]:
    """What each of some variables, which are YAML, stands for.

    Raises VariablesError where the text is none of variables, ArgumentRejected, StoreUnavailable.
    """
    read = _read(variables, most_variables)
    content = Content.open(opened)
    found = [_mask(read, place, content) for place in range(len(read.variables))]
    return [
        Defined(
            variable,
            _expression(variable),
            None if mask is None else int(mask.sum()),
            tuple(
                (read.variables[other].id, shared)
                for other, another in enumerate(found)
                if mask is not None
                and another is not None
                and other != place
                and (shared := int(np.count_nonzero(mask & another)))
            ),
        )
        for place, (variable, mask) in enumerate(zip(read.variables, found, strict=True))
    ]


def _mask(read: VariableSet, place: int, content: Content) -> Mask | None:
    """The concepts of a variable; None where its definition cannot be answered."""
    try:
        (mask,) = masks(replace(read, variables=(read.variables[place],)), content)
    except VariablesError:
        return None
    return mask[: content.universe.concepts]


def _expression(variable: Variable) -> str | None:
    try:
        return text_of(expression_of(variable))
    except VariablesError:
        return None


def _read(variables: str, most: int) -> VariableSet:
    read = parse(variables, NAME)
    if len(read.variables) > most:
        raise ArgumentRejected(
            NAME,
            f"{len(read.variables):,} variables were given and one request takes at most {most:,}; "
            "use the command line for more.",
        )
    return read
