"""The rows of an RF2 snapshot: one dataclass a file kind, each knowing its file and its columns.

`rf2_files` has the files. The metadata identifiers are the public ones that the format itself names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid5

from loaders import rf2_files
from loaders.rf2.identifiers import DEFINED, DEFINITION, INFERRED, IS_A, PREFERRED, SYNONYM
from loaders.rf2_files import FileKind

PRIMITIVE = "900000000000074008"
CASE_INSENSITIVE = "900000000000448009"
CASE_SENSITIVE = "900000000000017005"
INITIAL_CASE_INSENSITIVE = "900000000000020002"
SOME = "900000000000451002"
ACCEPTABLE = "900000000000549004"
SPANISH_OF_SPAIN, ENGLISH_US = "448879004", "900000000000509007"
CONCEPT_INACTIVATION = "900000000000489007"
ICD10_MAP = "447562003"
MAP_CORRELATION_NOT_SPECIFIED, MAP_PROPERLY_CLASSIFIED = "447561005", "447637006"
MODULE_DEPENDENCY = "900000000000534007"

_MEMBER_IDS = UUID("5f0fb2ee-9f0e-5d57-8f55-8a2b7a3a2c11")  # any fixed value: it keeps member ids our own


class Row(Protocol):
    """What `write_snapshot` asks of a row; the dataclasses below are all there are in a snapshot."""

    def place(self) -> tuple[FileKind, str]:
        """Return the file kind and, where files are by language, the language."""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the row's columns in the file's order; `date` is the edition's."""


def _member(key: tuple[str, ...], date: str, active: bool, module: str) -> tuple[str, ...]:
    """Return a refset row's first columns; its id comes from `key`, so every writing gives the same."""
    return (str(uuid5(_MEMBER_IDS, "|".join(key))), date, "01"[active], module, *key[:2])


@dataclass(frozen=True, slots=True)
class ConceptRow:
    """A row of sct2_Concept. An empty `date`, here and below, means the edition's."""

    id: str
    module: str
    defined: bool = False
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.CONCEPT, ""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        status = DEFINED if self.defined else PRIMITIVE
        return self.id, self.date or date, "01"[self.active], self.module, status


@dataclass(frozen=True, slots=True)
class DescriptionRow:
    """A row of sct2_Description, or of sct2_TextDefinition where `type` is `DEFINITION`."""

    id: str
    module: str
    concept: str
    language: str
    term: str
    type: str = SYNONYM
    case: str = CASE_INSENSITIVE
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return (
            rf2_files.TEXT_DEFINITION if self.type == DEFINITION else rf2_files.DESCRIPTION
        ), self.language

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        common = (self.id, self.date or date, "01"[self.active], self.module)
        return (*common, self.concept, self.language, self.type, self.term, self.case)


@dataclass(frozen=True, slots=True)
class RelationshipRow:
    """A row of sct2_Relationship, inferred."""

    id: str
    module: str
    source: str
    destination: str
    type: str = IS_A
    group: int = 0
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.RELATIONSHIP, ""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        common = (self.id, self.date or date, "01"[self.active], self.module)
        return (*common, self.source, self.destination, str(self.group), self.type, INFERRED, SOME)


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """A member of a language refset; `language` names the file (`es`) that the refset is kept in."""

    module: str
    refset: str
    language: str
    description: str
    acceptability: str = PREFERRED
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.LANGUAGE, self.language

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        key = (self.refset, self.description)
        return (*_member(key, self.date or date, self.active, self.module), self.acceptability)


@dataclass(frozen=True, slots=True)
class AssociationRow:
    """A member of a historical association refset: `component` was retired in favour of `target`."""

    module: str
    refset: str
    component: str
    target: str
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.ASSOCIATION, ""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        key = (self.refset, self.component, self.target)
        return (*_member(key, self.date or date, self.active, self.module), self.target)


@dataclass(frozen=True, slots=True)
class AttributeValueRow:
    """A member of an attribute value refset, such as the reason why a concept was retired."""

    module: str
    refset: str
    component: str
    value: str
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.ATTRIBUTE_VALUE, ""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        key = (self.refset, self.component)
        return (*_member(key, self.date or date, self.active, self.module), self.value)


@dataclass(frozen=True, slots=True)
class ExtendedMapRow:
    """A member of an extended map refset: one target of one concept in one map group."""

    module: str
    component: str
    target: str
    group: int = 1
    priority: int = 1
    rule: str = "TRUE"
    advice: str = ""
    refset: str = ICD10_MAP
    correlation: str = MAP_CORRELATION_NOT_SPECIFIED
    category: str = MAP_PROPERLY_CLASSIFIED
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.EXTENDED_MAP, ""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        group, priority = str(self.group), str(self.priority)
        key = (self.refset, self.component, group, priority, self.target)
        common = _member(key, self.date or date, self.active, self.module)
        ruling = (group, priority, self.rule, self.advice or f"ALWAYS {self.target}", self.target)
        return (*common, *ruling, self.correlation, self.category)


@dataclass(frozen=True, slots=True)
class ModuleDependencyRow:
    """A member of the module dependency refset: `module` needs `depends_on`, both of one date."""

    module: str
    depends_on: str
    refset: str = MODULE_DEPENDENCY
    active: bool = True
    date: str = ""

    def place(self) -> tuple[FileKind, str]:
        """Name the file."""
        return rf2_files.MODULE_DEPENDENCY, ""

    def cells(self, date: str) -> tuple[str, ...]:
        """Return the columns."""
        when = self.date or date
        key = (self.refset, self.depends_on, self.module)
        return (*_member(key, when, self.active, self.module), when, when)
