"""The units of one part of a run, found without the other parts, as a worker elsewhere does, and joined in order.

A worker numbers the units of its part from 0, in the order in which the part meets them. `joined` gives each the number
that one process has given it that reads all parts one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linker.harmonization.harmonizer import Tells
from linker.harmonization.model import Key, Meaning
from linker.harmonization.rows import Columns
from linker.harmonization.units import SCHEMA, Units


@dataclass(frozen=True, slots=True)
class PartUnits:
    """The units of a part, in the order in which it meets them, and the number of each row's, shape (rows,)."""

    units: Units
    numbers: NDArray[np.int32]

    def text(self) -> str:
        """As text, for the machine that joins the parts."""
        return json.dumps({"units": self.units.table().to_pydict(), "numbers": self.numbers.tolist()})

    @classmethod
    def of_text(cls, text: str) -> PartUnits:
        """What `text` gave."""
        told = json.loads(text)
        units = Units()
        units.read(pa.table(told["units"], schema=SCHEMA))
        return cls(units, np.array(told["numbers"], np.int32))


def joined(part: PartUnits, units: Units) -> NDArray[np.int32]:
    """The number of each row's unit among all `units`, which get those that no part before has met."""
    units.add([unit for unit in part.units if units.number(unit.key) < 0])
    numbers = np.array([units.number(unit.key) for unit in part.units], np.int32)
    return numbers[part.numbers] if len(numbers) else part.numbers


def rows_text(table: pa.Table, columns: Columns) -> str:
    """What codes and texts are found by in the rows of a part, as text."""
    names = [name for name in (columns.code, columns.text, columns.system) if name]
    return json.dumps(table.select(list(dict.fromkeys(names))).to_pydict())


def rows_of(text: str) -> pa.Table:
    """What `rows_text` was given."""
    told = json.loads(text)
    return pa.table({name: pa.array(values, pa.string()) for name, values in told.items()})


class Remembering:
    """Tells meanings, and each key's only once however many parts ask for it. For one thread."""

    def __init__(self, tells: Tells) -> None:
        self._tells = tells
        self._known: dict[Key, Meaning] = {}

    def meanings(self, keys: Sequence[Key]) -> list[Meaning]:
        """The meaning of each, in order."""
        fresh = [key for key in keys if key not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._tells.meanings(fresh), strict=True))
        return [self._known[key] for key in keys]
