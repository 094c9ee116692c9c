"""From the fields of a file, as text with line numbers, to variables: the same checks for every form of file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import NoReturn

from graph.errors import VariablesError
from graph.variables.definitions import Seed, ValueType, Variable, VariableSet

#: The fields of a variable, and those of the whole set.
VARIABLE_FIELDS = ("id", "label", "ecl", "concepts", "exclude", "value_type", "units", "parent")
SET_FIELDS = ("title", "terminology", "release")
#: Those that hold several values.
LISTS = frozenset({"concepts", "exclude", "units"})

_ID = re.compile(r"\w[\w.-]{0,99}")
_SEED = re.compile(r"([^\s|]+)\s*(?:\|([^|]*)\|)?")
_TERMINOLOGY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
DEFAULT_TERMINOLOGY = "SNOMEDCT"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the file has it, without outer blanks, and its line, counted from 1."""

    text: str
    line: int


#: The values of each field; a field that is there and empty has none.
Fields = Mapping[str, Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A variable as the file has it."""

    fields: Fields
    lines: Mapping[str, int]
    """The line of each field."""
    line: int


def fail(file: str, line: int, what: str, *, name: str = "", variable: str = "") -> NoReturn:
    """Raise a VariablesError of one sentence; `name` is the field concerned."""
    raise VariablesError(file, line, what, field=name, variable=variable)


def check_known(file: str, line: int, name: str, known: Iterable[str]) -> None:
    """Raise VariablesError, naming what is close, unless a field's name is known."""
    names = list(known)
    if name in names:
        return
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"fields are {', '.join(names)}"
    fail(file, line, f"there is no field {name!r}; {hint}")


def variable_set(file: str, of_set: Fields, entries: Sequence[Entry]) -> VariableSet:
    """The set of a file's fields. Raises VariablesError naming file, line and field."""
    terminology = _single(file, of_set, "terminology")
    if terminology and not _TERMINOLOGY.fullmatch(terminology.text):
        fail(
            file,
            terminology.line,
            f"{terminology.text!r} is no prefix of ids; write it like SNOMEDCT or HP",
            name="terminology",
        )
    title, release = _single(file, of_set, "title"), _single(file, of_set, "release")
    if not entries:
        fail(file, 1, "there is no variable in it; write at least one with an id and concepts")
    prefix = terminology.text if terminology else ""
    variables = tuple(_variable(file, entry, prefix or DEFAULT_TERMINOLOGY) for entry in entries)
    _check_ids(file, variables)
    _check_parents(file, variables)
    return VariableSet(
        variables,
        title.text if title else "",
        prefix,
        release.text if release else "",
        file,
    )


def _variable(file: str, entry: Entry, prefix: str) -> Variable:
    id = _single(file, entry.fields, "id")
    if id is None:
        fail(file, entry.line, "this variable has no id; give it one", name="id")
    if not _ID.fullmatch(id.text):
        fail(
            file,
            id.line,
            f"{id.text!r} is no id; use up to 100 letters, digits, '_', '.' and '-'",
            name="id",
        )
    label, ecl = _single(file, entry.fields, "label", id.text), _single(file, entry.fields, "ecl", id.text)
    parent = _single(file, entry.fields, "parent", id.text)
    concepts = _seeds(file, entry, "concepts", prefix, id.text)
    exclude = _seeds(file, entry, "exclude", prefix, id.text)
    if ecl and concepts:
        fail(
            file,
            entry.lines["concepts"],
            "a variable has an expression or concepts, not both; join them in the expression with OR",
            name="concepts",
            variable=id.text,
        )
    if not ecl and not concepts:
        name = next((name for name in ("ecl", "concepts") if name in entry.lines), "")
        what = "this is empty" if name else "it says nothing of its concepts"
        fail(
            file,
            entry.lines.get(name, id.line),
            f"{what}; give an expression in `ecl`, or ids in `concepts`",
            name=name,
            variable=id.text,
        )
    value_type = _value_type(file, entry, id.text)
    units = tuple(value.text for value in entry.fields.get("units", ()))
    if units and value_type is not ValueType.QUANTITY:
        fail(
            file,
            entry.lines["units"],
            "only a variable with the value_type quantity has units; say so or remove them",
            name="units",
            variable=id.text,
        )
    return Variable(
        id=id.text,
        label=label.text if label else id.text,
        ecl=ecl.text if ecl else "",
        concepts=concepts,
        exclude=exclude,
        value_type=value_type,
        units=units,
        parent=parent.text if parent else "",
        line=entry.line,
        lines=MappingProxyType(dict(entry.lines)),
    )


def _single(file: str, fields: Fields, name: str, variable: str = "") -> Value | None:
    values = fields.get(name, ())
    if len(values) > 1:
        fail(
            file,
            values[1].line,
            "this field has one value; write it without a list",
            name=name,
            variable=variable,
        )
    return values[0] if values else None


def _seeds(file: str, entry: Entry, name: str, prefix: str, variable: str) -> tuple[Seed, ...]:
    seeds = dict[str, Seed]()
    for value in entry.fields.get(name, ()):
        found = _SEED.fullmatch(value.text)
        if found is None:
            fail(
                file,
                value.line,
                f"{value.text!r} is no id; write it like 73211009 |diabetes mellitus| or HP:0001658",
                name=name,
                variable=variable,
            )
        id = found[1] if ":" in found[1] else f"{prefix}:{found[1]}"
        if id in seeds:
            fail(file, value.line, f"{id} stands here twice; remove one", name=name, variable=variable)
        seeds[id] = Seed(id, (found[2] or "").strip(), value.line)
    return tuple(seeds.values())


def _value_type(file: str, entry: Entry, variable: str) -> ValueType | None:
    value = _single(file, entry.fields, "value_type", variable)
    if value is None:
        return None
    try:
        return ValueType(value.text.lower())
    except ValueError:
        fail(
            file,
            value.line,
            f"{value.text!r} is no type of values; use {', '.join(ValueType)}",
            name="value_type",
            variable=variable,
        )


def _check_ids(file: str, variables: Sequence[Variable]) -> None:
    first = dict[str, Variable]()
    for variable in variables:
        if (other := first.setdefault(variable.id, variable)) is not variable:
            fail(
                file,
                variable.line_of("id"),
                f"the id {variable.id!r} is that of the variable at line {other.line} too; choose another",
                name="id",
            )


def _check_parents(file: str, variables: Sequence[Variable]) -> None:
    by_id = {variable.id: variable for variable in variables}
    for variable in variables:
        if variable.parent and variable.parent not in by_id:
            close = get_close_matches(variable.parent, by_id, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "define it or remove this"
            fail(
                file,
                variable.line_of("parent"),
                f"there is no variable {variable.parent!r}; {hint}",
                name="parent",
                variable=variable.id,
            )
        path, above = [variable.id], variable.parent
        while above and above not in path:
            path.append(above)
            above = by_id[above].parent if above in by_id else ""
        if above == variable.id:
            fail(
                file,
                variable.line_of("parent"),
                f"the parents go round: {' → '.join([*path, above])}; remove one of them",
                name="parent",
                variable=variable.id,
            )
