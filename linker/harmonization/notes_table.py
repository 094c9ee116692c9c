"""The table of variables from notes: a row for every document and variable, as Parquet, CSV or JSON Lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet

from linker.errors import RunMismatch
from linker.harmonization.notes import Standing

#: Documents whose rows are written at once.
_DOCUMENTS = 2_000
SCHEMA = pa.schema(
    [
        ("doc", pa.string()),
        ("variable", pa.string()),
        ("status", pa.string()),
        ("detail", pa.string()),
        ("mentions", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("sentence_start", pa.int64()),
        ("sentence_end", pa.int64()),
        ("sentence", pa.string()),
        ("trigger", pa.string()),
        ("concept", pa.string()),
        ("term", pa.string()),
        ("probability", pa.float64()),
        ("path", pa.string()),
    ]
)
_WritesRows: TypeAlias = Callable[[list[dict[str, Any]]], None]
FORMATS = (".parquet", ".csv", ".jsonl")


def check_name(output: Path) -> None:
    """Raise RunMismatch unless the table can be written by that name."""
    if output.suffix.lower() not in FORMATS:
        raise RunMismatch(f"{output} is none of {', '.join(FORMATS)}; name the output by what it is to be.")
    if not output.parent.is_dir():
        raise RunMismatch(f"{output} cannot be written: there is no folder {output.parent}; make it.")


def write(
    made: Path,
    suffix: str,
    documents: Iterable[Mapping[str, Any]],
    variables: Sequence[str],
    *,
    mentioned_only: bool,
    told: Callable[[int], None],
) -> dict[str, Counter[str]]:
    """Write the table to `made`; answer the documents of each variable by status, of those that mention it.

    `documents` are objects `{"doc": …, "variables": [VariableInNote.record(), …]}`; `told` gets their running count.
    """
    counts = {variable: Counter[str]() for variable in variables}
    rest, done = iter(documents), 0
    with _writing(made, suffix) as write_rows:
        while some := list(islice(rest, _DOCUMENTS)):
            for document in some:
                for one in document["variables"]:
                    counts[one["variable"]][one["status"]] += 1
            write_rows([row for document in some for row in _rows(document, variables, mentioned_only)])
            done += len(some)
            told(done)
    return counts


def _rows(
    document: Mapping[str, Any], variables: Sequence[str], mentioned_only: bool
) -> Iterator[dict[str, Any]]:
    mentioned = {one["variable"]: one for one in document["variables"]}
    for variable in variables:
        one = mentioned.get(variable)
        if one is not None:
            yield {
                "doc": document["doc"],
                **{name: one[name] for name in ("variable", "status")},
                "detail": " ".join(one["detail"]),
                "mentions": one["mentions"],
                **one["evidence"],
            }
        elif not mentioned_only:
            yield {
                "doc": document["doc"],
                "variable": variable,
                "status": Standing.NOT_MENTIONED.value,
                "detail": "",
                "mentions": 0,
            }


@contextmanager
def _json_lines(made: Path) -> Iterator[_WritesRows]:
    with made.open("w", encoding="utf-8", newline="\n") as file:
        yield lambda rows: file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@contextmanager
def _arrow(made: Path, writer: Any) -> Iterator[_WritesRows]:
    with writer(made, SCHEMA) as file:
        yield lambda rows: file.write_table(pa.Table.from_pylist(rows, SCHEMA))


def _csv_writer(made: Path, schema: Any) -> Any:
    return arrow_csv.CSVWriter(made, schema, write_options=arrow_csv.WriteOptions(quoting_style="needed"))


def _writing(made: Path, suffix: str) -> AbstractContextManager[_WritesRows]:
    if suffix.lower() == ".jsonl":
        return _json_lines(made)
    return _arrow(made, parquet.ParquetWriter if suffix.lower() == ".parquet" else _csv_writer)
