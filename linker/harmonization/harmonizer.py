"""From rows to units: the code first, and the text where the code tells nothing.

Rows are looked at by columns. Each distinct code, and each distinct text that is needed, is resolved once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.model import CURIE
from linker.harmonization.model import Key, Kind, Meaning, Reason, Route
from linker.harmonization.rows import Columns, Part
from linker.harmonization.units import NOTHING, Units
from linker.harmonization.variables import VariableTable


class Tells(Protocol):
    """Tells what codes, or texts, mean."""

    def meanings(self, keys: Sequence[Key]) -> list[Meaning]:
        """The meaning of each, in order."""
        ...


class Harmonizer:
    """Numbers the unit of every row. For one thread.

    `texts` opens what links texts, when the first one is met. `reviewed` has what a concept map says: the
    concepts of a key, or none where it is to be declined.
    """

    def __init__(
        self,
        table: VariableTable,
        codes: Tells,
        texts: Callable[[], Tells],
        columns: Columns,
        *,
        units: Units | None = None,
        reviewed: Mapping[Key, tuple[CURIE, ...]] | None = None,
    ) -> None:
        self.units = Units() if units is None else units
        self._table, self._codes, self._texts, self._columns = table, codes, texts, columns
        self._reviewed = reviewed or {}
        self._seen_codes, self._seen_texts = dict[str, int](), dict[str, int]()
        self._settled = np.array([unit.settled for unit in self.units], np.bool_)

    def numbers(self, rows: pa.Table) -> NDArray[np.int32]:
        """The number of each row's unit, shape (rows,). Raises StoreUnavailable, and what linking raises."""
        count = len(rows)
        found = np.full(count, -1, np.int32)
        if self._columns.code:
            found = self._of_codes(rows)
        if self._columns.text:
            open_ = found < 0
            open_[~open_] = ~self._settled[found[~open_]]
            places = np.flatnonzero(open_)
            texts = pc.utf8_trim_whitespace(
                rows.column(self._columns.text).combine_chunks().take(pa.array(places))
            )
            given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
            places = places[given]
            if len(places):
                of_texts = self._of_values(
                    pc.filter(texts, pa.array(given)), lambda text: Key(Kind.TEXT, "", text), self._seen_texts
                )
                found[places] = of_texts
        empty = found < 0
        if empty.any():
            found[empty] = self._nothing()
        return found

    def numbered(self, parts: Callable[[], Iterator[Part]]) -> Iterator[tuple[Part, NDArray[np.int32]]]:
        """Parts, one after the other, with the number of each row's unit. Raises what `numbers` raises."""
        for part in parts():
            yield part, self.numbers(part.table)

    def _of_codes(self, rows: pa.Table) -> NDArray[np.int32]:
        found = np.full(len(rows), -1, np.int32)
        codes = pc.utf8_trim_whitespace(rows.column(self._columns.code).combine_chunks())
        given = pc.not_equal(codes, "").to_numpy(zero_copy_only=False)
        places = np.flatnonzero(given)
        if len(places) == 0:
            return found
        codes = codes.take(pa.array(places))
        fixed = self._columns.fixed_system
        if self._columns.system is None:
            found[places] = self._of_values(codes, lambda code: code_key(fixed, code), self._seen_codes)
            return found
        systems = pc.utf8_trim_whitespace(rows.column(self._columns.system).combine_chunks()).take(
            pa.array(places)
        )
        joined = pc.binary_join_element_wise(systems, codes, "\x1f")

        def key(value: str) -> Key:
            system, _, code = value.partition("\x1f")
            return code_key(system or fixed, code)

        found[places] = self._of_values(joined, key, self._seen_codes)
        return found

    def _of_values(self, values: Any, key: Callable[[str], Key], seen: dict[str, int]) -> NDArray[np.int32]:
        """The number of each value's unit; new ones are resolved together."""
        encoded = pc.dictionary_encode(values)
        distinct = encoded.dictionary.to_pylist()
        # Most were met in this spelling before, and a text is found faster than a key.
        numbers = np.array([seen.get(value, -1) for value in distinct], np.int32)
        fresh = np.flatnonzero(numbers < 0)
        if len(fresh):
            numbers[fresh] = self._numbered([key(distinct[at]) for at in fresh.tolist()])
            seen.update(zip((distinct[at] for at in fresh.tolist()), numbers[fresh].tolist(), strict=True))
        found: NDArray[np.int32] = numbers[encoded.indices.to_numpy(zero_copy_only=False)]
        return found

    def _numbered(self, keys: Sequence[Key]) -> NDArray[np.int32]:
        numbers = np.array([self.units.number(key) for key in keys], np.int32)
        fresh = list(dict.fromkeys(keys[at] for at in np.flatnonzero(numbers < 0).tolist()))
        if fresh:
            self._resolve(fresh)
            numbers = np.array([self.units.number(key) for key in keys], np.int32)
        return numbers

    def _resolve(self, keys: Sequence[Key]) -> None:
        meanings: dict[Key, Meaning] = {
            key: _as_reviewed(self._reviewed[key]) for key in keys if key in self._reviewed
        }
        asked = [key for key in keys if key not in meanings]
        if asked:
            tells = self._codes if asked[0].kind is Kind.CODE else self._texts()
            meanings.update(zip(asked, tells.meanings(asked), strict=True))
        self._add(keys, [meanings[key] for key in keys])

    def _nothing(self) -> int:
        if self.units.number(NOTHING) < 0:
            self._add([NOTHING], [Meaning(reason=Reason.EMPTY, detail="the row has neither code nor text")])
        return self.units.number(NOTHING)

    def _add(self, keys: Sequence[Key], meanings: Sequence[Meaning]) -> None:
        units = self._table.units(keys, meanings)
        self.units.add(units)
        self._settled = np.concatenate((self._settled, [unit.settled for unit in units]))


def code_key(system: str, code: str) -> Key:
    """The key of a code; one that names its system itself, as `HP:0001658`, is of that system."""
    prefix, colon, local = code.partition(":")
    if colon and prefix and local and (not system or prefix == system):
        return Key(Kind.CODE, prefix, local)
    return Key(Kind.CODE, system, code)


def _as_reviewed(concepts: tuple[CURIE, ...]) -> Meaning:
    if concepts:
        return Meaning(concepts, Route.REVIEWED, "the concept map")
    return Meaning(reason=Reason.REVIEWED, detail="the concept map gives no concept")
