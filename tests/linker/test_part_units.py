"""Parts whose units are found apart, joined in order: what one process finds that reads all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from harmonization_release import VARIABLES, ByName, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.ecl.content import Content
from graph.ecl.syntax import HistoryProfile
from graph.ecl.well_known import PROFILES
from linker.harmonization.codes import Codes
from linker.harmonization.harmonizer import Harmonizer
from linker.harmonization.history import History
from linker.harmonization.lookups import Lookups
from linker.harmonization.model import Key, Kind
from linker.harmonization.part_units import PartUnits, Remembering, joined, rows_of, rows_text
from linker.harmonization.rows import Columns
from linker.harmonization.texts import Texts
from linker.harmonization.units import Units
from linker.harmonization.variables import VariableTable

COLUMNS = Columns(code="code", text="text", system="system")
ROWS = st.tuples(
    st.sampled_from(["03", "X:03", " 03 ", "94", "77", "", "E10.9", "e109"]),
    st.sampled_from(["", "diabetes", " diabetes", "catarata", "nada", "fractura ~0.3", "diabetes/catarata"]),
    st.sampled_from(["X", "ICD10", ""]),
)


class Release:
    """The small release, and workers that know nothing of each other."""

    def __init__(self, content: Content, codes: Codes, table: VariableTable) -> None:
        self.content, self.codes, self.table = content, codes, table

    def texts(self) -> Texts:
        return Texts(ByName(), least_score=0.5, margin=0.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with opened(tmp_path_factory.mktemp("home")) as release:
        content = Content.of(release.store, release.hierarchy)
        table = VariableTable(VARIABLES, content)
        lookups = Lookups(release.store)
        history = History(lookups, content.universe, PROFILES[HistoryProfile.MODERATE])
        yield Release(content, Codes(lookups, content.universe, history, table.held), table)


@settings(max_examples=60)
@given(st.lists(st.lists(ROWS, min_size=1, max_size=8), max_size=6), st.integers(1, 3))
def test_parts_joined_are_as_one_process_reads_them(
    small: Release, parts: list[list[tuple[str, str, str]]], workers: int
) -> None:
    tables = [
        pa.table(
            {
                name: pa.array([row[at] for row in part], pa.string())
                for at, name in enumerate(("code", "text", "system"))
            }
        )
        for part in parts
    ]
    one = Harmonizer(small.table, small.codes, small.texts, COLUMNS)
    expected = [one.numbers(table).tolist() for table in tables]

    memories = [(Remembering(small.codes), Remembering(small.texts())) for _ in range(workers)]
    units, found = Units(), []
    for place, table in enumerate(tables):
        codes, texts = memories[place % workers]
        apart = Harmonizer(small.table, codes, lambda texts=texts: texts, COLUMNS)
        numbers = apart.numbers(rows_of(rows_text(table, COLUMNS)))
        sent = PartUnits.of_text(PartUnits(apart.units, numbers).text())
        found.append(joined(sent, units).tolist())
    assert found == expected
    assert list(units) == list(one.units)


def test_a_key_is_asked_for_once() -> None:
    linker = ByName()
    texts = Remembering(Texts(linker, least_score=0.5, margin=0.0))
    keys = [Key(Kind.TEXT, "", text) for text in ("diabetes", "catarata")]
    assert texts.meanings(keys) == texts.meanings([keys[1], keys[0]])[::-1]
    assert sorted(linker.asked) == ["catarata", "diabetes"]


def test_no_rows_have_no_units() -> None:
    nothing = PartUnits(Units(), np.empty(0, np.int32))
    assert joined(PartUnits.of_text(nothing.text()), Units()).tolist() == []
