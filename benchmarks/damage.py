"""Damages small sources of every format and loads them over an earlier release: what is told, what is served?

    python -m benchmarks.damage [--times 100] [--seed 1] [--source NAME]... [--tell OUTCOME]... [--json DIR]

Each of `--times` copies of a source has one file cut short, some bytes flipped, a column lost (of one row or of
all) or, in files that are no tables, a stretch cut out; by turns, with a seeded choice of the file and the place.
`enlace load` loads the damaged copy, whatever part of it is rejected, under the name of an earlier release. What
can come of it:

- refused: one sentence that names a file of the source, or tells that there are no concepts or that is-a goes round;
  the earlier release answers what it did, and nothing else is there;
- rejections: loaded and whole; the report names file, row and reason of all that could not be used;
- the same: loaded, with the same answers; the damage was where nothing is read;
- altered: loaded, nothing rejected, and no fewer records of any kind: a letter of a term, a digit of a date;
- fewer: loaded, nothing rejected, and fewer records of some kind: the damaged file is a sound one that says less;
- WRONG: an error that is not Enlace's or names no file, an earlier release that was lost or altered, a release that
  is not whole, a rejected row without its place.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from benchmarks.damage_sources import WRITERS, Source, write_source
from benchmarks.killed_imports import Answers, answers_of
from graph import report
from graph.errors import EnlaceError
from graph.release import ReleaseHome

RELEASE = "served"
_COUNTED = ("concepts", "terms", "is_a", "relations", "mappings", "successions", "memberships")
#: Sentences that no one file is to blame for.
_OF_ALL_FILES = ("The source holds no concepts", "The is-a relations go round")


class Outcome(StrEnum):
    """What came of loading a damaged source."""

    REFUSED = "refused"
    REJECTIONS = "rejections"
    SAME = "the same"
    ALTERED = "altered"
    FEWER = "fewer"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One damaged copy: what was done to which file, what came of it, and what was said."""

    source: str
    damage: str
    file: str
    outcome: Outcome
    said: str
    ends_a_line: bool
    """Whether the damaged file still ends with the end of a line."""


# Damage -----------------------------------------------------------------------------------------------------


def cut_short(content: bytes, separator: bytes, chance: random.Random) -> bytes:
    """The beginning of the file."""
    return content[: chance.randrange(len(content))]


