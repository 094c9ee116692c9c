"""Harmonising a few rows at once, with the variables in hand, for whoever asks over GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from api.errors import ArgumentRejected
from graph.ecl.content import Content
from graph.ecl.syntax import HistoryProfile
from graph.ecl.well_known import PROFILES
from graph.labels import preferred_term
from graph.release import OpenRelease
from graph.variables.checking import Checked, Checker
from graph.variables.definitions import VariableSet
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


def _read(variables: str, most: int) -> VariableSet:
    read = parse(variables, NAME)
    if len(read.variables) > most:
        raise ArgumentRejected(
            NAME,
            f"{len(read.variables):,} variables were given and one request takes at most {most:,}; "
            "use the command line for more.",
        )
    return read
