"""Tables about variables: for a screen, as CSV, or as JSON, always of the same rows."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TypeAlias

from api.terminal import out

Cell: TypeAlias = str | int | float | bool | Sequence[str] | None


class Form(Enum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"

    @classmethod
    def asked(cls, as_json: bool, as_csv: bool) -> Form:
        """The form that a command's options ask for."""
        if as_json and as_csv:
            import typer

            raise typer.BadParameter("give --json or --csv, one of the two", param_hint="--csv")
        return cls.JSON if as_json else cls.CSV if as_csv else cls.TABLE


def show(
    form: Form,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    name: str,
    about: dict[str, Cell],
    title: str = "",
    nothing: str = "",
) -> None:
    """Print rows. JSON is an object of `about` and, under `name`, an object a row, each on a line.

    `nothing` is said in place of an empty table on the screen.
    """
    if form is Form.JSON:
        _print_json(columns, rows, name, about)
    elif form is Form.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_csv_cell(cell) for cell in row] for row in rows)
    else:
        _print_table(columns, list(rows), title, nothing)


def _print_json(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], name: str, about: dict[str, Cell]
) -> None:
    head = json.dumps(about, ensure_ascii=False)[1:-1]
    print(f"{{{head}{', ' if head else ''}{json.dumps(name)}: [", end="")
    separator = "\n"
    for row in rows:
        print(separator + json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False), end="")
        separator = ",\n"
    print("\n]}")


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str, nothing: str) -> None:
    from rich.table import Table

    if not rows and nothing:
        out().print(nothing, soft_wrap=True)
        return
    table = Table(title=title or None, title_justify="left")
    for place, column in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[place], int | float | None) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*map(_shown, row))
    out().print(table)


def _shown(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else ""
    if isinstance(cell, int):
        return f"{cell:,}"
    return _csv_cell(cell)


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(cell) if isinstance(cell, str | int | float) else " ".join(cell)
