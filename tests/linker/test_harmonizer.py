"""From rows to concepts to variables: every route and every reason."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from harmonization_release import VARIABLES, ByName, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.ecl.content import Content
from graph.ecl.syntax import HistoryProfile
from graph.ecl.well_known import PROFILES
from graph.release import OpenRelease
from linker.harmonization.codes import Codes, spelt
from linker.harmonization.harmonizer import Harmonizer, code_key
from linker.harmonization.history import History
from linker.harmonization.lookups import Lookups
from linker.harmonization.model import Key, Kind, Unit
from linker.harmonization.rows import Columns
from linker.harmonization.texts import Texts
from linker.harmonization.units import Units
from linker.harmonization.variables import VariableTable

BOTH = Columns(code="code", text="text", fixed_system="X")


class Release:
    """The small release, and harmonizers over it."""

    def __init__(self, release: OpenRelease) -> None:
        self._release = release
        self.content = Content.of(release.store, release.hierarchy)
        self.table = VariableTable(VARIABLES, self.content)
        self.linker = ByName()

    def harmonizer(
        self,
        columns: Columns = BOTH,
        *,
        history: HistoryProfile = HistoryProfile.MODERATE,
        reviewed: dict[Key, tuple[str, ...]] | None = None,
        units: Units | None = None,
        margin: float = 0.0,
        few: int = 500,
    ) -> Harmonizer:
        self.linker = ByName()
        lookups = Lookups(self._release.store, few=few)
        followed = History(lookups, self.content.universe, PROFILES[history])
        codes = Codes(lookups, self.content.universe, followed, self.table.held)
        texts = Texts(self.linker, least_score=0.5, margin=margin)
        return Harmonizer(self.table, codes, lambda: texts, columns, units=units, reviewed=reviewed)

    def unit(self, code: str = "", text: str = "", **options: object) -> Unit:
        harmonizer = self.harmonizer(**options)  # type: ignore[arg-type]
        numbers = harmonizer.numbers(pa.table({"code": [code], "text": [text]}))
        return harmonizer.units[int(numbers[0])]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with opened(tmp_path_factory.mktemp("home")) as release:
        yield Release(release)


@pytest.mark.parametrize(
    ("code", "status", "variables", "route", "concepts", "reason"),
    [
        ("03", "assigned", "tipo1", "active", "X:03", ""),
        ("X:04", "assigned", "diabetes", "active", "X:04", ""),
        ("06", "assigned", "diabetes ojo", "active", "X:06", ""),
        ("08", "unmatched", "", "active", "X:08", "no variable"),
        ("90", "assigned", "tipo1", "replaced", "X:03", ""),
        ("91", "assigned", "tipo1", "replaced", "X:03", ""),
        ("92", "unmatched", "", "", "", "not replaced"),
        ("94", "ambiguous", "", "replaced", "X:04 X:07", "several concepts"),
        ("95", "unmatched", "", "", "", "not replaced"),
        ("96", "assigned", "antigua", "retired", "X:96", ""),
        ("77", "unmatched", "", "", "", "unknown code"),
        ("", "unmatched", "", "", "", "empty"),
    ],
)
def test_codes_of_the_release(
    small: Release, code: str, status: str, variables: str, route: str, concepts: str, reason: str
) -> None:
    unit = small.unit(code)
    assert (unit.status, " ".join(unit.variables), unit.route) == (status, variables, route)
    assert (" ".join(unit.concepts), unit.reason) == (concepts, reason)
    # Whatever is not assigned says why, in words too, and what is assigned shows the way.
    assert bool(unit.detail) == (status != "assigned")
    assert bool(unit.path) == (status == "assigned")


@pytest.mark.parametrize(
    ("code", "status", "variables", "concepts"),
    [
        ("E10.9", "assigned", "tipo1", "X:03"),
        ("e109", "assigned", "tipo1", "X:03"),
        (" E11.9 ", "assigned", "diabetes", "X:04"),
        ("E14", "ambiguous", "", "X:02 X:03"),
        ("E14.-", "ambiguous", "", "X:02 X:03"),
        ("E98", "assigned", "tipo1", "X:03"),
        ("E99", "unmatched", "", ""),
        ("A00", "unmatched", "", ""),
        ("Z99", "ambiguous", "", "X:02 X:08"),
    ],
)
def test_codes_of_another_system(
    small: Release, code: str, status: str, variables: str, concepts: str
) -> None:
    unit = small.unit(code, columns=Columns(code="code", fixed_system="ICD10"))
    assert (unit.status, " ".join(unit.variables)) == (status, variables)
    assert " ".join(unit.concepts) == concepts


def test_many_codes_are_looked_up_as_few_are(small: Release) -> None:
    for system in ("X", "ICD10"):
        columns = Columns(code="code", fixed_system=system)
        for code in ("90", "91", "92", "94", "95", "77", "E10.9", "E14", "E98", "E99", "Z99"):
            assert small.unit(code, columns=columns, few=0) == small.unit(code, columns=columns)


def test_routes_and_paths_are_told(small: Release) -> None:
    assert small.unit("91").via == "X:91 replaced-by X:90; X:90 same-as X:03"
    assert small.unit("06").path == "X:06 > X:02 | X:06 > X:05"
    assert small.unit("03").path == "X:03"
    mapped = small.unit("E10.9", columns=Columns(code="code", fixed_system="ICD10"))
    assert (mapped.route, mapped.via) == ("mapped", "X:03 exact ICD10:E10.9")
    several = small.unit("E14", columns=Columns(code="code", fixed_system="ICD10"))
    assert several.detail == "X:02 counts as diabetes; X:03 counts as tipo1"


def test_the_history_profile_decides(small: Release) -> None:
    assert small.unit("91", history=HistoryProfile.MINIMUM).reason == "not replaced"
    assert small.unit("90", history=HistoryProfile.MINIMUM).concepts == ("X:03",)
    assert small.unit("95", history=HistoryProfile.MAXIMUM).concepts == ("X:08",)


def test_texts(small: Release) -> None:
    linked = small.unit(text=" diabetes tipo 1 ")
    assert (linked.status, linked.variables, linked.route, linked.score) == (
        "assigned",
        ("tipo1",),
        "linked",
        1.0,
    )
    assert linked.key == Key(Kind.TEXT, "", "diabetes tipo 1")
    declined = small.unit(text="catarata ~0.3")
    assert (declined.status, declined.reason, declined.score) == ("declined", "low score", 0.3)
    assert "X:07 |catarata|, has the score 0.300" in declined.detail
    assert small.unit(text="fractura").reason == "no variable"
    assert small.unit(text="nada").reason == "nothing close"
    assert small.unit(text="x" * 2000).reason == "no mention"
    both = small.unit(text="diabetes/catarata ~0.9")
    assert (both.status, both.concepts) == ("ambiguous", ("X:02", "X:07"))
    assert small.unit(text="diabetes/diabetes tipo 2").variables == ("diabetes",)


def test_the_code_goes_first_and_the_text_where_it_tells_nothing(small: Release) -> None:
    assert small.unit("03", "catarata").variables == ("tipo1",)
    assert small.linker.asked == []
    assert small.unit("08", "catarata").reason == "no variable"
    assert small.unit("77", "catarata").variables == ("ojo",)
    assert small.unit("", "catarata").variables == ("ojo",)
    assert small.unit("77", " ").reason == "unknown code"


def test_a_concept_map_decides(small: Release) -> None:
    reviewed: dict[Key, tuple[str, ...]] = {
        Key(Kind.CODE, "X", "77"): ("X:03",),
        Key(Kind.CODE, "X", "03"): (),
        Key(Kind.TEXT, "", "azúcar"): ("X:02", "X:04"),
    }
    told = small.unit("77", reviewed=reviewed)
    assert (told.status, told.variables, told.route) == ("assigned", ("tipo1",), "reviewed")
    declined = small.unit("03", "catarata", reviewed=reviewed)
    assert (declined.status, declined.reason) == ("declined", "reviewed")
    assert small.unit("", "azúcar", reviewed=reviewed).variables == ("diabetes",)
    assert small.linker.asked == []


def test_systems_of_their_own(small: Release) -> None:
    columns = Columns(code="code", system="system", fixed_system="X")
    harmonizer = small.harmonizer(columns)
    rows = pa.table({"code": ["E10.9", "03", "X:04", "03", ""], "system": ["ICD10", "X", "", "", "X"]})
    units = [harmonizer.units[int(number)] for number in harmonizer.numbers(rows)]
    assert [" ".join(unit.variables) for unit in units] == ["tipo1", "tipo1", "diabetes", "tipo1", ""]
    assert len(harmonizer.units) == 4


CODES = st.sampled_from(["03", "X:03", "06", "94", "77", "", " ", "92"])
TEXTS = st.sampled_from(["diabetes", "catarata ~0.2", "nada", "", "ojo", "fractura"])


@settings(max_examples=40)
@given(st.lists(st.tuples(CODES, TEXTS), max_size=30), st.integers(1, 30))
def test_each_row_is_as_if_it_came_alone(small: Release, rows: list[tuple[str, str]], at_once: int) -> None:
    harmonizer = small.harmonizer()
    linker = small.linker
    numbers = list[int]()
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        table = pa.table(
            {
                "code": pa.array([c for c, _ in some], pa.string()),
                "text": pa.array([t for _, t in some], pa.string()),
            }
        )
        numbers += harmonizer.numbers(table).tolist()
    assert len(linker.asked) == len(set(linker.asked))
    for (code, text), number in zip(rows, numbers, strict=True):
        assert harmonizer.units[number] == small.unit(code, text)


@given(st.sampled_from(["E109", "e10.9", "E10", "E10.-", "S72.001A", "s72001a", "123", "Ñ"]))
def test_spellings_hold_the_code_as_it_stands(code: str) -> None:
    found = spelt(Key(Kind.CODE, "ICD10", code))
    assert found[0] == f"ICD10:{code}"
    assert len(found) == len(set(found))
    if code.lower().startswith("s72"):
        assert "ICD10:S72.001A" in found


def test_codes_that_name_their_system() -> None:
    assert code_key("HP", "HP:0001") == Key(Kind.CODE, "HP", "0001")
    assert code_key("", "HP:0001") == Key(Kind.CODE, "HP", "0001")
    assert code_key("LOCAL", "A:1") == Key(Kind.CODE, "LOCAL", "A:1")
    assert code_key("HP", "0001") == Key(Kind.CODE, "HP", "0001")
    assert code_key("X", ":1") == Key(Kind.CODE, "X", ":1")


def test_units_are_read_as_they_were_written(small: Release) -> None:
    harmonizer = small.harmonizer()
    rows = pa.table({"code": ["03", "94", "77", "", "91"], "text": ["", "", "catarata ~0.7", "", ""]})
    numbers = harmonizer.numbers(rows)
    again = Units()
    again.read(harmonizer.units.table())
    assert list(again) == list(harmonizer.units)
    taken_up = small.harmonizer(units=again)
    assert taken_up.numbers(rows).tolist() == numbers.tolist()
    assert small.linker.asked == []
