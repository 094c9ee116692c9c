"""The YAML form of variables. Scalars are read as text, so that no id is taken for a number or a date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from graph.variables.definitions import Seed, Variable, VariableSet
from graph.variables.fields import (
    LISTS,
    SET_FIELDS,
    VARIABLE_FIELDS,
    Entry,
    Value,
    check_known,
    fail,
    variable_set,
)

_VARIABLES = "variables"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def parse(text: str, file: str) -> VariableSet:
    """The variables of a YAML text; `file` is for messages. Raises VariablesError."""
    root = _composed(text, file)
    if root is None:
        fail(file, 1, "the file is empty; write `variables:` and a list of them")
    if isinstance(root, SequenceNode):
        return variable_set(file, {}, [_entry(node, file) for node in root.value])
    if not isinstance(root, MappingNode):
        fail(file, _line(root), "the file is no set of variables; write `variables:` and a list of them")
    of_set = dict[str, Sequence[Value]]()
    entries = None
    for name, node in _pairs(root, file, (*SET_FIELDS, _VARIABLES)):
        if name == _VARIABLES:
            if not isinstance(node, SequenceNode):
                fail(file, _line(node), "this is no list; begin each variable with `- id:`", name=name)
            entries = [_entry(one, file) for one in node.value]
        else:
            of_set[name] = _values(node, file, name)
    if entries is None:
        fail(file, 1, "there is no `variables:` in it; write it and a list of variables")
    return variable_set(file, of_set, entries)


def _composed(text: str, file: str) -> Node | None:
    try:
        return yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = "correct the line"
        if "mapping values" in str(error.problem) or "indicators" in str(error.problem):
            hint = "write an expression on its own lines below `ecl: |`"
        fail(file, line, f"this is no YAML ({error.problem}); {hint}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        fail(
            file, line, f"there is a character that YAML does not allow (U+{error.character:04X}); remove it"
        )
    except RecursionError:
        fail(file, 1, "it is nested too deeply to be a set of variables")


def _pairs(node: MappingNode, file: str, known: Sequence[str]) -> list[tuple[str, Node]]:
    found = dict[str, Node]()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            fail(file, _line(key), f"this is no name of a field; fields are {', '.join(known)}")
        check_known(file, _line(key), key.value, known)
        if key.value in found:
            fail(file, _line(key), "this field stands here twice; remove one", name=key.value)
        found[key.value] = value
    return list(found.items())


def _entry(node: Node, file: str) -> Entry:
    if not isinstance(node, MappingNode):
        fail(file, _line(node), "this is no variable; write its fields below `- id:`")
    fields, lines = dict[str, Sequence[Value]](), dict[str, int]()
    for name, value in _pairs(node, file, VARIABLE_FIELDS):
        fields[name] = _values(value, file, name)
        lines[name] = _line(value)
    return Entry(fields, lines, _line(node))


def _values(node: Node, file: str, name: str) -> list[Value]:
    if isinstance(node, ScalarNode):
        nodes = [node]
    elif isinstance(node, SequenceNode) and name in LISTS:
        nodes = node.value
    else:
        what = "ids or texts" if name in LISTS else "one text"
        fail(file, _line(node), f"this field takes {what}; write it so", name=name)
    values = []
    for one in nodes:
        if not isinstance(one, ScalarNode):
            fail(file, _line(one), "this is no text; write one in each line of the list", name=name)
        text = one.value.strip()
        if not text or (one.style is None and text in _NULLS):
            if node is one:
                return []
            fail(file, _line(one), "this line of the list is empty; fill it in or remove it", name=name)
        values.append(Value(text, _line(one)))
    return values


def _line(node: Node) -> int:
    # The mark of a block text is at its sign, `|`, and the text begins a line below.
    below = isinstance(node, ScalarNode) and node.style in ("|", ">")
    return int(node.start_mark.line) + (2 if below else 1)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines, and expressions that would not read well in a line, as blocks."""


class _Block(str):
    """Written below its field's name."""

    __slots__ = ()


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, "|")
)


def render(variables: VariableSet) -> str:
    """The text of a file that reads as these variables."""
    said: dict[str, Any] = {
        name: value
        for name, value in (
            ("title", variables.title),
            ("terminology", variables.terminology),
            ("release", variables.release),
        )
        if value
    }
    said[_VARIABLES] = [_said(variable) for variable in variables.variables]
    return yaml.dump(said, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


def _said(variable: Variable) -> dict[str, Any]:
    ecl = variable.ecl.strip()
    said: dict[str, Any] = {"id": variable.id, "label": variable.label}
    if variable.parent:
        said["parent"] = variable.parent
    if ecl:
        said["ecl"] = _Block(ecl + "\n") if ecl[:1] in "*>|{[&!#%@`\"'" or ":" in ecl or "\n" in ecl else ecl
    for name, seeds in (("concepts", variable.concepts), ("exclude", variable.exclude)):
        if seeds:
            said[name] = [seed_text(seed) for seed in seeds]
    if variable.value_type:
        said["value_type"] = variable.value_type.value
    if variable.units:
        said["units"] = list(variable.units)
    return said


def seed_text(seed: Seed) -> str:
    """A seed as files write it: its id, and its term in pipes."""
    return f"{seed.id} |{seed.term}|" if seed.term else seed.id
