"""The concept map of a run: what each code and text was taken for, to be reviewed and applied again.

A row whose `concepts` are not those `proposed`, or with anything in `reviewed`, decides when it is applied:
its concepts are taken, and none declines.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from graph.model import CURIE
from linker.errors import RowsError
from linker.harmonization.model import Key, Kind
from linker.harmonization.units import Units

COLUMNS = (
    "kind",
    "system",
    "value",
    "rows",
    "concepts",
    "reviewed",
    "proposed",
    "name",
    "status",
    "variables",
    "route",
    "via",
    "score",
    "path",
    "reason",
    "detail",
)  # fmt: skip


def table(units: Units, rows: NDArray[np.int64], names: Mapping[CURIE, str]) -> pa.Table:
    """The map of a run, a row a unit, those of most rows first; `rows` has the rows of each, `names` of concepts."""
    of_units = units.table()
    concepts = of_units.column("concepts")
    columns = {
        "kind": of_units.column("kind"),
        "system": of_units.column("unit_system"),
        "value": of_units.column("unit_value"),
        "rows": pa.array(rows),
        "concepts": concepts,
        "reviewed": pa.array([""] * len(units), pa.string()),
        "proposed": concepts,
        "name": pa.array(
            ["; ".join(names.get(id, id) for id in unit.concepts) for unit in units], pa.string()
        ),
        **{name: of_units.column(name) for name in COLUMNS[8:]},
    }
    keyed = pa.table(columns)
    return keyed.sort_by(
        [("rows", "descending"), ("kind", "ascending"), ("system", "ascending"), ("value", "ascending")]
    )


def write(path: Path, made: pa.Table) -> None:
    """Write a map as CSV."""
    arrow_csv.write_csv(made, path, arrow_csv.WriteOptions(quoting_style="needed"))


def read(path: Path, known: Callable[[Sequence[CURIE]], Sequence[bool]]) -> dict[Key, tuple[CURIE, ...]]:
    """What a reviewed map decides: the concepts of each key.

    `known` tells which ids are concepts of the release. Raises RowsError naming file, line and column.
    """
    decided, lines = dict[Key, tuple[CURIE, ...]](), dict[Key, int]()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            separator = max(",;\t", key=first.count)
            file.seek(0)
            reader = csv.DictReader(file, delimiter=separator, strict=True)
            for column in ("kind", "system", "value", "concepts", "reviewed", "proposed"):
                if column not in (reader.fieldnames or ()):
                    raise RowsError(f"{path} has no column {column!r}; take the map that a run wrote.")
            line = 2
            for row in reader:
                here, line = line, reader.line_num + 1
                if None in row.values() or None in row:
                    raise RowsError(f"{path}:{here} has not as many fields as the header; complete the row.")
                if row["kind"] not in tuple(Kind):
                    raise RowsError(f"{path}:{here} has the kind {row['kind']!r}; kinds are code and text.")
                if row["reviewed"].strip() or row["concepts"].split() != row["proposed"].split():
                    key = Key(Kind(row["kind"]), row["system"], row["value"])
                    decided[key], lines[key] = tuple(row["concepts"].split()), here
    except UnicodeDecodeError:
        raise RowsError(f"{path} is not UTF-8; save the file as UTF-8.") from None
    except csv.Error as error:
        raise RowsError(f"{path} cannot be read ({error}); correct its quotes.") from None
    except OSError as error:
        raise RowsError(f"{path} cannot be read: {error.strerror or error}.") from None
    _check(path, decided, lines, known)
    return decided


def _check(
    path: Path,
    decided: Mapping[Key, tuple[CURIE, ...]],
    lines: Mapping[Key, int],
    known: Callable[[Sequence[CURIE]], Sequence[bool]],
) -> None:
    asked = [(key, id) for key, concepts in decided.items() for id in concepts]
    for (key, id), there in zip(asked, known([id for _, id in asked]), strict=True):
        if not there:
            raise RowsError(
                f"{path}:{lines[key]}, column 'concepts': the release has no concept {id!r}; correct the id."
            )
