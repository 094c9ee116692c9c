"""A run over files of rows that a kill does not spoil: part by part, and the table only when all are done.

Beside the output stands a folder `<output>.parts`, with `run.json`, which says what the run was begun from, and
two files a part: `units` has what codes and texts were met in it for the first time, `rows` the number of each
row's unit. A part counts when its `rows` are there, which are written last and appear at once. A run that is
started again takes the parts that are there and goes on with the next one.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
from numpy.typing import NDArray

from graph.whole_files import write_whole
from linker.errors import RunMismatch
from linker.harmonization.rows import Columns, Part, parts
from linker.harmonization.units import Units

#: Rows of a part: few enough that a kill costs seconds, and fewer where texts have to be linked.
ROWS_A_PART, ROWS_A_PART_WITH_TEXT = 100_000, 2_000

UNIT, SOURCE, ROW = "unit", "source", "row"

Numbered: TypeAlias = Callable[[Callable[[], Iterator[Part]]], Iterator[tuple[Part, NDArray[np.int32]]]]
"""From what gives the parts that are missing, any number of times, to each part with the number of each row's unit.

A part's units are added to the run's when the part is given, and not before.
"""


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that decides what a run writes. Two runs with equal ones write equal files."""

    inputs: dict[str, str]
    """The name of each source and the SHA-256 of its file, in order."""
    columns: dict[str, str | list[str]]
    variables_sha256: str
    release: str
    release_created: str
    index_created: str
    map_sha256: str
    options: dict[str, str]

    def differences(self, other: Provenance) -> list[str]:
        """The names of what differs, in words."""
        mine, theirs = asdict(self), asdict(other)
        return [name.replace("_", " ") for name in mine if mine[name] != theirs[name]]


def parts_folder(output: Path) -> Path:
    """Where the parts of a run are kept until its output is whole."""
    return output.with_name(f"{output.name}.parts")


class Run:
    """The parts of one run. Use `begun`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.units = Units()
        #: How many parts are there, and how many rows a former run had done.
        self.done = self.before = 0
        self._kept = 0

    def take_up(self) -> None:
        """Read the units of the parts that are there."""
        while self._rows_file(self.done).exists():
            with suppress(FileNotFoundError):
                self.units.read(_read(self._units_file(self.done)))
            self.before += len(_read(self._rows_file(self.done)))
            self.done += 1
        self._kept = len(self.units)

    def work(
        self,
        sources: Sequence[Path],
        columns: Columns,
        numbered: Numbered,
        told: Callable[[int], None],
    ) -> int:
        """Do the parts that are missing; answer how many rows there are in all. `told` gets the running count.

        Raises what reading rows and resolving them raise; the parts before stay.
        """
        size = ROWS_A_PART_WITH_TEXT if columns.text else ROWS_A_PART
        former = self.done
        done = self.before
        for part, numbers in numbered(lambda: islice(parts(sources, columns, size), former, None)):
            self._keep(part, numbers)
            done += len(part.table)
            told(done)
        return done

    def _keep(self, part: Part, numbers: NDArray[np.int32]) -> None:
        rows = pa.table(
            {
                SOURCE: pa.array(np.full(len(part.table), part.source, np.int32)),
                ROW: pa.array(np.arange(part.first, part.first + len(part.table), dtype=np.int64)),
                UNIT: pa.array(numbers),
                **{f"given:{name}": part.table.column(name) for name in part.table.column_names},
            }
        )
        if len(self.units) > self._kept:
            _write(self._units_file(self.done), self.units.table(self._kept))
            self._kept = len(self.units)
        else:
            self._units_file(self.done).unlink(missing_ok=True)
        _write(self._rows_file(self.done), rows)
        self.done += 1

    def rows(self) -> Iterator[tuple[pa.Table, NDArray[np.int32]]]:
        """The rows of every part, in order, and the number of each one's unit."""
        for at in range(self.done):
            table = _read(self._rows_file(at))
            yield table, table.column(UNIT).to_numpy()

    def forget(self) -> None:
        """Remove the parts, once the output is in its place."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _rows_file(self, at: int) -> Path:
        return self._folder / f"{at:06}.rows.arrow"

    def _units_file(self, at: int) -> Path:
        return self._folder / f"{at:06}.units.arrow"


@contextmanager
def begun(output: Path, provenance: Provenance, *, overwrite: bool = False) -> Iterator[Run]:
    """Begin a run, or take up one of the same provenance.

    Raises RunMismatch if the parts that are there were begun from something else (unless `overwrite`, which
    begins anew), another process works at them, or the folder cannot be written.
    """
    folder = parts_folder(output)
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("w", encoding="utf-8")
    except OSError as error:
        raise RunMismatch(f"{output} cannot be written: {error.strerror}; name another file.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunMismatch(
                f"{output} is being written by another process; wait for it or name another file."
            ) from None
        _check(output, folder, provenance, overwrite=overwrite)
        run = Run(folder)
        run.take_up()
        try:
            yield run
        finally:
            # Rows that cannot be read leave nothing, unless there is something to go on with.
            if not list(folder.glob("*.arrow")):
                shutil.rmtree(folder, ignore_errors=True)


def _check(output: Path, folder: Path, provenance: Provenance, *, overwrite: bool) -> None:
    said = folder / "run.json"
    if said.exists() and not overwrite:
        try:
            former = Provenance(**json.loads(said.read_text("utf-8")))
        except (ValueError, TypeError):
            raise RunMismatch(
                f"{said} cannot be read; name another output, or give --overwrite to begin anew."
            ) from None
        if different := former.differences(provenance):
            raise RunMismatch(
                f"{output} was begun with another {', '.join(different)}; name another file, or give --overwrite."
            )
        return
    for old in folder.glob("*.arrow*"):
        old.unlink()
    write_whole(said, (json.dumps(asdict(provenance), indent=2) + "\n").encode())


def _write(path: Path, table: pa.Table) -> None:
    made = path.with_name(f"{path.name}.tmp")
    try:
        with pa.OSFile(str(made), "wb") as file, ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        made.replace(path)
    except OSError as error:
        raise RunMismatch(f"{path} cannot be written: {error}; make room and start again.") from None


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as file:
        return ipc.open_file(file).read_all()
