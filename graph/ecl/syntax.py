"""The syntax tree of an expression constraint: what was said, without brackets, blanks and comments.

Two trees are equal where they say the same in the same order; positions (`at`) do not count. Ids are
CURIEs: an SCTID of the text is `SNOMEDCT:<id>` here, another scheme's `HP#0001658` is `HP:0001658`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from graph.model import CURIE, TermKind


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands in the text; both count from 1."""

    line: int
    column: int


_NOWHERE = Position(0, 0)


class Constraint(StrEnum):
    """The operators on the hierarchy, as the brief syntax writes them."""

    DESCENDANT_OF = "<"
    DESCENDANT_OR_SELF_OF = "<<"
    CHILD_OF = "<!"
    CHILD_OR_SELF_OF = "<<!"
    ANCESTOR_OF = ">"
    ANCESTOR_OR_SELF_OF = ">>"
    PARENT_OF = ">!"
    PARENT_OR_SELF_OF = ">>!"
    TOP = "!!>"
    """Of a set, the concepts with no ancestor in it."""
    BOTTOM = "!!<"
    """Of a set, the concepts with no descendant in it."""


class Comparison(StrEnum):
    """The comparison operators."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


class Connective(StrEnum):
    """What joins expressions or refinements."""

    AND = "AND"
    OR = "OR"
    MINUS = "MINUS"


# Expressions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reference:
    """A concept. `term` is what stood between pipes; it does not change the meaning."""

    id: CURIE
    term: str = ""
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnyConcept:
    """`*`."""

    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Related:
    """An operator on the hierarchy, applied to each concept of a set."""

    constraint: Constraint
    operand: Expression
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MembersOf:
    """`^`: what the refsets of a set hold, of rows that pass all `filters`."""

    refsets: Expression
    filters: tuple[MemberFilter | ActiveFilter, ...] = ()
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RefsetsContaining:
    """`^R`: the refsets that hold any concept of a set, by rows that pass all `filters`."""

    members: Expression
    filters: tuple[MemberFilter | ActiveFilter, ...] = ()
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compound:
    """Two or more expressions joined by AND or by OR, or exactly two by MINUS."""

    connective: Connective
    parts: tuple[Expression, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Refined:
    """`focus : refinement`."""

    focus: Expression
    refinement: Refinement
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Dotted:
    """`focus . attribute . attribute`: the values that attributes lead to, step by step."""

    focus: Expression
    attributes: tuple[Expression, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Filtered:
    """What remains of a set after each block of filters. A block's description filters hold of one term."""

    operand: Expression
    blocks: tuple[FilterBlock, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


class HistoryProfile(StrEnum):
    """Which historical associations a history supplement follows; `ANY` is `{{ + HISTORY }}`."""

    ANY = "HISTORY"
    MINIMUM = "HISTORY-MIN"
    MODERATE = "HISTORY-MOD"
    MAXIMUM = "HISTORY-MAX"


@dataclass(frozen=True, slots=True)
class History:
    """A set and the retired concepts that its concepts stand for. With `subset`, by these association refsets."""

    operand: Expression
    profile: HistoryProfile = HistoryProfile.ANY
    subset: Expression | None = None
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


Expression: TypeAlias = (
    Reference
    | AnyConcept
    | Related
    | MembersOf
    | RefsetsContaining
    | Compound
    | Refined
    | Dotted
    | Filtered
    | History
)

# Refinements ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cardinality:
    """How often; `maximum` is None for any number."""

    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class Texts:
    """Concrete texts: equal to one of them."""

    texts: tuple[str, ...]


Value: TypeAlias = Expression | Decimal | bool | Texts


@dataclass(frozen=True, slots=True)
class Attribute:
    """Rows of attributes with such a name and such a value; by default one or more."""

    name: Expression
    comparison: Comparison
    value: Value
    cardinality: Cardinality | None = None
    reverse: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Groups of rows in which the content holds; by default one or more."""

    content: Refinement
    cardinality: Cardinality | None = None
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RefinementCompound:
    """Two or more refinements joined by AND or by OR."""

    connective: Connective
    parts: tuple[Refinement, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


Refinement: TypeAlias = Attribute | Group | RefinementCompound

# Filters -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class References:
    """Two or more concepts in brackets, as filters take them."""

    concepts: tuple[Reference, ...]


ConceptSet: TypeAlias = Expression | References


class SearchKind(StrEnum):
    """How a term is compared: `match` by the beginnings of its words, `wild` as a whole with `*`."""

    MATCH = "match"
    WILD = "wild"


@dataclass(frozen=True, slots=True)
class Search:
    """A search text. In one of kind `wild`, a literal asterisk or backslash has a backslash before it."""

    text: str
    kind: SearchKind = SearchKind.MATCH


@dataclass(frozen=True, slots=True)
class TermFilter:
    """The term matches one of `searches`, or none where `negated`."""

    searches: tuple[Search, ...]
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LanguageFilter:
    """The term is in one of these languages: two letters, lower case."""

    languages: tuple[str, ...]
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TypeFilter:
    """The term is of one of these kinds. SYNONYM stands for preferred terms too, as in RF2."""

    kinds: tuple[TermKind, ...]
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TypeIdFilter:
    """As `TypeFilter`, by the concepts of the types."""

    types: ConceptSet
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A language refset by alias (`en-gb`) or by concept, and in which way it holds the term.

    `preferred` is None for either way.
    """

    alias: str = ""
    refset: Reference | None = None
    preferred: bool | None = None


@dataclass(frozen=True, slots=True)
class DialectFilter:
    """A language refset holds the term: one of `dialects`, or one of the set `refsets` in the way `preferred`."""

    dialects: tuple[Dialect, ...] = ()
    refsets: Expression | None = None
    preferred: bool | None = None
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


DescriptionFilter: TypeAlias = TermFilter | LanguageFilter | TypeFilter | TypeIdFilter | DialectFilter


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """The concept is active or retired; `active` is None for `*`, which also makes `*` mean all concepts."""

    active: bool | None
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StatusFilter:
    """The concept is defined (True) or primitive (False), one of `defined`."""

    defined: tuple[bool, ...]
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StatusIdFilter:
    """As `StatusFilter`, by the concepts of the statuses."""

    statuses: ConceptSet
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ModuleFilter:
    """The concept is in one of these modules."""

    modules: ConceptSet
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TimeFilter:
    """The concept's effective time compares so with one of `times`: `YYYYMMDD`, or "" for blank."""

    comparison: Comparison
    times: tuple[str, ...]
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


ConceptFilter: TypeAlias = ActiveFilter | StatusFilter | StatusIdFilter | ModuleFilter | TimeFilter


class MemberField(StrEnum):
    """The columns of refset rows that a release keeps."""

    MEMBER = "referencedComponentId"
    TARGET = "targetComponentId"


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """The row has one of these concepts in a column."""

    column: MemberField
    concepts: ConceptSet
    negated: bool = False
    at: Position = field(default=_NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DescriptionFilters:
    """A block `{{ D … }}`: a term of the concept passes all filters."""

    filters: tuple[DescriptionFilter | ActiveFilter, ...]


@dataclass(frozen=True, slots=True)
class ConceptFilters:
    """A block `{{ C … }}`: the concept passes all filters."""

    filters: tuple[ConceptFilter, ...]


FilterBlock: TypeAlias = DescriptionFilters | ConceptFilters
