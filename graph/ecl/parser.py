"""Reads the text of an expression constraint into its syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import NoReturn

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from graph.ecl.reading import Reading
from graph.ecl.syntax import Constraint, Expression
from graph.errors import EclNotSupported, EclSyntaxError

#: Characters of an expression, and brackets within brackets. What is read is walked by recursion later.
MAX_LENGTH, MAX_DEPTH = 200_000, 50

_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|\|[^|]*\||/\*.*?\*/|[(){}]', re.DOTALL)


def parse(text: str) -> Expression:
    """The syntax tree of an expression in the brief or the long syntax, or both mixed.

    Raises EclSyntaxError where it is not well-formed, EclNotSupported where it asks for what this version
    does not answer.
    """
    if len(text) > MAX_LENGTH:
        raise EclSyntaxError(
            1, 1, f"it has {len(text):,} characters and at most {MAX_LENGTH:,} are read; ask for less at once"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise EclSyntaxError(
            *_place(text, error.start), "there is half a character, which no text has; write it in Unicode"
        ) from error
    _check_nesting(text)
    try:
        tree: Expression = _parser().parse(text)  # type: ignore[assignment]  # the reading makes it
    except UnexpectedInput as error:
        _fail(text, error)
    return tree


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = files("graph.ecl").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False, transformer=Reading())


def _check_nesting(text: str) -> None:
    depth = 0
    for found in _NESTING.finditer(text):
        if found[0] in "({":
            depth += 1
            if depth > MAX_DEPTH:
                line, column = _place(text, found.start())
                raise EclSyntaxError(
                    line, column, f"more than {MAX_DEPTH} brackets are open; write it in several expressions"
                )
        elif found[0] in ")}":
            depth -= 1


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


#: How terminals are called in messages; the others are told as they are written.
_NAMES = MappingProxyType(
    {
        "ID": "a concept",
        "TERM": "a term in pipes",
        "NUMBER": "a number like #5",
        "TEXT": 'a text in quotes like "gas"',
        "WORD": "a word",
        "CARDINALITY": "a cardinality like 1..*",
        "HISTORY": "HISTORY",
        "FILTER_KIND": "C, D or M",
        "SEARCH_KIND": "match: or wild:",
        "ANY": "'*'",
        "TRUE": "true",
        "FALSE": "false",
        "REVERSE": "R",
        "AND": "AND",
        "OR": "OR",
        "MINUS": "MINUS",
        "$END": "the end",
    }
)
_BEFORE_A_CONCEPT = frozenset({"ANY", "LPAR", "CIRCUMFLEX", "MEMBER_OF", "REFSETS_CONTAINING", "REVERSE"}) | {
    constraint.name for constraint in Constraint
}
#: Terminals that are told together, where both of two are expected.
_FAMILIES = (
    (
        "ONE",
        "WORD",
        'a value like << 404684003, #5, "gas" or true',
        frozenset({"TRUE", "FALSE", "ZERO", "NUMBER", "TEXT", "SEARCH_KIND", "LESSTHAN", "ID"})
        | _BEFORE_A_CONCEPT,
    ),
    (
        "LESSTHAN",
        "ID",
        "an expression like << 404684003",
        frozenset({"SEARCH_KIND"}) | _BEFORE_A_CONCEPT,
    ),
    ("EQUAL", "EQUAL", "a comparison like =", frozenset({"NOT_EQUAL"})),
    ("TERM_FIELD", "TERM_FIELD", "a filter like term, active or moduleId", frozenset({"WORD"})),
)
_OPERATOR = re.compile(r"[<>!=]+")
_NEVER_CLOSED = MappingProxyType(
    {
        '"': "quote (or one with a lone backslash in its text)",
        "|": "pipe",
        "/*": "comment",
    }
)


def _fail(text: str, error: UnexpectedInput) -> NoReturn:
    offset = len(text)
    expected: Iterable[str] = ()
    if isinstance(error, UnexpectedToken):
        if error.token.type != "$END":
            offset = error.token.start_pos or 0
        expected = error.accepts or error.expected
        if error.token.type == "TEXT" and "#" in error.token:
            raise EclNotSupported(
                *_place(text, offset),
                "an identifier of another scheme in quotes is not supported; write it without them, as HP#0001658",
            ) from error
    elif isinstance(error, UnexpectedCharacters):
        offset, expected = error.pos_in_stream or 0, error.allowed or ()
    for opening, what in _NEVER_CLOSED.items():
        if text.startswith(opening, offset):
            raise EclSyntaxError(*_place(text, offset), f"this {what} is never closed") from error
    raise EclSyntaxError(
        *_place(text, offset), f"expected {_told(set(expected))}, and there is {_found(text[offset:])}"
    ) from error


def _found(rest: str) -> str:
    if not rest.strip():
        return "the end"
    word = re.match(r"\w[\w.:#-]*|[^\w\s]+", rest)
    shown = word[0][:40] if word else rest[:1]
    if shown.isdigit() and not 6 <= len(shown) <= 18:
        return f"{shown!r}, and an SCTID has 6 to 18 digits"
    return repr(shown)


def _told(names: set[str]) -> str:
    told = []
    for sign, needed, what, family in _FAMILIES:
        if sign in names and needed in names:
            told.append(what)
            names = {
                name
                for name in names - family - {sign, needed}
                if not (_OPERATOR.fullmatch(_written(name)) or name.endswith("_FIELD"))
            }
    told += sorted({_NAMES.get(name) or f"'{_written(name)}'" for name in names})
    if not told:
        return "something else"
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"


def _written(name: str) -> str:
    """How a terminal of fixed text is written; the name of any other."""
    if name in _NAMES:
        return name
    pattern = _parser().get_terminal(name).pattern
    return str(pattern.value) if pattern.type == "str" else name
