"""Finding the files of RF2 packages and telling what each holds.

Component files are told by their names, as the SNOMED CT Release File Specification ("Release File Naming
Convention") has them, or else by their columns; refset files by their columns only, because extensions name
them freely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from loaders.errors import FormatMismatch
from loaders.files import SourceFile, head, is_zip, members
from loaders.tables import header_of

NAMED = "a SNOMED CT RF2 snapshot"
_VERSIONED = ("id", "effectiveTime", "active", "moduleId")
_MEMBER = (*_VERSIONED, "refsetId", "referencedComponentId")


class Kind(StrEnum):
    """The kinds of file that are loaded."""

    CONCEPT = "Concept"
    DESCRIPTION = "Description"
    RELATIONSHIP = "Relationship"
    LANGUAGE = "language refset"
    ASSOCIATION = "association refset"
    SIMPLE_MAP = "simple map"
    EXTENDED_MAP = "extended map"


#: The columns that each kind must have, in the order in which its rows are read.
COLUMNS: MappingProxyType[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.CONCEPT: (*_VERSIONED, "definitionStatusId"),
        Kind.DESCRIPTION: (
            *_VERSIONED,
            "conceptId",
            "languageCode",
            "typeId",
            "term",
            "caseSignificanceId",
        ),
        Kind.RELATIONSHIP: (
            *_VERSIONED,
            "sourceId",
            "destinationId",
            "relationshipGroup",
            "typeId",
            "characteristicTypeId",
            "modifierId",
        ),
        Kind.LANGUAGE: (*_MEMBER, "acceptabilityId"),
        Kind.ASSOCIATION: (*_MEMBER, "targetComponentId"),
        Kind.EXTENDED_MAP: (
            *_MEMBER,
            "mapGroup",
            "mapPriority",
            "mapRule",
            "mapAdvice",
            "mapTarget",
            "correlationId",
        ),
        Kind.SIMPLE_MAP: (*_MEMBER, "mapTarget"),
    }
)

_RF2_NAME = re.compile(r"[xz]?(?:sct2|der2)_[^/]*\.txt", re.IGNORECASE)
_COMPONENT = re.compile(r"[xz]?sct2_(Concept|Description|TextDefinition|Relationship)_", re.IGNORECASE)
_RELEASE_TYPES = ("Snapshot", "Full", "Delta")
_RELEASE_TYPE = re.compile(r"(Snapshot|Full|Delta)(?=[-_.])")
_DATE = re.compile(r"(?<!\d)(\d{8})(?:T\d{6}Z?)?(?=\.(?:txt|zip)$|$)")


@dataclass(frozen=True, slots=True)
class Package:
    """The snapshot files at a path, by kind. A kind that is not there has none."""

    path: Path
    files: Mapping[Kind, tuple[SourceFile, ...]]

    def of(self, kind: Kind) -> tuple[SourceFile, ...]:
        """The files of a kind, in the order of their names."""
        return self.files.get(kind, ())


def recognises(path: Path) -> bool:
    """Whether any file at `path` (a folder, or a zip) has an RF2 name."""
    return any(_RF2_NAME.fullmatch(_base(file)) for file in _text_files(path))


def find(path: Path) -> Package:
    """The snapshot files in a zip, or anywhere below a folder, in zips too.

    Raises FormatMismatch where there is no concept or no description file.
    """
    files: dict[Kind, list[SourceFile]] = {}
    for file in _text_files(path):
        if _release_type(file) not in ("Snapshot", ""):
            continue
        kind = _kind(file)
        if kind is not None:
            files.setdefault(kind, []).append(file)
    for kind in (Kind.CONCEPT, Kind.DESCRIPTION):
        if kind not in files:
            raise FormatMismatch(path, NAMED, f"it holds no {kind} snapshot file")
    return Package(path, {kind: tuple(found) for kind, found in files.items()})


def loaded_files(path: Path) -> list[tuple[Path, str]]:
    """The files on disk that a load of `path` reads, each with the date that its name tells, or ""."""
    found = {file.path for files in find(path).files.values() for file in files}
    return [(file, _date(file)) for file in sorted(found)]


def _text_files(path: Path) -> Iterator[SourceFile]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() == ".txt" and file.is_file():
                yield SourceFile(file)
            elif file.suffix.lower() == ".zip" and is_zip(file):
                yield from _zipped(file)
    elif is_zip(path):
        yield from _zipped(path)


def _zipped(path: Path) -> Iterator[SourceFile]:
    # Archives made on macOS hold a shadow of each file below __MACOSX.
    for name in sorted(members(path)):
        if name.lower().endswith(".txt") and not name.startswith("__MACOSX/"):
            yield SourceFile(path, name)


def _base(file: SourceFile) -> str:
    return PurePosixPath(file.member).name if file.member else file.path.name


def _release_type(file: SourceFile) -> str:
    """Snapshot, Full or Delta as the name says, else as the nearest folder says; empty if none does."""
    named = _RELEASE_TYPE.findall(_base(file))
    if named:
        return str(named[-1])
    folders = PurePosixPath(file.member).parts if file.member else file.path.parts
    return next((folder for folder in reversed(folders[:-1]) if folder in _RELEASE_TYPES), "")


def _kind(file: SourceFile) -> Kind | None:
    name = _base(file)
    component = _COMPONENT.match(name)
    if component:
        told = component[1].capitalize()
        return Kind.DESCRIPTION if told == "Textdefinition" else Kind(told)
    # Stated relationships have the columns of inferred ones; no row of theirs would be used.
    if "StatedRelationship" in name:
        return None
    columns = set(header_of(head(file, 4096)))
    return next((kind for kind, required in COLUMNS.items() if set(required) <= columns), None)


def _date(path: Path) -> str:
    found = _DATE.search(path.name)
    return found[1] if found else ""
