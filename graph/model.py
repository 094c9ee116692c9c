"""The records of the concept graph.

Loaders make them, stores keep them, everything else reads them. All are frozen. Ids are CURIEs: a
prefix that names the terminology, a colon, and the terminology's own identifier, kept as text
(`SNOMEDCT:22298006`, `UMLS:C0027051`, `HP:0001658`, `ICD10:I21.9`).
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

CURIE: TypeAlias = str

#: The relation type of is-a, whatever a source calls it (RF2 116680003, OBO `is_a`, RRF `CHD`).
IS_A: CURIE = "rdfs:subClassOf"


class TermKind(StrEnum):
    """What a term is to its concept, in its language."""

    FSN = "fsn"
    """Fully specified name: unambiguous, with the semantic tag in brackets."""
    PREFERRED = "preferred"
    """The preferred term; at most one a concept and language."""
    SYNONYM = "synonym"
    DEFINITION = "definition"
    """Explanatory text; never indexed for linking."""


class SynonymScope(StrEnum):
    """How a synonym's meaning compares with its concept's (oboInOwl has four; RF2 knows only exact)."""

    EXACT = "exact"
    BROAD = "broad"
    NARROW = "narrow"
    RELATED = "related"


class SuccessionKind(StrEnum):
    """Why one concept stands where another was (SNOMED CT historical associations), the closest first."""

    SAME_AS = "same-as"
    REPLACED_BY = "replaced-by"
    POSSIBLY_REPLACED_BY = "possibly-replaced-by"
    POSSIBLY_EQUIVALENT_TO = "possibly-equivalent-to"
    PARTIALLY_EQUIVALENT_TO = "partially-equivalent-to"
    ALTERNATIVE = "alternative"
    WAS_A = "was-a"
    SIMILAR_TO = "similar-to"
    MOVED_TO = "moved-to"
    MOVED_FROM = "moved-from"
    REFERS_TO = "refers-to"


@dataclass(frozen=True, slots=True)
class Concept:
    """A meaning. Its words are `Term`s; `semantic_tag` is the FSN's bracket (`trastorno`) or empty."""

    id: CURIE
    active: bool = True
    semantic_tag: str = ""
    effective_time: str = ""
    module: CURIE = ""
    defined: bool = False
    """True where the source gives sufficient conditions (RF2 definitionStatusId defined)."""


@dataclass(frozen=True, slots=True, order=True)
class Acceptability:
    """That a language refset holds a term: as the `preferred` one of its kind, or as one that may be used."""

    refset: CURIE
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One description of a concept. `language` is BCP 47 (`es`), `id` the source's own (an SCTID, an AUI).

    `acceptability` has the language refsets that hold the term, sorted; none where the source has no such
    refsets. `kind` sums it up: the preferred term is that of the first dialect asked for that prefers one.
    """

    concept: CURIE
    text: str
    language: str
    kind: TermKind = TermKind.SYNONYM
    scope: SynonymScope = SynonymScope.EXACT
    id: str = ""
    acceptability: tuple[Acceptability, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """`source` —`type`→ `target`. Rows of one `group` > 0 belong together; one of group 0 stands alone.

    `id` is the source's own (an SCTID, a RUI). A source may say the same twice, under two ids. A concrete
    target is kept as RF2 writes it: `#500`, `"text"`, `true`.
    """

    source: CURIE
    type: CURIE
    target: CURIE
    group: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A concept and a code of another system: `kind` is `xref`, `exact`, `broad`, `narrow` or the source's.

    `group`, `priority`, `rule` and `advice` are the extended map's columns (RF2 specification, 5.2.3.3);
    `id` is the source's own of the row.
    """

    concept: CURIE
    target: CURIE
    kind: str = "xref"
    group: int = 0
    priority: int = 0
    rule: str = ""
    advice: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Succession:
    """`retired` is no longer used; `successor` stands for it in the way `kind` says. `id` is the source's own."""

    retired: CURIE
    successor: CURIE
    kind: SuccessionKind
    id: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """`refset`, a subset that the source keeps, holds the concept `member`. `id` is the source's own."""

    refset: CURIE
    member: CURIE
    id: str = ""


Record: TypeAlias = Concept | Term | Relation | Mapping | Succession | Membership


@dataclass(frozen=True, slots=True)
class Source:
    """A file that an import read. `sha256` is of the bytes on disk, in hex."""

    name: str
    format: str
    sha256: str
    size_bytes: int
    version: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """One imported terminology release, as its manifest tells it."""

    name: str
    created: str
    """UTC, ISO 8601."""
    software: str
    sources: tuple[Source, ...] = ()
    counts: MappingType[str, int] = field(default_factory=dict)
    """Records by kind: concepts, active_concepts, terms, is_a, relations, mappings, successions,
    memberships.

    And what was amiss: `undeclared` ids that are spoken of and are no concept here, `orphan_terms` of
    such ids (left out), `dangling_is_a` relations with an end that is no active concept (kept in the
    store, not in the hierarchy). `closure_pairs` is the size of the compiled hierarchy.
    """
    languages: tuple[str, ...] = ()
    rejected: int = 0
