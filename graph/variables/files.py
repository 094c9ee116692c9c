"""Files of variables: YAML, or a table, told by the file's ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from graph.errors import VariablesError
from graph.variables import table_form, yaml_form
from graph.variables.definitions import VariableSet


@dataclass(frozen=True, slots=True)
class _Form:
    parse: Callable[[str, str], VariableSet]
    render: Callable[[VariableSet], str]


_YAML = _Form(yaml_form.parse, yaml_form.render)
_TABLE = _Form(table_form.parse, table_form.render)
_FORMS = MappingProxyType({".yaml": _YAML, ".yml": _YAML, ".csv": _TABLE, ".tsv": _TABLE})


def read(path: Path) -> VariableSet:
    """The variables of a file. Raises VariablesError naming file, line and field."""
    form = _form(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VariablesError(str(path), 0, f"it cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise VariablesError(str(path), line, "this is not UTF-8; save the file as UTF-8") from None
    return form.parse(text, str(path))


def render(variables: VariableSet, path: Path) -> str:
    """The text of a file of the form that the path's ending says. Raises VariablesError for another ending."""
    return _form(path).render(variables)


def _form(path: Path) -> _Form:
    try:
        return _FORMS[path.suffix.lower()]
    except KeyError:
        raise VariablesError(
            str(path), 0, f"its ending is none of {', '.join(_FORMS)}; name the file by what it is"
        ) from None
