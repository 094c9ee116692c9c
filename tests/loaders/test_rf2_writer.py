from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from loaders.rf2.identifiers import DEFINITION
from loaders.rf2_files import Edition
from loaders.rf2_rows import (
    AssociationRow,
    AttributeValueRow,
    ConceptRow,
    DescriptionRow,
    ExtendedMapRow,
    LanguageRow,
    ModuleDependencyRow,
    RelationshipRow,
    Row,
)
from loaders.rf2_writer import RowError, write_snapshot
from loaders.sctid import ComponentKind, make

EDITION = Edition(name="Test", owner="9999999", date="20260131")
MODULE = "19999999103"

ROWS: tuple[Row, ...] = (
    ConceptRow("101", MODULE, defined=True),
    DescriptionRow("111", MODULE, "101", "es", 'fiebre "alta"'),
    DescriptionRow("112", MODULE, "101", "en", "fever"),
    DescriptionRow("113", MODULE, "101", "es", "elevación de la temperatura", DEFINITION),
    RelationshipRow("121", MODULE, "101", "102", active=False, date="20250101"),
    LanguageRow(MODULE, "448879004", "es", "111"),
    AssociationRow(MODULE, "900000000000527005", "101", "102"),
    AttributeValueRow(MODULE, "900000000000489007", "101", "900000000000482003"),
    ExtendedMapRow(MODULE, "101", "R50.9"),
    ModuleDependencyRow(MODULE, depends_on="29999999105"),
)

COLUMNS = {
    "Terminology/sct2_Concept_Snapshot_9999999_20260131.txt": (
        "id effectiveTime active moduleId definitionStatusId"
    ),
    "Terminology/sct2_Description_Snapshot-es_9999999_20260131.txt": (
        "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId"
    ),
    "Terminology/sct2_Description_Snapshot-en_9999999_20260131.txt": (
        "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId"
    ),
    "Terminology/sct2_TextDefinition_Snapshot-es_9999999_20260131.txt": (
        "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId"
    ),
    "Terminology/sct2_Relationship_Snapshot_9999999_20260131.txt": (
        "id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId "
        "characteristicTypeId modifierId"
    ),
    "Refset/Language/der2_cRefset_LanguageSnapshot-es_9999999_20260131.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId acceptabilityId"
    ),
    "Refset/Content/der2_cRefset_AssociationSnapshot_9999999_20260131.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId targetComponentId"
    ),
    "Refset/Content/der2_cRefset_AttributeValueSnapshot_9999999_20260131.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId valueId"
    ),
    "Refset/Map/der2_iisssccRefset_ExtendedMapSnapshot_9999999_20260131.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId mapGroup mapPriority mapRule "
        "mapAdvice mapTarget correlationId mapCategoryId"
    ),
    "Refset/Metadata/der2_ssRefset_ModuleDependencySnapshot_9999999_20260131.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId sourceEffectiveTime "
        "targetEffectiveTime"
    ),
}


def contents(package: Path) -> dict[str, bytes]:
    snapshot = package / "Snapshot"
    return {f.relative_to(snapshot).as_posix(): f.read_bytes() for f in snapshot.rglob("*.txt")}


def test_each_row_goes_to_its_file_under_the_columns_of_the_specification(tmp_path: Path) -> None:
    package = write_snapshot(tmp_path, EDITION, ROWS)
    assert package == tmp_path / "SnomedCT_Test_PRODUCTION_20260131T120000Z"
    files = contents(package)
    assert files.keys() == COLUMNS.keys()
    for name, columns in COLUMNS.items():
        header, row, rest = files[name].decode("utf-8").split("\r\n")
        assert header.split("\t") == columns.split(), name
        assert len(row.split("\t")) == len(columns.split()), name
        assert rest == "", "every line ends with CRLF and nothing follows"


def test_text_is_written_as_it_is_without_quoting(tmp_path: Path) -> None:
    files = contents(write_snapshot(tmp_path, EDITION, ROWS))
    written = files["Terminology/sct2_Description_Snapshot-es_9999999_20260131.txt"].decode("utf-8")
    assert '\tfiebre "alta"\t' in written


def test_a_row_keeps_its_own_date_and_state(tmp_path: Path) -> None:
    files = contents(write_snapshot(tmp_path, EDITION, ROWS))
    row = files["Terminology/sct2_Relationship_Snapshot_9999999_20260131.txt"].decode().splitlines()[1]
    assert row.split("\t")[:3] == ["121", "20250101", "0"]


def test_a_zip_holds_the_folder_byte_for_byte_and_is_the_same_each_time(tmp_path: Path) -> None:
    folder = write_snapshot(tmp_path / "folder", EDITION, ROWS)
    first = write_snapshot(tmp_path / "first", EDITION, ROWS, zipped=True)
    again = write_snapshot(tmp_path / "again", EDITION, ROWS, zipped=True)
    assert first.name == f"{EDITION.folder}.zip"
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert inside == {
        f"{EDITION.folder}/Snapshot/{name}": content for name, content in contents(folder).items()
    }


def test_a_second_writing_replaces_the_first_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_snapshot(tmp_path, EDITION, ROWS)
    package = write_snapshot(tmp_path, EDITION, ROWS[:1])
    assert list(contents(package)) == ["Terminology/sct2_Concept_Snapshot_9999999_20260131.txt"]
    assert list(tmp_path.iterdir()) == [package]


@pytest.mark.parametrize("character", ["\t", "\n", "\r"])
def test_a_text_that_rf2_cannot_hold_is_refused_and_the_old_package_stays(
    tmp_path: Path, character: str
) -> None:
    package = write_snapshot(tmp_path, EDITION, ROWS)
    before = contents(package)
    broken = DescriptionRow("114", MODULE, "101", "es", f"fiebre{character}alta")
    with pytest.raises(RowError, match="Row 114 of sct2_Description_"):
        write_snapshot(tmp_path, EDITION, [*ROWS, broken])
    assert contents(package) == before
    assert list(tmp_path.iterdir()) == [package]


def test_rows_are_streamed_not_held(tmp_path: Path) -> None:
    alive = 0
    most = 0

    class Watched(ConceptRow):
        __slots__ = ()

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def rows() -> Iterator[Row]:
        nonlocal alive, most
        for item in range(1, 5000):
            alive += 1
            most = max(most, alive)
            yield Watched(make(ComponentKind.CONCEPT, item, "9999999"), MODULE)

    package = write_snapshot(tmp_path, EDITION, islice(rows(), 5000))
    concepts = contents(package)["Terminology/sct2_Concept_Snapshot_9999999_20260131.txt"]
    assert concepts.count(b"\r\n") == 5000
    assert most <= 3
