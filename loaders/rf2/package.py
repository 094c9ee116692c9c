"""Finding the files of RF2 packages and telling what each holds.

Files are told by their names, as the SNOMED CT Release File Specification ("Release File Naming Convention") has
them, or else by their columns: extensions name refset files freely. A file whose name tells its kind must have the
columns of that kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from loaders.errors import ColumnMissing, FormatMismatch
from loaders.files import SourceFile, head, is_zip, members
from loaders.rf2_files import DELTA, FULL, SNAPSHOT
from loaders.tables import header_of

_NAMED = MappingProxyType(
    {
        SNAPSHOT: "a SNOMED CT RF2 snapshot",
        FULL: "a SNOMED CT RF2 Full release",
        DELTA: "a SNOMED CT RF2 Delta",
    }
)
_WORD = MappingProxyType({SNAPSHOT: "snapshot", FULL: "Full", DELTA: "Delta"})
_VERSIONED = ("id", "effectiveTime", "active", "moduleId")
_MEMBER = (*_VERSIONED, "refsetId", "referencedComponentId")


class Kind(StrEnum):
    """The kinds of file that are loaded."""

    CONCEPT = "Concept"
    DESCRIPTION = "Description"
    RELATIONSHIP = "Relationship"
    CONCRETE_VALUE = "RelationshipConcreteValues"
    LANGUAGE = "language refset"
    ASSOCIATION = "association refset"
    SIMPLE_MAP = "simple map"
    EXTENDED_MAP = "extended map"
    MODULE_DEPENDENCY = "module dependency refset"
    SUBSET = "simple refset"


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
        Kind.CONCRETE_VALUE: (
            *_VERSIONED,
            "sourceId",
            "value",
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
        Kind.MODULE_DEPENDENCY: (*_MEMBER, "sourceEffectiveTime", "targetEffectiveTime"),
        # Whatever else a refset says of its members: extensions of their own make do with names of their own.
        Kind.SUBSET: _MEMBER,
    }
)
#: Columns of the refsets that describe components or the terminology itself, and are no subsets of concepts.
_NO_SUBSET = frozenset(
    {
        "annotationTypeId",
        "attributeDescription",
        "attributeRule",
        "descriptionFormat",
        "domainConstraint",
        "languageDialectCode",
        "mapSource",
        "owlExpression",
        "query",
        "rangeConstraint",
        "ruleStrengthId",
        "valueId",
    }
)

_RF2_NAME = re.compile(r"[xz]?(?:sct2|der2)_[^/]*\.txt", re.IGNORECASE)
_COMPONENT = re.compile(
    r"[xz]?sct2_(Concept|Description|TextDefinition|RelationshipConcreteValues|Relationship)_", re.IGNORECASE
)
_COMPONENT_KINDS = MappingProxyType(
    {
        "concept": Kind.CONCEPT,
        "description": Kind.DESCRIPTION,
        "textdefinition": Kind.DESCRIPTION,
        "relationshipconcretevalues": Kind.CONCRETE_VALUE,
        "relationship": Kind.RELATIONSHIP,
    }
)
_REFSET = re.compile(
    r"[xz]?der2_[cis]*Refset_(Language|Association|SimpleMap|ExtendedMap|ComplexMap|ModuleDependency)"
    r"(?=(?:Reference)?(?:Snapshot|Full|Delta|_))",
    re.IGNORECASE,
)
_REFSET_KINDS = MappingProxyType(
    {
        "language": Kind.LANGUAGE,
        "association": Kind.ASSOCIATION,
        "simplemap": Kind.SIMPLE_MAP,
        "extendedmap": Kind.EXTENDED_MAP,
        "complexmap": Kind.EXTENDED_MAP,
        "moduledependency": Kind.MODULE_DEPENDENCY,
    }
)
_ANY_REFSET = re.compile(r"[xz]?der2_", re.IGNORECASE)
_RELEASE_TYPES = (SNAPSHOT, FULL, DELTA)
_RELEASE_TYPE = re.compile(r"(Snapshot|Full|Delta)(?=[-_.])")
_DATE = re.compile(r"(?<!\d)(\d{8})(?:T\d{6}Z?)?(?=\.(?:txt|zip)$|$)")


@dataclass(frozen=True, slots=True)
class Package:
    """The files to load at some paths, by kind. A kind that is not there has none."""

    paths: tuple[Path, ...]
    files: Mapping[Kind, tuple[SourceFile, ...]]
    unknown: tuple[SourceFile, ...] = ()
    """Files with the name of a refset and without the columns that every refset has."""

    def of(self, kind: Kind) -> tuple[SourceFile, ...]:
        """The files of a kind, those of the first path first, in the order of their names."""
        return self.files.get(kind, ())


def recognises(path: Path) -> bool:
    """Whether any file at `path` (a folder, or a zip) has an RF2 name."""
    return any(_RF2_NAME.fullmatch(_base(file)) for file in _text_files(path))


def find(paths: Sequence[Path], release_type: str = SNAPSHOT) -> Package:
    """The files of a release type in zips, or anywhere below folders, in zips too.

    Of a package that has no Snapshot, its Full files are taken for one: they hold all that it would. A
    file that is of no release type, by its name and its folders, is taken for any.

    Raises FormatMismatch where a path has no file of that type, or where there is no concept or no
    description file; a Delta may lack them. Raises ColumnMissing where a file has not the columns of the kind
    that its name tells.
    """
    files: dict[Kind, list[SourceFile]] = {}
    unknown: list[SourceFile] = []
    for path in paths:
        of_type = list(_of_type(list(_text_files(path)), release_type))
        unknown += [file for kind, file in of_type if kind is None and _lacks_columns(file)]
        found = [(kind, file) for kind, file in of_type if kind is not None]
        if not found and (len(paths) > 1 or release_type == DELTA):
            raise FormatMismatch(path, _NAMED[release_type], f"it holds no {_WORD[release_type]} file")
        for kind, file in found:
            files.setdefault(kind, []).append(file)
    for kind in (Kind.CONCEPT, Kind.DESCRIPTION):
        if kind not in files and release_type != DELTA:
            why = f"it holds no {kind} {_WORD[release_type]} file"
            raise FormatMismatch(paths[0], _NAMED[release_type], why)
    return Package(tuple(paths), {kind: tuple(found) for kind, found in files.items()}, tuple(unknown))


def loaded_files(paths: Sequence[Path], release_type: str = SNAPSHOT) -> list[tuple[Path, str]]:
    """The files on disk that a load of `paths` reads, each with the date that its name tells, or ""."""
    found = {file.path for files in find(paths, release_type).files.values() for file in files}
    return [(file, date_of(file.name)) for file in sorted(found)]


def date_of(name: str) -> str:
    """The date, YYYYMMDD, at the end of a file's or a package's name; "" where it has none."""
    found = _DATE.search(name)
    return found[1] if found else ""


def _of_type(files: Sequence[SourceFile], release_type: str) -> Iterator[tuple[Kind | None, SourceFile]]:
    """The files of that type and those of none; in a package without a Snapshot, Full files for it.

    Each has its kind, None where it is not loaded.
    """
    types = {file: _release_type(file) for file in files}
    kinds = {file: _kind(file) for file, type in types.items() if type in (release_type, "")}
    packages = {_package(file) for file, kind in kinds.items() if kind is not None}
    if release_type == SNAPSHOT:
        kinds |= {
            file: _kind(file)
            for file, type in types.items()
            if type == FULL and _package(file) not in packages
        }
    return ((kinds[file], file) for file in files if file in kinds)


def _package(file: SourceFile) -> tuple[Path, tuple[str, ...]]:
    """What a file's package is known by: its zip, and the folders above the one of its release type."""
    folders = PurePosixPath(file.member).parts[:-1] if file.member else file.path.parts[:-1]
    for place in reversed(range(len(folders))):
        if folders[place] in _RELEASE_TYPES:
            folders = folders[:place]
            break
    return (file.path if file.member else Path()), folders


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
    """What a file holds; None for what is not loaded. Raises ColumnMissing."""
    name = _base(file)
    component = _COMPONENT.match(name)
    if component:
        return _COMPONENT_KINDS[component[1].lower()]
    # Stated relationships have the columns of inferred ones; no row of theirs would be used.
    if "StatedRelationship" in name:
        return None
    columns = _columns(file)
    refset = _REFSET.match(name)
    if refset:
        kind = _REFSET_KINDS[refset[1].lower()]
        missing = [column for column in COLUMNS[kind] if column not in columns]
        if missing:
            raise ColumnMissing(file.name, missing, columns)
        return kind
    found = next((kind for kind, required in COLUMNS.items() if set(required) <= set(columns)), None)
    return None if found is Kind.SUBSET and _NO_SUBSET.intersection(columns) else found


def _lacks_columns(file: SourceFile) -> bool:
    """Whether a file is a refset by its name and none by its columns."""
    return _ANY_REFSET.match(_base(file)) is not None and not set(_MEMBER) <= set(_columns(file))


def _columns(file: SourceFile) -> tuple[str, ...]:
    return header_of(head(file, 4096))
