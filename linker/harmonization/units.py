"""The units of a run, numbered as they were met, and their columns in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from linker.harmonization.model import Key, Kind, Reason, Route, Status, Unit

SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("unit_system", pa.string()),
        ("unit_value", pa.string()),
        ("status", pa.string()),
        ("variables", pa.string()),
        ("concepts", pa.string()),
        ("route", pa.string()),
        ("via", pa.string()),
        ("score", pa.float64()),
        ("path", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)
#: The columns of a unit that stand in the harmonised table.
TOLD = SCHEMA.names[3:]
NOTHING = Key(Kind.NOTHING, "", "")


class Units:
    """Units by number and by key."""

    def __init__(self) -> None:
        self._units = list[Unit]()
        self._number_of = dict[Key, int]()

    def __len__(self) -> int:
        return len(self._units)

    def __getitem__(self, number: int) -> Unit:
        return self._units[number]

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units)

    def number(self, key: Key) -> int:
        """The number of a key's unit; -1 where it was not met."""
        return self._number_of.get(key, -1)

    def add(self, units: Sequence[Unit]) -> None:
        """Number some more, in order."""
        for unit in units:
            self._number_of[unit.key] = len(self._units)
            self._units.append(unit)

    def table(self, start: int = 0) -> pa.Table:
        """The units from a number on, a row each."""
        some = self._units[start:]
        # Members of the enumerations are texts, and asking each for its value takes longer than all the rest.
        columns = [
            [unit.key.kind for unit in some],
            [unit.key.system for unit in some],
            [unit.key.value for unit in some],
            [unit.status for unit in some],
            [" ".join(unit.variables) for unit in some],
            [" ".join(unit.concepts) for unit in some],
            [unit.route for unit in some],
            [unit.via for unit in some],
            [unit.score for unit in some],
            [unit.path for unit in some],
            [unit.reason for unit in some],
            [unit.detail for unit in some],
        ]
        return pa.table(columns, schema=SCHEMA)

    def read(self, table: pa.Table) -> None:
        """Add the units of a table that `table` made."""
        columns = [table.column(name).to_pylist() for name in SCHEMA.names]
        self.add(
            [
                Unit(
                    Key(Kind(kind), system, value),
                    Status(status),
                    tuple(variables.split()),
                    tuple(concepts.split()),
                    Route(route),
                    via,
                    score,
                    path,
                    Reason(reason),
                    detail,
                )
                for (
                    kind,
                    system,
                    value,
                    status,
                    variables,
                    concepts,
                    route,
                    via,
                    score,
                    path,
                    reason,
                    detail,
                ) in zip(*columns, strict=True)
            ]
        )