def flip_bytes(content: bytes, separator: bytes, chance: random.Random) -> bytes:
    """One to three bytes are others."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        damaged[chance.randrange(len(damaged))] ^= chance.randint(1, 255)
    return bytes(damaged)


def lose_column(content: bytes, separator: bytes, chance: random.Random) -> bytes:
    """A column is missing, in all rows or in one."""
    lines = content.split(b"\n")
    column = chance.randrange(lines[0].count(separator) + 1)
    rows = range(len(lines)) if chance.random() < 0.5 else [chance.randrange(max(1, len(lines) - 1))]
    for row in rows:
        fields = lines[row].split(separator)
        if column < len(fields) and lines[row]:
            # The carriage return is the line's, not the last field's.
            end = b"\r" if lines[row].endswith(b"\r") and column == len(fields) - 1 else b""
            del fields[column]
            lines[row] = separator.join(fields) + end
    return b"\n".join(lines)


def cut_out(content: bytes, separator: bytes, chance: random.Random) -> bytes:
    """A stretch within the file is missing."""
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randint(1, 200) :]


_Damage = Callable[[bytes, bytes, random.Random], bytes]
_OF_TABLES: MappingProxyType[str, _Damage] = MappingProxyType(
    {"cut short": cut_short, "bytes flipped": flip_bytes, "column lost": lose_column}
)
_OF_OTHERS: MappingProxyType[str, _Damage] = MappingProxyType(
    {"cut short": cut_short, "bytes flipped": flip_bytes, "stretch cut out": cut_out}
)


# Loading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """How `enlace load` ended, and what it said."""

    code: int
    out: str
    err: str


class Trial:
    """A home with a release made of a sound source, into which damaged copies are loaded, one after the other."""

    def __init__(self, name: str, scratch: Path, seed: int = 1) -> None:
        """Writes and loads the source in `scratch`, which is made."""
        self._name = name
        self._source = write_source(name, scratch / "source", seed)
        self._copy = scratch / "damaged"
        self._home, self._kept = ReleaseHome(scratch / "home"), scratch / "kept"
        ran = self._load(self._source)
        if ran.code:
            raise EnlaceError(f"The source {name!r} cannot be loaded undamaged: {ran.err}")
        self._sound = self._answers()
        self._usual = Counter({reason.reason: reason.rows for reason in self._report().rejected})
        shutil.copytree(self._home.path, self._kept)

    def damaged(self, number: int, seed: int) -> Attempt:
        """Damage a copy of the source and load it; `number` and `seed` decide how."""
        chance = random.Random(f"{seed} {self._name} {number}")
        damages = _OF_TABLES if self._source.separator else _OF_OTHERS
        damage = list(damages)[number % len(damages)]
        shutil.rmtree(self._copy, ignore_errors=True)
        source = self._copied()
        files = sorted(file for file in self._copy.rglob("*") if file.is_file())
        if damage == "column lost":
            files = [file for file in files if self._source.separator in file.read_bytes()[:200]]
        victim = chance.choice(files)
        content = damages[damage](victim.read_bytes(), source.separator, chance)
        victim.write_bytes(content)
        try:
            outcome, said = self._outcome(self._load(source))
        finally:
            shutil.rmtree(self._home.path)
            shutil.copytree(self._kept, self._home.path)
        return Attempt(self._name, damage, victim.name, outcome, said, content.endswith(b"\n"))

    def _copied(self) -> Source:
        """The source's files where they may be damaged."""
        top = self._source.paths[0].parent
        copies = {}
        for path in (*self._source.paths, *self._source.translations):
            copies[path] = self._copy / path.relative_to(top)
            copies[path].parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copyfile)(path, copies[path])
        return Source(
            tuple(copies[path] for path in self._source.paths),
            self._source.separator,
            tuple(copies[path] for path in self._source.translations),
            self._source.options,
        )

    def _load(self, source: Source) -> Ran:
        """`enlace load`, in this process."""
        from api.cli import main

        options = [*source.options, *(word for path in source.translations for word in ("-t", str(path)))]
        arguments = ["load", *map(str, source.paths), *options, "-r", RELEASE, "--max-rejected", "100%"]
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            patch.object(sys, "argv", ["enlace", *arguments]),
            patch.dict(os.environ, {"ENLACE_HOME": str(self._home.path)}),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as stop:
                code = int(stop.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    def _outcome(self, ran: Ran) -> tuple[Outcome, str]:
        try:
            said = self._wrong_with(ran)
            if said:
                return Outcome.WRONG, said
            if ran.code:
                return Outcome.REFUSED, ran.err.strip()
            rejected = Counter({reason.reason: reason.rows for reason in self._report().rejected})
            found = self._answers()
        except EnlaceError as error:
            return Outcome.WRONG, f"the release cannot be read: {error}"
        if more := rejected - self._usual:
            return Outcome.REJECTIONS, "; ".join(f"{rows} × {reason}" for reason, rows in more.items())
        if found == self._sound:
            return Outcome.SAME, ""
        before, after = dict(self._sound.counts), dict(found.counts)
        fewer = [f"{before[kind] - after[kind]} {kind}" for kind in _COUNTED if after[kind] < before[kind]]
        return (Outcome.FEWER, ", ".join(fewer)) if fewer else (Outcome.ALTERED, "")

    def _wrong_with(self, ran: Ran) -> str:
        """What must not come of damaged files, of what has come; "" if nothing."""
        there = {path.name for path in self._home.releases_folder.iterdir()} - {".locks"}
        if there != {RELEASE} or self._home.current() != RELEASE:
            return f"the home holds {sorted(there)}, current {self._home.current()}"
        self._home.verify(RELEASE)
        if not ran.code:
            return self._wrong_with_rejected()
        sentence = ran.err.removeprefix("enlace: ").removesuffix("\n")
        if (
            ran.code != 1
            or ran.out
            or not is_one_sentence(sentence)
            or sentence.startswith("Something unexpected")
        ):
            return f"exit code {ran.code}, {ran.out}{ran.err}"
        if str(self._copy) not in sentence and not sentence.startswith(_OF_ALL_FILES):
            return f"no file is named: {sentence}"
        return "" if self._answers() == self._sound else "the earlier release answers otherwise"

    def _wrong_with_rejected(self) -> str:
        """Rejected rows that are not named, of a release that was loaded."""
        told = sum(reason.rows for reason in self._report().rejected)
        path = self._home.folder(RELEASE) / report.REJECTED_FILE
        rows = path.read_text("utf-8").split("\n")[1:-1] if told else []
        if len(rows) != told:
            return f"{told} rows are rejected and {len(rows)} named"
        for row in rows:
            place, reason, _ = row.split("\t")
            file, _, line = place.rpartition(":")
            if not (reason and line.isdecimal() and int(line) and Path(file.partition("!")[0]).is_file()):
                return f"a rejected row is not named: {row}"
        return ""

    def _report(self) -> report.ImportReport:
        found = report.read(self._home.folder(RELEASE))
        assert found is not None
        return found

    def _answers(self) -> Answers:
        with self._home.open(RELEASE) as opened:
            return answers_of(opened)


def is_one_sentence(text: str) -> bool:
    """Whether it is on one line and ends as sentences do."""
    return text.endswith(".") and text.isprintable()


def attempts(name: str, times: Iterable[int], seed: int, scratch: Path) -> Iterator[Attempt]:
    """Damage and load the source of that name once for each number."""
    folder = scratch / name.replace("/", " ")
    trial = Trial(name, folder)
    for number in times:
        yield trial.damaged(number, seed)
    shutil.rmtree(folder)


# Telling ----------------------------------------------------------------------------------------------------


def counted(found: Iterable[Attempt]) -> list[dict[str, str | int]]:
    """How often each outcome came of each damage to each source, a row each, and of all."""
    counts: dict[tuple[str, str], Counter[Outcome]] = {}
    for attempt in found:
        counts.setdefault((attempt.source, attempt.damage), Counter())[attempt.outcome] += 1
    counts["all", ""] = sum(counts.values(), Counter())
    return [
        {"source": source, "damage": damage, **{str(outcome): outcomes[outcome] for outcome in Outcome}}
        for (source, damage), outcomes in counts.items()
    ]


def show(rows: Iterable[dict[str, str | int]]) -> None:
    """Print the table."""
    table = Table("source", "damage", box=None)
    for outcome in Outcome:
        table.add_column(outcome, justify="right")
    for row in rows:
        table.add_row(*(str(cell or "") for cell in row.values()))
    Console(width=130).print(table)


def main() -> None:
    """Damage, load, print the table; the exit status is 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=100, help="damaged copies of each source")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", action="append", choices=list(WRITERS), help="only this one")
    parser.add_argument(
        "--tell", action="append", choices=[*Outcome], help="print what was said of each such"
    )
    parser.add_argument("--json", type=Path, help="a folder to write the table into")
    options = parser.parse_args()
    found: list[Attempt] = []
    with tempfile.TemporaryDirectory(prefix="enlace-damage-") as folder:
        for name in options.source or WRITERS:
            found += attempts(name, range(options.times), options.seed, Path(folder))
    for attempt in found:
        if attempt.outcome is Outcome.WRONG or attempt.outcome in (options.tell or ()):
            print(f"{attempt.source}, {attempt.damage}, {attempt.file}: {attempt.outcome}: {attempt.said}")
    rows = counted(found)
    show(rows)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        (options.json / "damage.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    sys.exit(any(attempt.outcome is Outcome.WRONG for attempt in found))


if __name__ == "__main__":
    main()
