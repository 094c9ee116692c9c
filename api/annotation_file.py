"""Annotating documents into `annotations.jsonl`, so that a killed run goes on where it stopped.

While it runs, the objects stand in `<output>.part`, and `<output>.part.json` says what they belong to: the input, the
release, the index, the recognisers. A line counts as written when it is whole, and documents are taken in batches that
are the same at every run; a run that is started again checks every line of a whole batch against the input's document
at its place, cuts off what comes after, and continues. When all documents are there the file gets its own name, or
another format is written from it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TextIO, TypeAlias

from api.errors import OutputMismatch
from api.output_lock import locked
from linker.annotation.annotator import DOCUMENTS_AT_ONCE
from linker.annotation.document_sources import BrokenDocument, Read
from linker.annotation.model import AnnotatedDocument, Document
from linker.annotation.records import annotated, json_line

Annotates: TypeAlias = Callable[[Sequence[Document]], Iterable[AnnotatedDocument]]
"""Annotates a batch of documents, in order."""


@dataclass(slots=True)
class Broken:
    """What was left out: `tell` gets each document that is broken, once, `count` is how many there were."""

    tell: Callable[[BrokenDocument], None]
    count: int = 0

    def without(self, read: Iterable[Read]) -> Iterator[Document]:
        """The documents that are whole."""
        for one in read:
            if isinstance(one, BrokenDocument):
                self.count += 1
                self.tell(one)
            else:
                yield one


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that decides an output's content, by name. Two runs with equal ones write equal files."""

    told: Mapping[str, str] = field(default_factory=dict)

    def differences(self, other: Mapping[str, str]) -> list[str]:
        """The names of what differs."""
        return [name for name in {**self.told, **other} if self.told.get(name) != other.get(name)]


MADE_HERE = ".enlace-annotations"
"""The file in a folder that a run made, which another may replace."""


def part_file(output: Path) -> Path:
    """Where the objects stand until all are there."""
    return output.with_name(output.name + ".part")


def provenance_file(output: Path) -> Path:
    """Where it is written what the part belongs to."""
    return output.with_name(output.name + ".part.json")


def batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    """The batches that documents are annotated in."""
    while batch := list(islice(documents, DOCUMENTS_AT_ONCE)):
        yield batch


def write_batches(
    annotate: Annotates, documents: Iterator[Document], output: TextIO, told: Callable[[int], None]
) -> int:
    """Annotate batch by batch and write a line a document; answer how many. `told` gets the running count."""
    answers = ("".join(map(json_line, annotate(batch))) for batch in batches(documents))
    return write_answers(answers, output, told)


def write_answers(answers: Iterable[str], output: TextIO, told: Callable[[int], None]) -> int:
    """Write the lines of whole batches as they come; answer how many. `told` gets the running count."""
    done = 0
    for lines in answers:
        output.write(lines)
        output.flush()
        done += lines.count("\n")
        told(done)
    return done


@contextmanager
def resumed(
    output: Path, provenance: Provenance, documents: Iterator[Document], *, overwrite: bool = False
) -> Iterator[tuple[TextIO, int]]:
    """Open the part of `output` for appending; yield it, and how many of `documents` it holds, which are taken.

    It is cut back to whole batches. Raises OutputMismatch if the output is there already (unless `overwrite`), the part
    was not begun by a run of the same provenance (unless `overwrite`, which begins anew), another process writes it, or
    it is a folder that no run made.
    """
    if output.exists() and not overwrite:
        raise OutputMismatch(f"{output} is there already; name another, or give --overwrite.")
    if output.is_dir() and not (output / MADE_HERE).is_file():
        raise OutputMismatch(
            f"{output} is a folder that no run made, and --overwrite would remove all that is in it; name another."
        )
    with locked(part_file(output), "output") as file:
        if os.fstat(file.fileno()).st_size:
            told = _told(output)
            if told is None or (different := provenance.differences(told)):
                if not overwrite:
                    begun = (
                        f"was begun with another {', '.join(different)}" if told is not None else "is there"
                    )
                    raise OutputMismatch(
                        f"{part_file(output)} {begun}; name another output, or give --overwrite."
                    )
                file.truncate(0)
        provenance_file(output).write_text(json.dumps(dict(provenance.told), indent=2) + "\n", "utf-8")
        done, end = _whole_batches(output, file, documents)
        file.truncate(end)
        file.seek(end)
        with os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", newline="\n") as text:
            yield text, done


def annotated_again(part: Path, documents: Iterator[Document]) -> Iterator[AnnotatedDocument]:
    """The annotated documents of a part, with the texts of `documents`. Raises OutputMismatch where they differ."""
    with part.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            document = next(documents, None)
            told = json.loads(line)
            if document is None or document.id != told["doc"]:
                raise _other_line(part, number)
            yield annotated(told, document.text)


def removed(path: Path) -> Path:
    """A path at which nothing is any more. Raises OutputMismatch."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputMismatch(f"{path} cannot be removed: {error.strerror}; name another output.") from None
    return path


def put_in_place(made: Path, output: Path) -> None:
    """Give what was made the output's name, whose old content goes only then; its part goes too.

    Raises OutputMismatch if it cannot be put there.
    """
    try:
        if made.is_dir():
            (made / MADE_HERE).touch()
        if output.is_dir():
            aside = output.with_name(f".{output.name}.old")
            shutil.rmtree(aside, ignore_errors=True)
            output.rename(aside)
            made.rename(output)
            shutil.rmtree(aside)
        else:
            made.replace(output)
        part_file(output).unlink(missing_ok=True)
        provenance_file(output).unlink(missing_ok=True)
    except OSError as error:
        raise OutputMismatch(f"{output} cannot be written: {error.strerror}; name another.") from None


def _told(output: Path) -> Mapping[str, str] | None:
    try:
        told = json.loads(provenance_file(output).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _whole_batches(output: Path, file: IO[bytes], documents: Iterator[Document]) -> tuple[int, int]:
    """How many lines of whole batches `file` begins with, whose documents are taken, and the byte after them."""
    file.seek(0)
    whole = sum(line.endswith(b"\n") for line in file)
    done = end = 0
    file.seek(0)
    for line in islice(file, whole - whole % DOCUMENTS_AT_ONCE):
        document = next(documents, None)
        start = json.dumps({"doc": document.id}, ensure_ascii=False)[:-1].encode() if document else b""
        if document is None or not line.startswith(start + b",") or not line.endswith(b"}\n"):
            raise _other_line(part_file(output), done + 1)
        done += 1
        end += len(line)
    return done, end


def _other_line(part: Path, number: int) -> OutputMismatch:
    return OutputMismatch(
        f"Line {number} of {part} is not of the input's document at that place; "
        "name another output, or give --overwrite."
    )
