"""The changes between two releases, written as they come: JSON, CSV, or a summary for a person."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from api.errors import OutputMismatch
from api.files_beside import beside
from api.terminal import out

if TYPE_CHECKING:
    from graph.difference import Change

#: The columns of the CSV. `before` and `after` hold several values apart by spaces where they are ids.
COLUMNS = ("change", "concept", "name", "aspect", "before", "after")


class Output(Protocol):
    """Takes changes one after another, then the counts."""

    def take(self, change: Change) -> None:
        """One change, in order."""
        ...

    def end(self, counts: Counter[tuple[str, str]]) -> None:
        """After the last one: how many changes there were by kind and aspect."""
        ...


class JsonOutput:
    """One JSON object on stdout: `before`, `after`, `changes` (a line each) and `counts`."""

    def __init__(self, before: str, after: str) -> None:
        print(f'{{"before": {json.dumps(before)}, "after": {json.dumps(after)}, "changes": [', end="")
        self._separator = "\n"

    def take(self, change: Change) -> None:
        """Print it."""
        said = {
            "change": change.kind.value,
            "concept": change.concept,
            "name": change.name,
            "aspect": change.aspect,
            "before": change.before,
            "after": change.after,
        }
        print(self._separator + json.dumps(said, ensure_ascii=False), end="")
        self._separator = ",\n"

    def end(self, counts: Counter[tuple[str, str]]) -> None:
        """Print the counts by kind and close the object."""
        print(f'\n], "counts": {json.dumps(_by_kind(counts))}}}')


class CsvOutput:
    """A table with a header, commas and, where a field needs them, quotes."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def take(self, change: Change) -> None:
        """Write a row."""
        values = (" ".join(change.before), " ".join(change.after))
        self._writer.writerow((change.kind.value, change.concept, change.name, change.aspect, *values))

    def end(self, counts: Counter[tuple[str, str]]) -> None:
        """Nothing follows the last row."""


class Summary:
    """Counts by kind and aspect with some examples, on the screen."""

    def __init__(self, before: str, after: str, examples: int) -> None:
        self._title = f"From {before} to {after}"
        self._most = examples
        self._examples: dict[tuple[str, str], list[Change]] = {}

    def take(self, change: Change) -> None:
        """Keep it if it is among the first of its kind and aspect."""
        kept = self._examples.setdefault((change.kind.value, change.aspect), [])
        if len(kept) < self._most:
            kept.append(change)

    def end(self, counts: Counter[tuple[str, str]]) -> None:
        """Print the tables."""
        from rich.table import Table

        console = out()
        if not counts:
            console.print(f"{self._title} nothing changed.", soft_wrap=True)
            return
        table = Table("change", "aspect", "concepts", title=self._title, title_justify="left")
        for kind, aspect in self._ordered(counts):
            table.add_row(kind, aspect, f"{counts[kind, aspect]:,}")
        console.print(table)
        if not self._most:
            return
        table = Table("change", "concept", "name", "before", "after", title="Examples", title_justify="left")
        for key in self._ordered(counts):
            for one in self._examples[key]:
                table.add_row(
                    f"{key[0]}, {key[1]}", one.concept, one.name, " ".join(one.before), " ".join(one.after)
                )
        console.print(table)

    def _ordered(self, counts: Counter[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        from graph.difference import ChangeKind

        order = [kind.value for kind in ChangeKind]
        return sorted(counts, key=lambda key: (order.index(key[0]), key[1]))


@contextmanager
def csv_file(path: Path) -> Iterator[TextIO]:
    """A file that stands at `path` when all of it is written; `-` is stdout.

    Raises OutputMismatch where it cannot be written.
    """
    if str(path) == "-":
        yield sys.stdout
        return
    try:
        with beside(path) as made, made.open("w", encoding="utf-8", newline="") as file:
            yield file
    except BrokenPipeError:  # of stdout: whoever read the JSON beside it went away
        raise
    except OSError as error:
        raise OutputMismatch(f"{path} cannot be written: {error.strerror}; name another file.") from error


def _by_kind(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    from graph.difference import ChangeKind

    totals = Counter[str]()
    for (kind, _), number in counts.items():
        totals[kind] += number
    return {kind.value: totals[kind.value] for kind in ChangeKind}
