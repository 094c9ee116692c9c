"""What a run came to: by status, by variable, by source, and what was lost and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.model import CURIE
from graph.variables.definitions import VariableSet
from linker.harmonization.model import Kind, Reason, Route, Status, Unit
from linker.harmonization.units import Units

#: Codes and texts that are shown of a variable and of a reason, those of most rows.
EXAMPLES = 8
#: Bins of the scores of linked texts, from 0 to 1.
BINS = 20


@dataclass(frozen=True, slots=True)
class Example:
    """A code or text with its rows, and the concept that it was taken for."""

    kind: str
    system: str
    value: str
    rows: int
    concept: CURIE
    name: str


@dataclass(frozen=True, slots=True)
class VariableCount:
    """What a variable got. `rows_with_parts` counts the rows of its declared parts too, each row once."""

    id: str
    label: str
    parent: str
    rows: int
    rows_with_parts: int
    codes: int
    texts: int
    concepts: int
    by_source: tuple[int, ...]
    by_route: Mapping[str, int]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """Rows that were not assigned, by status and reason, and the codes and texts of most of them."""

    status: str
    reason: str
    rows: int
    units: int
    by_source: tuple[int, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """All of it. Tuples by source are in the order of `sources`."""

    sources: tuple[str, ...]
    rows: int
    by_source: tuple[int, ...]
    by_status: Mapping[str, tuple[int, ...]]
    """Rows of each status, by source."""
    by_route: Mapping[str, int]
    variables: tuple[VariableCount, ...]
    lost: tuple[Lost, ...]
    scores: tuple[int, ...]
    """Linked and declined texts by score, in bins of equal width from 0 to 1, counted in rows."""


def summarize(
    variables: VariableSet,
    units: Units,
    counts: NDArray[np.int64],
    sources: Sequence[str],
    names: Mapping[CURIE, str],
) -> Summary:
    """The summary of a run; `counts` has the rows of each unit and source, `names` what concepts are called."""
    rows = counts.sum(axis=1)
    of_status: dict[Status, NDArray[np.int64]] = {
        status: np.zeros(len(sources), np.int64) for status in Status
    }
    of_variable: dict[str, list[int]] = {variable.id: [] for variable in variables.variables}
    of_reason = dict[tuple[Status, Reason], list[int]]()
    routes, scores = Counter[str](), np.zeros(BINS, np.int64)
    for number, unit in enumerate(units):
        of_status[unit.status] += counts[number]
        for variable in unit.variables:
            of_variable[variable].append(number)
        # A code that nobody knows has no row where texts told more.
        if unit.status is not Status.ASSIGNED and rows[number]:
            of_reason.setdefault((unit.status, unit.reason), []).append(number)
        if unit.route is not Route.NONE:
            routes[unit.route.value] += int(rows[number])
        if unit.score is not None:
            scores[min(int(unit.score * BINS), BINS - 1)] += rows[number]
    parts = _parts(variables)
    return Summary(
        sources=tuple(sources),
        rows=int(rows.sum()),
        by_source=_ints(counts.sum(axis=0)),
        by_status={status.value: _ints(of_status[status]) for status in Status},
        by_route={route.value: routes[route.value] for route in Route if routes[route.value]},
        variables=tuple(
            _variable(variable.id, variable.label, variable.parent, of_variable, parts, units, counts, names)
            for variable in variables.variables
        ),
        lost=tuple(
            Lost(
                status.value,
                reason.value,
                int(rows[numbers].sum()),
                len(numbers),
                _ints(counts[numbers].sum(axis=0)),
                _examples(numbers, units, rows, names),
            )
            for (status, reason), numbers in sorted(
                of_reason.items(), key=lambda item: (-int(rows[item[1]].sum()), item[0])
            )
        ),
        scores=_ints(scores),
    )


def _variable(
    id: str,
    label: str,
    parent: str,
    of_variable: Mapping[str, list[int]],
    parts: Mapping[str, list[str]],
    units: Units,
    counts: NDArray[np.int64],
    names: Mapping[CURIE, str],
) -> VariableCount:
    numbers, rows = of_variable[id], counts.sum(axis=1)
    some: list[Unit] = [units[number] for number in numbers]
    routes = Counter[str]()
    for number, unit in zip(numbers, some, strict=True):
        routes[unit.route.value] += int(rows[number])
    with_parts = np.unique([number for part in [id, *parts[id]] for number in of_variable[part]]).astype(int)
    return VariableCount(
        id=id,
        label=label,
        parent=parent,
        rows=int(rows[numbers].sum()),
        rows_with_parts=int(rows[with_parts].sum()),
        codes=sum(unit.key.kind is Kind.CODE for unit in some),
        texts=sum(unit.key.kind is Kind.TEXT for unit in some),
        concepts=len({concept for unit in some for concept in unit.concepts}),
        by_source=_ints(counts[numbers].sum(axis=0)),
        by_route={route.value: routes[route.value] for route in Route if routes[route.value]},
        examples=_examples(numbers, units, rows, names),
    )


def _parts(variables: VariableSet) -> dict[str, list[str]]:
    """The declared parts of each variable, and theirs."""
    parents = {variable.id: variable.parent for variable in variables.variables}
    parts: dict[str, list[str]] = {id: [] for id in parents}
    for id in parents:
        above = parents[id]
        while above:
            parts[above].append(id)
            above = parents[above]
    return parts


def _examples(
    numbers: Sequence[int], units: Units, rows: NDArray[np.int64], names: Mapping[CURIE, str]
) -> tuple[Example, ...]:
    found = []
    for number in _by_rows(numbers, rows)[:EXAMPLES]:
        unit = units[number]
        concept = unit.concepts[0] if unit.concepts else ""
        found.append(
            Example(
                unit.key.kind.value,
                unit.key.system,
                unit.key.value,
                int(rows[number]),
                concept,
                names.get(concept, concept),
            )
        )
    return tuple(found)


def _by_rows(numbers: Sequence[int], rows: NDArray[np.int64]) -> list[int]:
    """Those of most rows first; of equal ones that which was met first."""
    taken = np.asarray(numbers, np.int64)
    order = np.lexsort((taken, -rows[taken]))
    return [int(number) for number in taken[order]]


def _ints(numbers: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
