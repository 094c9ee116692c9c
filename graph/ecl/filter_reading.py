"""Reads the filters of a block: which fields there are, and what each may be compared with.

The grammar takes any field with any value; what a block of its kind does not know, or a release does not
keep, is refused here by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, NoReturn

from lark import Token

from graph.ecl.raw_filters import Acceptabilities, RawConcepts, RawFilter, RawFilters, RawTexts, RawWords
from graph.ecl.syntax import (
    ActiveFilter,
    AnyConcept,
    Comparison,
    ConceptFilter,
    DescriptionFilter,
    Dialect,
    DialectFilter,
    LanguageFilter,
    MemberField,
    MemberFilter,
    ModuleFilter,
    Position,
    Reference,
    Search,
    SearchKind,
    StatusFilter,
    StatusIdFilter,
    TermFilter,
    TimeFilter,
    TypeFilter,
    TypeIdFilter,
)
from graph.ecl.well_known import ACCEPTABLE, DIALECTS, PREFERRED
from graph.errors import EclNotSupported, EclSyntaxError
from graph.model import TermKind

_TYPES = MappingProxyType(
    {
        "syn": TermKind.SYNONYM,
        "synonym": TermKind.SYNONYM,
        "fsn": TermKind.FSN,
        "fullyspecifiedname": TermKind.FSN,
        "def": TermKind.DEFINITION,
        "definition": TermKind.DEFINITION,
    }
)
_STATUSES = MappingProxyType({"primitive": False, "defined": True})
_ACCEPTABILITIES = MappingProxyType(
    {
        "accept": False,
        "acceptable": False,
        "prefer": True,
        "preferred": True,
        ACCEPTABLE: False,
        PREFERRED: True,
    }
)
_MEMBER_COLUMNS = MappingProxyType({column.value.lower(): column for column in MemberField})


def description_filters(raw: RawFilters) -> tuple[DescriptionFilter | ActiveFilter, ...]:
    """The filters of a description block. Raises EclSyntaxError, EclNotSupported."""
    found: list[DescriptionFilter | ActiveFilter] = []
    for one in raw.filters:
        field = one.field.lower()
        if field in _KEPT_NO_MORE:
            _refuse(one, f"the {_KEPT_NO_MORE[field]} of descriptions", "releases do not keep it")
        if field == "active":
            active = _active(one)
            if active.active is None or active.active is active.negated:
                _refuse(one, "a filter for inactive descriptions", "releases keep the active ones alone")
            found.append(active)
        elif field in _DESCRIPTION_FIELDS:
            found.append(_DESCRIPTION_FIELDS[field](one))
        else:
            _unknown(one, "description", (*_DESCRIPTION_FIELDS, "active"))
    return tuple(found)


def concept_filters(raw: RawFilters) -> tuple[ConceptFilter, ...]:
    """The filters of a concept block. Raises EclSyntaxError."""
    found: list[ConceptFilter] = []
    for one in raw.filters:
        read = _CONCEPT_FIELDS.get(one.field.lower())
        if read is None:
            _unknown(one, "concept", _CONCEPT_FIELDS)
        found.append(read(one))
    return tuple(found)


def member_filters(raw: RawFilters) -> list[MemberFilter | ActiveFilter]:
    """The filters of a member block. Raises EclSyntaxError, EclNotSupported."""
    found: list[MemberFilter | ActiveFilter] = []
    for one in raw.filters:
        column = _MEMBER_COLUMNS.get(one.field.lower())
        if column is not None:
            found.append(MemberFilter(column, _concepts(one).set, _negated(one), one.at))
        elif one.field.lower() == "active":
            active = _active(one)
            if active.active is None or active.active is active.negated:
                _refuse(one, "a filter for inactive refset rows", "releases keep the active ones alone")
            found.append(active)
        else:
            _refuse(
                one,
                f"a member filter on {one.field}",
                f"releases keep {', '.join(MemberField)} and no other column",
            )
    return found


def acceptabilities(items: Sequence[Token | Reference]) -> Acceptabilities:
    """What brackets after a dialect say. Raises EclSyntaxError."""
    found = set[bool]()
    for item in items:
        key = item.id if isinstance(item, Reference) else item.lower()
        if key not in _ACCEPTABILITIES:
            at = item.at if isinstance(item, Reference) else _at(item)
            raise EclSyntaxError(at.line, at.column, f"{key!r} is no acceptability; write prefer or accept")
        found.add(_ACCEPTABILITIES[key])
    return Acceptabilities(found.pop() if len(found) == 1 else None)


def unquoted(token: str, kind: SearchKind) -> str:
    """The text between quotes. In a `wild` one, the backslashes of asterisks and backslashes stay."""
    text, found, escaped = token[1:-1], [], False
    for character in text:
        if escaped:
            found.append(character if character == '"' or kind is SearchKind.MATCH else f"\\{character}")
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            found.append(character)
    return "".join(found)


def _term(one: RawFilter) -> TermFilter:
    if not isinstance(one.value, RawTexts):
        _wrong(one, 'a text in quotes, as term = "heart att"')
    searches = []
    for word, token in one.value.texts:
        kind = SearchKind(word.lower()) if word is not None else SearchKind.MATCH
        text = unquoted(token, kind)
        if not text.strip():
            raise EclSyntaxError(*_place(token), "the search text is empty")
        searches.append(Search(text, kind))
    return TermFilter(tuple(searches), _negated(one), one.at)


def _language(one: RawFilter) -> LanguageFilter:
    languages = []
    for word in _words(one, "a language of two letters, as es").words:
        if len(word[0]) != 2 or not word[0].isalpha():
            raise EclSyntaxError(*_place(word[0]), f"{str(word[0])!r} is no language of two letters")
        languages.append(word[0].lower())
    return LanguageFilter(tuple(languages), _negated(one), one.at)


def _type(one: RawFilter) -> TypeFilter:
    return TypeFilter(tuple(_tokens(one, _TYPES)), _negated(one), one.at)


def _type_id(one: RawFilter) -> TypeIdFilter:
    return TypeIdFilter(_concepts(one).set, _negated(one), one.at)


def _dialect(one: RawFilter) -> DialectFilter:
    value = _words(one, "a dialect, as en-gb", outer=True)
    dialects = []
    for word, own in value.words:
        if word.lower() not in DIALECTS:
            raise EclNotSupported(
                *_place(word),
                f"the dialect {str(word)!r} is not supported; give its language refset with dialectId, or one of "
                f"{', '.join(DIALECTS)}",
            )
        dialects.append(Dialect(alias=word.lower(), preferred=_preferred(own, value.outer)))
    return DialectFilter(tuple(dialects), negated=_negated(one), at=one.at)


def _dialect_id(one: RawFilter) -> DialectFilter:
    value = _concepts(one, outer=True)
    if len(value.concepts) == 1 and not isinstance(value.concepts[0][0], Reference):
        preferred = value.outer.preferred if value.outer else None
        return DialectFilter((), value.concepts[0][0], preferred, _negated(one), one.at)
    dialects = [
        Dialect(refset=concept, preferred=_preferred(own, value.outer))
        for concept, own in value.concepts
        if isinstance(concept, Reference)
    ]
    return DialectFilter(tuple(dialects), negated=_negated(one), at=one.at)


def _preferred(own: Acceptabilities | None, outer: Acceptabilities | None) -> bool | None:
    said = own or outer
    return said.preferred if said else None


def _active(one: RawFilter) -> ActiveFilter:
    negated = _negated(one)
    if isinstance(one.value, bool):
        return ActiveFilter(one.value, negated, one.at)
    if not (isinstance(one.value, RawConcepts) and isinstance(one.value.set, AnyConcept)):
        _wrong(one, "true, false, 1, 0 or *")
    return ActiveFilter(None, negated, one.at)


def _status(one: RawFilter) -> StatusFilter:
    return StatusFilter(tuple(_tokens(one, _STATUSES)), _negated(one), one.at)


def _status_id(one: RawFilter) -> StatusIdFilter:
    return StatusIdFilter(_concepts(one).set, _negated(one), one.at)


def _module(one: RawFilter) -> ModuleFilter:
    return ModuleFilter(_concepts(one).set, _negated(one), one.at)


def _time(one: RawFilter) -> TimeFilter:
    wanted = 'a day in quotes, as effectiveTime > "20240131"'
    if not isinstance(one.value, RawTexts):
        _wrong(one, wanted)
    times = []
    for word, token in one.value.texts:
        text = unquoted(token, SearchKind.MATCH)
        if word is not None or not (text == "" or _is_day(text)):
            raise EclSyntaxError(*_place(token), f"expected {wanted}, and there is {token!s}")
        if text == "" and one.comparison not in (Comparison.EQUAL, Comparison.NOT_EQUAL):
            raise EclSyntaxError(*_place(token), "a blank time is only equal or not equal to another")
        times.append(text)
    return TimeFilter(one.comparison, tuple(times), one.at)


def _is_day(text: str) -> bool:
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


_DESCRIPTION_FIELDS: MappingProxyType[str, Callable[[RawFilter], DescriptionFilter]] = MappingProxyType(
    {
        "term": _term,
        "language": _language,
        "type": _type,
        "typeid": _type_id,
        "dialect": _dialect,
        "dialectid": _dialect_id,
    }
)
_CONCEPT_FIELDS: MappingProxyType[str, Callable[[RawFilter], ConceptFilter]] = MappingProxyType(
    {
        "definitionstatus": _status,
        "definitionstatusid": _status_id,
        "moduleid": _module,
        "effectivetime": _time,
        "active": _active,
    }
)
#: What the language can ask of descriptions and `graph.model.Term` does not know.
_KEPT_NO_MORE = MappingProxyType(
    {"moduleid": "module", "effectivetime": "effective time", "id": "identifier"}
)
_SPELLED = MappingProxyType(
    {
        "typeid": "typeId",
        "dialectid": "dialectId",
        "moduleid": "moduleId",
        "effectivetime": "effectiveTime",
        "definitionstatus": "definitionStatus",
        "definitionstatusid": "definitionStatusId",
    }
)


def _negated(one: RawFilter) -> bool:
    if one.comparison not in (Comparison.EQUAL, Comparison.NOT_EQUAL):
        _syntax(one, f"{one.field} is compared by = or !=, not by {one.comparison}")
    return one.comparison is Comparison.NOT_EQUAL


def _concepts(one: RawFilter, *, outer: bool = False) -> RawConcepts:
    if not isinstance(one.value, RawConcepts):
        _wrong(one, "a concept or an expression")
    _check_acceptability(one, one.value.outer, [own for _, own in one.value.concepts], outer)
    return one.value


def _words(one: RawFilter, wanted: str, *, outer: bool = False) -> RawWords:
    if not isinstance(one.value, RawWords):
        _wrong(one, wanted)
    _check_acceptability(one, one.value.outer, [own for _, own in one.value.words], outer)
    return one.value


def _check_acceptability(
    one: RawFilter, outer: Acceptabilities | None, own: Sequence[Acceptabilities | None], allowed: bool
) -> None:
    if not allowed and (outer or any(own)):
        _syntax(one, f"{one.field} takes no acceptability; dialect and dialectId do")


def _tokens(one: RawFilter, known: MappingProxyType[str, Any]) -> list[Any]:
    names = ", ".join(known)
    found = []
    for word, _ in _words(one, f"one of {names}").words:
        if word.lower() not in known:
            raise EclSyntaxError(*_place(word), f"expected one of {names}, and there is {str(word)!r}")
        found.append(known[word.lower()])
    return found


def _at(token: Token) -> Position:
    return Position(token.line or 1, token.column or 1)


def _place(token: Token) -> tuple[int, int]:
    return token.line or 1, token.column or 1


def _wrong(one: RawFilter, wanted: str) -> NoReturn:
    _syntax(one, f"{one.field} is compared with {wanted}")


def _unknown(one: RawFilter, kind: str, known: Any) -> NoReturn:
    names = ", ".join(_SPELLED.get(name, name) for name in known)
    _syntax(one, f"{one.field} is no {kind} filter; those are {names}")


def _syntax(one: RawFilter, what: str) -> NoReturn:
    raise EclSyntaxError(one.at.line, one.at.column, what)


def _refuse(one: RawFilter, what: str, why: str) -> NoReturn:
    raise EclNotSupported(one.at.line, one.at.column, f"{what} is not supported; {why}")
