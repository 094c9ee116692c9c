"""The loader's columns hold what a naive reading of the same packages holds: records, and rejected rows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_rf2 import Naive

import loaders.table_columns
from graph.batches import one_by_one
from graph.model import Concept, Record
from loaders import rf2
from loaders.options import Base
from loaders.rejections import Rejections
from loaders.rf2.identifiers import ACCEPTABLE, DEFINED, DEFINITION, FSN, INFERRED, IS_A, PREFERRED, SYNONYM
from loaders.rf2.package import COLUMNS, Kind

TIMES = ["20240101", "20250101", "20260101"]
CONCEPTS = ["1001008", "2002005", "3003004", "404684003"]
DESCRIPTIONS = [f"{number}{number}012" for number in range(10, 16)]
MODULES = ["449081005", "900000000000207008"]
SPAIN, LATIN_AMERICA, US, UNLISTED = "448879004", "450828004", "900000000000509007", "999000001"
LANGUAGES = (["es", "en"], ["es-419", "es-ES", "en"], ["en"], ["es-ES", "es", "fr"])

NAMES = {
    Kind.CONCEPT: "sct2_Concept_{}_INT_{}.txt",
    Kind.DESCRIPTION: "sct2_Description_{}-es_INT_{}.txt",
    Kind.RELATIONSHIP: "sct2_Relationship_{}_INT_{}.txt",
    Kind.CONCRETE_VALUE: "sct2_RelationshipConcreteValues_{}_INT_{}.txt",
    Kind.LANGUAGE: "der2_cRefset_Idioma{}-es_INT_{}.txt",
    Kind.ASSOCIATION: "der2_cRefset_Association{}_INT_{}.txt",
    Kind.SIMPLE_MAP: "der2_sRefset_SimpleMap{}_INT_{}.txt",
    Kind.EXTENDED_MAP: "der2_iisssccRefset_ExtendedMap{}_INT_{}.txt",
    Kind.SUBSET: "der2_scRefset_VMPSpainDrug{}_es-ES_ES_{}.txt",
}

known, unknown = st.sampled_from(CONCEPTS), st.sampled_from(["9009001", "abc", "", "0123456", "11012"])
concepts = st.one_of(known, known, known, unknown)
descriptions = st.sampled_from(DESCRIPTIONS)


def rows_of(kind: Kind, times: Sequence[str], sound: bool) -> st.SearchStrategy[list[str]]:
    """A row as its fields. If `sound`, it refers to concepts that every package has."""
    concept = known if sound else concepts
    languages = st.sampled_from(["es", "en"] if sound else ["es", "en", "fr"])
    times_or_blank = st.sampled_from(times if sound else [*times, "", " "])

    def versioned(ids: st.SearchStrategy[str], *fields: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
        return st.tuples(ids, times_or_blank, st.sampled_from("011"), st.sampled_from(MODULES), *fields).map(
            list
        )

    def member(*fields: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
        numbers = st.integers(0, 6)
        return versioned(numbers.map(lambda number: member_id(kind, number)), *fields)

    types = [FSN, SYNONYM, SYNONYM, DEFINITION]
    texts = ["dolor (hallazgo)", 'infarto "agudo" (trastorno) ', "uno", "dos", '"', "tres (a) (b)"]
    groups = st.sampled_from(["0", "1", "12"])
    relationship_ids = st.sampled_from([f"{number}02{number}" for number in range(1, 8)])
    attribute = st.sampled_from([IS_A, "363698007"])
    how = st.sampled_from([INFERRED, INFERRED, INFERRED, "900000000000010007"])
    code = st.sampled_from(["I21.9", " E11 "] if sound else ["I21.9", " E11 ", "", " "])
    return {
        Kind.CONCEPT: versioned(known, st.sampled_from([DEFINED, "900000000000074008"])),
        Kind.DESCRIPTION: versioned(
            descriptions,
            concept if sound else known | st.sampled_from(["9009001", "4242"]),
            languages,
            st.sampled_from(types if sound else [*types, "7007"]),
            st.sampled_from(texts if sound else [*texts, ""]),
            st.just("900000000000448009"),
        ),
        Kind.RELATIONSHIP: versioned(
            relationship_ids, concept, concept, groups, attribute, how, st.just("900000000000451002")
        ),
        Kind.CONCRETE_VALUE: versioned(
            relationship_ids.map(lambda id: f"8{id}"),
            concept,
            st.sampled_from(["#500", "#-0.5", '"a b"', "true"] + ([] if sound else ["500", ""])),
            groups,
            attribute,
            how,
            st.just("900000000000451002"),
        ),
        Kind.LANGUAGE: versioned(st.just(""), st.sampled_from([SPAIN, LATIN_AMERICA, US, UNLISTED]), descriptions,
                                 st.sampled_from([PREFERRED, ACCEPTABLE])).map(with_language_id),
        Kind.ASSOCIATION: member(
            st.sampled_from(["900000000000527005", "900000000000526001", "734138000"]), concept, concept
        ),
        Kind.SIMPLE_MAP: member(st.sampled_from(["446608001", "123"]), concept, code),
        Kind.EXTENDED_MAP: member(
            st.just("447562003"), concept, groups, groups, st.just("TRUE"), st.just('ALWAYS "x"'), code,
            st.sampled_from(["447557004", "447561005"]),
        ),
        Kind.SUBSET: member(st.sampled_from(["733073007", "816080008"]), concept),
    }[kind]  # fmt: skip


def member_id(kind: Kind, number: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"{kind} {number}")) if number else f"{kind.name.lower()}-odd"


def with_language_id(row: list[str]) -> list[str]:
    # As real ones do, a refset has one row for a description, whose acceptability changes.
    return [str(uuid5(NAMESPACE_OID, f"{row[4]} {row[5]}")), *row[1:]]


@dataclass
class Files:
    """The rows of one package by kind, and how its lines are written."""

    rows: dict[Kind, list[list[str]]]
    blanks: list[int] = field(default_factory=list)
    end: str = "\r\n"

    def write(self, folder: Path, release_type: str, date: str) -> Path:
        for place, (kind, rows) in enumerate(self.rows.items()):
            columns = list(COLUMNS[kind])
            lines = ["\t".join(columns)]
            for number, row in enumerate(rows):
                line = "\t".join(row)
                for blank in self.blanks:
                    if (number + place) % 7 == blank % 7:
                        line += "\t" * (blank % 3)
                        if blank > 20:
                            lines.append("")
                lines.append(line)
            path = folder / release_type / NAMES[kind].format(release_type, date)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((self.end.join(lines) + self.end).encode())
        return folder


@st.composite
def files(draw: st.DrawFn, times: Sequence[str] = TIMES, sound: bool = False) -> Files:
    rows = {kind: draw(st.lists(rows_of(kind, times, sound), max_size=6)) for kind in NAMES}
    if sound:
        for kind in NAMES:
            rows[kind] = [*{row[0]: row for row in rows[kind]}.values()]
    blanks = draw(st.lists(st.integers(0, 30), max_size=2))
    return Files(rows, blanks, draw(st.sampled_from(["\n", "\r\n"])))


def read(
    paths: Sequence[Path], languages: Sequence[str], as_of: str = "", base: Base | None = None
) -> tuple[list[Record], list[tuple[str, int, str, str]]]:
    rejections = Rejections()
    batches = rf2.read(paths, rejections, languages=languages, as_of=as_of, base=base)
    records = list(one_by_one(batches))
    return records, [(one.file, one.row, one.reason, one.value) for one in rejections]


def same(got: Sequence[object], expected: Sequence[object]) -> None:
    assert sorted(map(repr, got)) == sorted(map(repr, expected))


many = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@many
@given(st.lists(files(), min_size=1, max_size=3), st.sampled_from(LANGUAGES), st.booleans())
def test_several_packages(
    tmp_path_factory: pytest.TempPathFactory, packages: list[Files], languages: list[str], small: bool
) -> None:
    folder = emptied(tmp_path_factory, "packages")
    paths = [package.write(folder / str(n), "Snapshot", "20260101") for n, package in enumerate(packages)]
    with pytest.MonkeyPatch.context() as patch:
        if small:
            patch.setattr(loaders.table_columns, "BLOCK_BYTES", 97)
        records, rejected = read(paths, languages)
    expected = Naive(paths, languages)
    same(records, expected.records)
    same(rejected, expected.rejected)


@many
@given(files(), st.sampled_from(["20231231", *TIMES, "20250630"]), st.sampled_from(LANGUAGES))
def test_full_as_of_every_date(
    tmp_path_factory: pytest.TempPathFactory, full: Files, as_of: str, languages: list[str]
) -> None:
    path = full.write(emptied(tmp_path_factory, "full"), "Full", "20260101")
    expected = Naive([path], languages, as_of)
    records, rejected = read([path], languages, as_of)
    same(records, expected.records)
    same(rejected, expected.rejected)


@many
@given(files(TIMES[:2], sound=True), files(TIMES[2:], sound=True), st.sampled_from(LANGUAGES[:2]))
def test_a_delta_on_a_release_is_the_snapshot_of_both(
    tmp_path_factory: pytest.TempPathFactory, before: Files, change: Files, languages: list[str]
) -> None:
    folder = emptied(tmp_path_factory, "delta")
    before.rows[Kind.CONCEPT] = [[id, TIMES[0], "1", MODULES[0], DEFINED] for id in CONCEPTS]
    # A loaded release does not know the language refsets of descriptions that it does not hold.
    for row in before.rows[Kind.DESCRIPTION]:
        row[2] = "1"
    held = {row[0] for row in before.rows[Kind.DESCRIPTION]}
    before.rows[Kind.LANGUAGE] = [row for row in before.rows[Kind.LANGUAGE] if row[5] in held]
    old = before.write(folder / "old", "Snapshot", "20250101")
    loaded, rejected = read([old], languages)
    assert not rejected
    delta = change.write(folder / "delta", "Delta", "20260101")
    both = change.write(folder / "both", "Snapshot", "20260101")
    base = Base("old", (), lambda: iter(loaded[::-1]))
    same(*(records for records, _ in (read([delta], languages, base=base), read([old, both], languages))))


def emptied(factory: pytest.TempPathFactory, name: str) -> Path:
    folder = factory.getbasetemp() / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def test_the_oracle_sees_something(tmp_path: Path) -> None:
    package = Files({Kind.CONCEPT: [[CONCEPTS[0], "", "1", MODULES[0], DEFINED]], Kind.DESCRIPTION: []})
    found = Naive([package.write(tmp_path, "Snapshot", "20260101")], ["es"]).records
    assert found == [Concept(f"SNOMEDCT:{CONCEPTS[0]}", True, "", "", f"SNOMEDCT:{MODULES[0]}", True)]
