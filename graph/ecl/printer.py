"""Writes a syntax tree as text in the brief syntax; reading that text gives the same tree again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import singledispatch

from graph.ecl.syntax import (
    ActiveFilter,
    AnyConcept,
    Attribute,
    Cardinality,
    Compound,
    ConceptSet,
    Connective,
    DescriptionFilters,
    Dialect,
    DialectFilter,
    Dotted,
    Expression,
    FilterBlock,
    Filtered,
    Group,
    History,
    LanguageFilter,
    MemberFilter,
    MembersOf,
    ModuleFilter,
    Reference,
    References,
    Refined,
    RefinementCompound,
    RefsetsContaining,
    Related,
    Search,
    SearchKind,
    StatusFilter,
    StatusIdFilter,
    TermFilter,
    Texts,
    TimeFilter,
    TypeFilter,
    TypeIdFilter,
    Value,
)
from graph.ecl.well_known import PREFIX
from graph.model import TermKind

_SCTID = re.compile(r"[1-9][0-9]{5,17}")
_TYPES = {TermKind.SYNONYM: "syn", TermKind.FSN: "fsn", TermKind.DEFINITION: "def"}


@singledispatch
def text_of(node: object) -> str:
    """The canonical text of an expression, a refinement or a filter: one line, terms in pipes kept."""
    raise TypeError(f"{type(node).__name__} is no part of an expression constraint.")


@text_of.register
def _(node: Reference) -> str:
    prefix, _, local = node.id.partition(":")
    id = local if prefix == PREFIX and _SCTID.fullmatch(local) else node.id
    return f"{id} |{node.term}|" if node.term else id


@text_of.register
def _(node: AnyConcept) -> str:
    return "*"


@text_of.register
def _(node: Related) -> str:
    return f"{node.constraint.value} {_within(node.operand, MembersOf, RefsetsContaining)}"


@text_of.register
def _(node: MembersOf) -> str:
    return f"^ {_within(node.refsets)}{_block('M', node.filters)}"


@text_of.register
def _(node: RefsetsContaining) -> str:
    return f"^R {_within(node.members)}{_block('M', node.filters)}"


@text_of.register
def _(node: Compound) -> str:
    return f" {node.connective.value} ".join(map(_sub, node.parts))


@text_of.register
def _(node: Refined) -> str:
    return f"{_sub(node.focus)} : {text_of(node.refinement)}"


@text_of.register
def _(node: Dotted) -> str:
    return " . ".join(map(_sub, (node.focus, *node.attributes)))


@text_of.register
def _(node: Filtered) -> str:
    return _within(node.operand, Related, MembersOf, RefsetsContaining) + "".join(map(_filters, node.blocks))


@text_of.register
def _(node: History) -> str:
    operand = _within(node.operand, Related, MembersOf, RefsetsContaining, Filtered)
    subset = f" ({text_of(node.subset)})" if node.subset is not None else ""
    return f"{operand} {{{{ + {node.profile.value}{subset} }}}}"


@text_of.register
def _(node: RefinementCompound) -> str:
    connective = ", " if node.connective is Connective.AND else " OR "
    return connective.join(
        f"({text_of(part)})" if isinstance(part, RefinementCompound) else text_of(part) for part in node.parts
    )


@text_of.register
def _(node: Group) -> str:
    return f"{_cardinality(node.cardinality)}{{ {text_of(node.content)} }}"


@text_of.register
def _(node: Attribute) -> str:
    reverse = "R " if node.reverse else ""
    compared = f"{node.comparison.value} {_value(node.value)}"
    return f"{_cardinality(node.cardinality)}{reverse}{_sub(node.name)} {compared}"


@text_of.register
def _(node: TermFilter) -> str:
    return f"term {_equal(node.negated)} {_one_or_set(map(_search, node.searches))}"


@text_of.register
def _(node: LanguageFilter) -> str:
    return f"language {_equal(node.negated)} {_one_or_set(node.languages)}"


@text_of.register
def _(node: TypeFilter) -> str:
    return f"type {_equal(node.negated)} {_one_or_set(_TYPES[kind] for kind in node.kinds)}"


@text_of.register
def _(node: TypeIdFilter) -> str:
    return f"typeId {_equal(node.negated)} {_concepts(node.types)}"


@text_of.register
def _(node: DialectFilter) -> str:
    if node.refsets is not None:
        return f"dialectId {_equal(node.negated)} {_sub(node.refsets)}{_acceptability(node.preferred)}"
    field = "dialect" if node.dialects[0].alias else "dialectId"
    # A set of one without an acceptability would be read as brackets around an expression.
    return f"{field} {_equal(node.negated)} {_one_or_set(map(_dialect, node.dialects))}"


@text_of.register
def _(node: ActiveFilter) -> str:
    active = "*" if node.active is None else str(node.active).lower()
    return f"active {_equal(node.negated)} {active}"


@text_of.register
def _(node: StatusFilter) -> str:
    words = ("defined" if defined else "primitive" for defined in node.defined)
    return f"definitionStatus {_equal(node.negated)} {_one_or_set(words)}"


@text_of.register
def _(node: StatusIdFilter) -> str:
    return f"definitionStatusId {_equal(node.negated)} {_concepts(node.statuses)}"


@text_of.register
def _(node: ModuleFilter) -> str:
    return f"moduleId {_equal(node.negated)} {_concepts(node.modules)}"


@text_of.register
def _(node: TimeFilter) -> str:
    times = (f'"{time}"' for time in node.times)
    return f"effectiveTime {node.comparison.value} {_one_or_set(times)}"


@text_of.register
def _(node: MemberFilter) -> str:
    return f"{node.column.value} {_equal(node.negated)} {_concepts(node.concepts)}"


def _sub(node: Expression) -> str:
    """As an operand of a connective, a refinement or a dot: brackets around what is joined by them."""
    return f"({text_of(node)})" if isinstance(node, Compound | Refined | Dotted) else text_of(node)


def _within(node: Expression, *bare: type) -> str:
    """As an operand that may stand without brackets if it is a concept, `*` or of one of the types `bare`."""
    return text_of(node) if isinstance(node, (Reference, AnyConcept, *bare)) else f"({text_of(node)})"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"#{value:f}"
    if isinstance(value, Texts):
        return _one_or_set(map(_quoted, value.texts))
    return _sub(value)


def _filters(block: FilterBlock) -> str:
    return _block("D" if isinstance(block, DescriptionFilters) else "C", block.filters)


def _block(kind: str, filters: Iterable[object]) -> str:
    told = ", ".join(map(text_of, filters))
    return f" {{{{ {kind} {told} }}}}" if told else ""


def _cardinality(cardinality: Cardinality | None) -> str:
    if cardinality is None:
        return ""
    most = "*" if cardinality.maximum is None else cardinality.maximum
    return f"[{cardinality.minimum}..{most}] "


def _search(search: Search) -> str:
    if search.kind is SearchKind.WILD:
        # Its other backslashes are part of it.
        quoted = search.text.replace('"', '\\"')
        return f'wild:"{quoted}"'
    return _quoted(search.text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _dialect(dialect: Dialect) -> str:
    name = dialect.alias or (text_of(dialect.refset) if dialect.refset else "")
    return f"{name}{_acceptability(dialect.preferred)}"


def _acceptability(preferred: bool | None) -> str:
    return "" if preferred is None else " (prefer)" if preferred else " (accept)"


def _concepts(concepts: ConceptSet) -> str:
    if isinstance(concepts, References):
        return f"({' '.join(map(text_of, concepts.concepts))})"
    return _sub(concepts)


def _equal(negated: bool) -> str:
    return "!=" if negated else "="


def _one_or_set(texts: Iterable[str]) -> str:
    told = list(texts)
    return told[0] if len(told) == 1 else f"({' '.join(told)})"
