"""The table form of variables, for spreadsheets: a row a variable, a column a field.

Separated by commas, semicolons or tabs, whichever the header has most of. Several values of a cell are held
apart by semicolons or line breaks. What the whole set says stands in columns of its own, in any row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from graph.variables.definitions import VariableSet
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
from graph.variables.yaml_form import seed_text

_COLUMNS = (*VARIABLE_FIELDS, *SET_FIELDS)
#: The parts of a cell; a semicolon between pipes is of a term.
_PARTS = re.compile(r"(?:\|[^|]*\||[^;\n|])+")


def parse(text: str, file: str) -> VariableSet:
    """The variables of a table; `file` is for messages. Raises VariablesError."""
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header: list[str] | None = None
    of_set, entries, line = dict[str, Sequence[Value]](), list[Entry](), 1
    try:
        for cells in reader:
            if header is None:
                header = _header(cells, file)
            elif any(cell.strip() for cell in cells):
                entries.append(_entry(header, cells, line, file, of_set))
            # The reader has counted to the row's last line, and the next one begins below.
            line = reader.line_num + 1
    except csv.Error as error:
        fail(file, line, f"the row cannot be read ({error}); correct its quotes")
    if header is None:
        fail(file, 1, f"the file is empty; write a header with columns like {', '.join(VARIABLE_FIELDS)}")
    return variable_set(file, of_set, entries)


def _header(cells: Sequence[str], file: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in names:
        check_known(file, 1, name, _COLUMNS)
    for name in names:
        if names.count(name) > 1:
            fail(file, 1, "this column stands there twice; remove one", name=name)
    if "id" not in names:
        fail(file, 1, "there is no column 'id'; every variable needs one", name="id")
    return names


def _entry(
    header: Sequence[str], cells: Sequence[str], line: int, file: str, of_set: dict[str, Sequence[Value]]
) -> Entry:
    if len(cells) != len(header):
        fail(
            file,
            line,
            f"the row has {len(cells)} cells and the header {len(header)}; put quotes around cells with separators",
        )
    fields, lines = dict[str, Sequence[Value]](), dict[str, int]()
    for name, cell in zip(header, cells, strict=True):
        parts = _PARTS.findall(cell) if name in LISTS else [cell]
        values = [Value(part.strip(), line) for part in parts if part.strip()]
        if name in SET_FIELDS:
            if values and name in of_set and of_set[name][0].text != values[0].text:
                fail(
                    file,
                    line,
                    f"another row has {of_set[name][0].text!r}; one file has one for all its variables",
                    name=name,
                )
            if values:
                of_set.setdefault(name, values)
        elif values:
            fields[name], lines[name] = values, line
    return Entry(fields, lines, line)


def render(variables: VariableSet) -> str:
    """The text of a table that reads as these variables, separated by commas."""
    said = io.StringIO()
    writer = csv.writer(said, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for variable in variables.variables:
        writer.writerow(
            (
                variable.id,
                variable.label,
                variable.ecl,
                "; ".join(map(seed_text, variable.concepts)),
                "; ".join(map(seed_text, variable.exclude)),
                variable.value_type.value if variable.value_type else "",
                "; ".join(variable.units),
                variable.parent,
                variables.title,
                variables.terminology,
                variables.release,
            )
        )
    return said.getvalue()
