"""Makes the syntax tree while the parser reads: one method a rule of the grammar.

What the grammar lets through and the language does not allow is told here, in words and with its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from lark import Token, Transformer

from graph.ecl import filter_reading
from graph.ecl.raw_filters import (
    Acceptabilities,
    RawConcepts,
    RawFilter,
    RawFilters,
    RawTexts,
    RawWords,
)
from graph.ecl.syntax import (
    ActiveFilter,
    AnyConcept,
    Attribute,
    Cardinality,
    Comparison,
    Compound,
    ConceptFilters,
    Connective,
    Constraint,
    DescriptionFilters,
    Dotted,
    Expression,
    FilterBlock,
    Filtered,
    Group,
    History,
    HistoryProfile,
    MemberFilter,
    MembersOf,
    Position,
    Reference,
    Refined,
    Refinement,
    RefinementCompound,
    RefsetsContaining,
    Related,
    SearchKind,
    Texts,
    Value,
)
from graph.ecl.well_known import id_of_code
from graph.errors import EclNotSupported, EclSyntaxError

_CONSTRAINTS = {
    **{constraint.value: constraint for constraint in Constraint},
    **{constraint.name.lower().replace("_", ""): constraint for constraint in Constraint},
}
_COMPARISONS = {**{comparison.value: comparison for comparison in Comparison}, "<>": Comparison.NOT_EQUAL}
_ORDERED = (Comparison.LESS, Comparison.AT_MOST, Comparison.GREATER, Comparison.AT_LEAST)
_CARDINALITY = re.compile(r"(\d+)(?:\.\.|\s+to\s+)(\d+|\*|many)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _RefsetOperator:
    containing: bool
    at: Position


@dataclass(frozen=True, slots=True)
class _Operator:
    constraint: Constraint
    at: Position


@dataclass(frozen=True, slots=True)
class _History:
    profile: HistoryProfile
    subset: Expression | None
    at: Position


class Reading(Transformer[Token, Expression]):
    """Methods are called by rule and give nodes of `graph.ecl.syntax`. They raise EclSyntaxError, EclNotSupported."""

    # Expressions -------------------------------------------------------------------------------------------

    def start(self, items: list[Any]) -> Expression:
        """The whole expression."""
        expression: Expression = items[0]
        return expression

    def concept(self, items: list[Token]) -> Reference:
        """An id and perhaps its term in pipes."""
        code, at = str(items[0]), position(items[0])
        term = " ".join(items[1].strip("|").split()) if len(items) > 1 else ""
        if len(items) > 1 and not term:
            raise EclSyntaxError(at.line, at.column, f"the pipes after {code} hold no term")
        return Reference(id_of_code(code), term, at)

    def any_concept(self, items: list[Token]) -> AnyConcept:
        """`*`."""
        return AnyConcept(position(items[0]))

    def bracket(self, items: list[Expression]) -> Expression:
        """An expression in brackets is that expression."""
        return items[0]

    def constraint_operator(self, items: list[Token]) -> _Operator:
        """An operator on the hierarchy, brief or long."""
        return _Operator(_CONSTRAINTS[items[0].lower()], position(items[0]))

    def refset_operator(self, items: list[Any]) -> _RefsetOperator:
        """`^`, `memberOf` or `^R`."""
        at = position(items[0])
        if len(items) > 1:
            _not_supported(at, "member-of with chosen columns (^ [...])", "leave the columns out")
        return _RefsetOperator(items[0].lower() == "^r", at)

    def fields(self, items: list[Token]) -> list[Token]:
        """The columns named after `^`."""
        return items

    def sub(self, items: list[Any]) -> Expression:
        """A focus with what stands before and behind it."""
        operator = items.pop(0) if isinstance(items[0], _Operator) else None
        refset = items.pop(0) if isinstance(items[0], _RefsetOperator) else None
        node: Expression = items[0]
        member_filters, blocks, history = _trailers(items[1:], refset)
        if refset is not None:
            of = RefsetsContaining if refset.containing else MembersOf
            node = of(node, member_filters, refset.at)
        if operator is not None:
            node = Related(operator.constraint, node, operator.at)
        if blocks:
            node = Filtered(node, blocks, node.at)
        if history is not None:
            node = History(node, history.profile, history.subset, history.at)
        return node

    def connective(self, items: list[Token]) -> Token:
        """AND, a comma, OR or MINUS."""
        return items[0]

    def compound(self, items: list[Any]) -> Expression:
        """Expressions with connectives between them."""
        connective = _connective(items[1::2])
        if connective is Connective.MINUS and len(items) > 3:
            at = position(items[3])
            raise EclSyntaxError(at.line, at.column, "a second MINUS needs brackets around the first")
        return Compound(connective, tuple(items[::2]), items[0].at)

    def refined(self, items: list[Any]) -> Expression:
        """`focus : refinement`."""
        return Refined(items[0], items[1], items[0].at)

    def dotted(self, items: list[Expression]) -> Expression:
        """`focus . attribute . attribute`."""
        return Dotted(items[0], tuple(items[1:]), items[0].at)

    # Refinements -------------------------------------------------------------------------------------------

    def refinement_compound(self, items: list[Any]) -> Refinement:
        """Refinements with connectives between them."""
        connective = _connective(items[1::2])
        if connective is Connective.MINUS:
            at = position(items[1])
            raise EclSyntaxError(
                at.line, at.column, "MINUS joins expressions, not refinements; use a cardinality of [0..0]"
            )
        return RefinementCompound(connective, tuple(items[::2]), items[0].at)

    def group(self, items: list[Any]) -> Refinement:
        """Attributes in braces."""
        content: Refinement = items[-1]
        _refuse_reverse(content)
        return Group(content, items[0] if len(items) > 1 else None, content.at)

    def attribute(self, items: list[Any]) -> Refinement:
        """A name, a comparison and a value."""
        cardinality = items.pop(0) if isinstance(items[0], Cardinality) else None
        reverse = isinstance(items[0], Token)
        if reverse:
            items.pop(0)
        name, (comparison, at), value = items
        if isinstance(value, RawTexts):
            value = _texts(value)
        if comparison in _ORDERED and not isinstance(value, Decimal):
            raise EclSyntaxError(
                at.line, at.column, f"{comparison} compares numbers, which are written like #5"
            )
        if reverse and isinstance(value, Decimal | bool | Texts):
            _not_supported(name.at, "a reverse attribute with a concrete value", "give it a concept")
        checked: Value = value
        return Attribute(name, comparison, checked, cardinality, reverse, name.at)

    def comparison(self, items: list[Token]) -> tuple[Comparison, Position]:
        """A comparison operator, brief or long."""
        text = "".join(items[0].lower().split())
        comparison = Comparison.NOT_EQUAL if text.startswith("not") else _COMPARISONS[text]
        return comparison, position(items[0])

    def cardinality(self, items: list[Token]) -> Cardinality:
        """`[m..n]`."""
        found = _CARDINALITY.search(items[0])
        assert found is not None  # The terminal is this pattern.
        minimum, most = int(found[1]), found[2]
        maximum = int(most) if most.isdigit() else None
        if maximum is not None and maximum < minimum:
            at = position(items[0])
            raise EclSyntaxError(
                at.line, at.column, f"at least {minimum} and at most {maximum} cannot both be"
            )
        return Cardinality(minimum, maximum)

    def number(self, items: list[Token]) -> Decimal:
        """`#5`."""
        return Decimal(items[0][1:])

    def true(self, items: list[Token]) -> bool:
        """`true`."""
        return True

    def false(self, items: list[Token]) -> bool:
        """`false`."""
        return False

    # Filters and history -----------------------------------------------------------------------------------

    def history(self, items: list[Any]) -> _History:
        """`{{ + HISTORY… }}`."""
        at = position(items[0])
        profile = HistoryProfile(items[0].upper().replace("_", "-"))
        if len(items) > 1 and profile is not HistoryProfile.ANY:
            raise EclSyntaxError(
                at.line, at.column, f"{profile} takes no association refsets; write HISTORY (...)"
            )
        return _History(profile, items[1] if len(items) > 1 else None, at)

    def filters(self, items: list[Any]) -> RawFilters:
        """A block of filters."""
        kind = items.pop(0) if isinstance(items[0], Token) else None
        return RawFilters(str(kind).upper() if kind else "D", tuple(items), items[0].at)

    def filter(self, items: list[Any]) -> RawFilter:
        """A field, a comparison and a value."""
        field, (comparison, _), value = items
        return RawFilter(str(field), comparison, value, position(field))

    def field(self, items: list[Token]) -> Token:
        """What a filter is about."""
        return items[0]

    def digit(self, items: list[Token]) -> bool:
        """`1` or `0` for active or not."""
        return str(items[0]) == "1"

    def search(self, items: list[Token]) -> tuple[Token | None, Token]:
        """A quoted text, perhaps with how to search."""
        return (items[0], items[1]) if len(items) > 1 else (None, items[0])

    def texts(self, items: list[tuple[Token | None, Token]]) -> RawTexts:
        """One or more quoted texts."""
        return RawTexts(tuple(items))

    def one_concept(self, items: list[Any]) -> RawConcepts:
        """An expression, perhaps with an acceptability."""
        return RawConcepts(((items[0], None),), _acceptabilities(items))

    def some_concepts(self, items: list[Any]) -> RawConcepts:
        """Concepts in brackets, perhaps with an acceptability for all."""
        return RawConcepts(items[0], _acceptabilities(items))

    def concepts(self, items: list[Any]) -> tuple[Any, ...]:
        """Concepts in brackets, each perhaps with its own acceptability."""
        own = len(items) > 1 and isinstance(items[1], Acceptabilities)
        return ((items[0], items[1] if own else None), *items[2 if own else 1 :])

    def own_concept(self, items: list[Any]) -> tuple[Any, Acceptabilities | None]:
        """A further concept in brackets."""
        return items[0], _acceptabilities(items)

    def one_word(self, items: list[Any]) -> RawWords:
        """A word, perhaps with an acceptability."""
        return RawWords(((items[0], None),), _acceptabilities(items))

    def some_words(self, items: list[Any]) -> RawWords:
        """Words in brackets, perhaps with an acceptability for all."""
        return RawWords(items[0], _acceptabilities(items))

    def words(self, items: list[Any]) -> tuple[Any, ...]:
        """Words in brackets."""
        return tuple(items)

    def own_word(self, items: list[Any]) -> tuple[Token, Acceptabilities | None]:
        """A word in brackets, perhaps with its own acceptability."""
        return items[0], _acceptabilities(items)

    def acceptability(self, items: list[Any]) -> Acceptabilities:
        """`(prefer)`, `(accept)`, both, or their concepts."""
        return filter_reading.acceptabilities(items)


def position(token: Token) -> Position:
    """Where a token begins."""
    return Position(token.line or 1, token.column or 1)


def _acceptabilities(items: Sequence[Any]) -> Acceptabilities | None:
    """The second item, where there is one."""
    return items[1] if len(items) > 1 else None


def _connective(tokens: Sequence[Token]) -> Connective:
    kinds = [Connective.AND if token == "," else Connective(token.upper()) for token in tokens]
    for token, kind in zip(tokens, kinds, strict=True):
        if kind is not kinds[0]:
            at = position(token)
            raise EclSyntaxError(
                at.line,
                at.column,
                f"{kinds[0]} and {kind} are mixed; put brackets around what belongs together",
            )
    return kinds[0]


def _trailers(
    trailers: Sequence[Any], refset: _RefsetOperator | None
) -> tuple[tuple[MemberFilter | ActiveFilter, ...], tuple[FilterBlock, ...], _History | None]:
    members: list[MemberFilter | ActiveFilter] = []
    blocks: list[FilterBlock] = []
    history: _History | None = None
    for trailer in trailers:
        at: Position = trailer.at
        if history is not None:
            raise EclSyntaxError(
                at.line, at.column, "nothing follows a history supplement but after brackets"
            )
        if isinstance(trailer, _History):
            history = trailer
        elif trailer.kind == "M":
            if blocks:
                raise EclSyntaxError(at.line, at.column, "a member filter stands before other filters")
            if refset is None:
                _not_supported(
                    at, "a member filter without member-of", "write it directly after ^ and a refset"
                )
            members.extend(filter_reading.member_filters(trailer))
        elif trailer.kind == "C":
            blocks.append(ConceptFilters(filter_reading.concept_filters(trailer)))
        else:
            blocks.append(DescriptionFilters(filter_reading.description_filters(trailer)))
    return tuple(members), tuple(blocks), history


def _texts(raw: RawTexts) -> Texts:
    for kind, _ in raw.texts:
        if kind is not None:
            _not_supported(
                position(kind),
                f"{kind.lower()}: for the concrete text of an attribute",
                "give the whole text, as version 2.3 of the language has it",
            )
    return Texts(tuple(filter_reading.unquoted(text, SearchKind.MATCH) for _, text in raw.texts))


def _refuse_reverse(content: Refinement) -> None:
    if isinstance(content, RefinementCompound):
        for part in content.parts:
            _refuse_reverse(part)
    elif isinstance(content, Attribute) and content.reverse:
        _not_supported(
            content.at,
            "a reverse attribute in a group",
            "groups belong to the other end of its rows; write it outside of the braces",
        )


def _not_supported(at: Position, what: str, instead: str) -> NoReturn:
    raise EclNotSupported(at.line, at.column, f"{what} is not supported; {instead}")
