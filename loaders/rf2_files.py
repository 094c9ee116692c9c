"""The files of an RF2 package: where each kind of row goes and which columns it has.

Source: SNOMED CT Release File Specification, "Component Release Files Specification" and "Reference Set
Release Files Specification" for the columns, "Release File Naming Convention" for the names.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The release types; they are also the names of a package's folders.
SNAPSHOT, FULL, DELTA = "Snapshot", "Full", "Delta"


@dataclass(frozen=True, slots=True)
class Edition:
    """What a package's names and its rows' common columns are made of.

    `owner` is the file name's country and namespace part: `INT`, `ES`, a seven-digit namespace, or a
    country followed by a namespace. `time` is the package's six-digit UTC time of day.
    """

    name: str
    owner: str
    date: str
    time: str = "120000"

    @property
    def folder(self) -> str:
        """The package's name: `SnomedCT_<name>_PRODUCTION_<date>T<time>Z`."""
        return f"SnomedCT_{self.name}_PRODUCTION_{self.date}T{self.time}Z"


@dataclass(frozen=True, slots=True)
class FileKind:
    """Where rows of a kind go: the folder below the release type, the file name's first part, the columns.

    `columns` are those after the four that every file begins with, separated by spaces.
    """

    folder: str
    stem: str
    columns: str
    by_language: bool = False

    def path(self, edition: Edition, language: str, release_type: str = SNAPSHOT) -> str:
        """Return the file's path inside the package."""
        suffix = f"-{language}" if self.by_language else ""
        name = f"{self.stem}{release_type}{suffix}_{edition.owner}_{edition.date}.txt"
        return f"{release_type}/{self.folder}/{name}"

    @property
    def header(self) -> str:
        """The first line, without its line end."""
        return "\t".join(f"id effectiveTime active moduleId {self.columns}".split())


_DESCRIPTION_COLUMNS = "conceptId languageCode typeId term caseSignificanceId"
_MEMBER = "refsetId referencedComponentId"
_MAP = f"{_MEMBER} mapGroup mapPriority mapRule mapAdvice mapTarget correlationId"

CONCEPT = FileKind("Terminology", "sct2_Concept_", "definitionStatusId")
DESCRIPTION = FileKind("Terminology", "sct2_Description_", _DESCRIPTION_COLUMNS, by_language=True)
TEXT_DEFINITION = FileKind("Terminology", "sct2_TextDefinition_", _DESCRIPTION_COLUMNS, by_language=True)
RELATIONSHIP = FileKind(
    "Terminology",
    "sct2_Relationship_",
    "sourceId destinationId relationshipGroup typeId characteristicTypeId modifierId",
)
CONCRETE_VALUE = FileKind(
    "Terminology",
    "sct2_RelationshipConcreteValues_",
    "sourceId value relationshipGroup typeId characteristicTypeId modifierId",
)
LANGUAGE = FileKind(
    "Refset/Language", "der2_cRefset_Language", f"{_MEMBER} acceptabilityId", by_language=True
)
ASSOCIATION = FileKind("Refset/Content", "der2_cRefset_Association", f"{_MEMBER} targetComponentId")
ATTRIBUTE_VALUE = FileKind("Refset/Content", "der2_cRefset_AttributeValue", f"{_MEMBER} valueId")
SIMPLE_REFSET = FileKind("Refset/Content", "der2_Refset_Simple", _MEMBER)
SIMPLE_MAP = FileKind("Refset/Map", "der2_sRefset_SimpleMap", f"{_MEMBER} mapTarget")
COMPLEX_MAP = FileKind("Refset/Map", "der2_iissscRefset_ComplexMap", _MAP)
EXTENDED_MAP = FileKind("Refset/Map", "der2_iisssccRefset_ExtendedMap", f"{_MAP} mapCategoryId")
MODULE_DEPENDENCY = FileKind(
    "Refset/Metadata",
    "der2_ssRefset_ModuleDependency",
    f"{_MEMBER} sourceEffectiveTime targetEffectiveTime",
)
