"""Linking a file of mentions into `linked.jsonl`, so that a killed run goes on where it stopped.

Beside the output stands `<output>.progress.json`, which says what the output belongs to: the input, the
release, the index and how many candidates. A line counts as written when it is whole; a run that is started
again checks every whole line against the input's mentions, cuts off a line that breaks off, and continues.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Protocol, TextIO

from api.errors import OutputMismatch
from api.linking_json import linking_json
from graph import manifest
from linker.errors import MentionFileError
from linker.mentions import read_column
from linker.model import Linking
from linker.pipeline import MAXIMUM_MENTION_LENGTH

BATCH = 128
"""Mentions linked at once: enough to fill the encoder's batches, few enough that a kill costs seconds."""


class Links(Protocol):
    """What is needed of a `linker.pipeline.Linker`."""

    def link(self, mentions: Sequence[str], *, top_k: int) -> list[Linking]:
        """The linking of each mention, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that decides an output's content. Two runs with equal ones write equal files."""

    input_sha256: str
    column: str
    release: str
    release_created: str
    index_created: str
    encoder_sha256: str
    cross_encoder: str
    top: int

    def differences(self, other: Provenance) -> list[str]:
        """The names of what differs, in words."""
        mine, theirs = asdict(self), asdict(other)
        return [name.replace("_", " ") for name in mine if mine[name] != theirs[name]]


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, in hex. Raises MentionFileError if it cannot be read."""
    try:
        return manifest.sha256_of(path)
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None


def checked_mentions(path: Path, column: str) -> Iterator[str]:
    """The mentions of a column, in order, without outer spaces.

    Raises MentionFileError, naming the row, for an empty or over-long one and what `read_column` raises.
    """
    for row, value in read_column(path, column):
        mention = value.strip()
        if not mention:
            raise MentionFileError(
                f"Row {row} of {path} has an empty mention in its column {column}; fill it in or delete the row."
            )
        if len(mention) > MAXIMUM_MENTION_LENGTH:
            raise MentionFileError(
                f"Row {row} of {path} has a mention of {len(mention):,} characters and at most "
                f"{MAXIMUM_MENTION_LENGTH:,} are accepted; link the phrases of a document, not the document."
            )
        yield mention


def progress_file(output: Path) -> Path:
    """Where it is written what `output` belongs to."""
    return output.with_name(output.name + ".progress.json")


def link_stream(
    linker: Links, mentions: Iterator[str], output: TextIO, top_k: int, told: Callable[[int], None]
) -> int:
    """Link mentions batch by batch and write a line each; answer how many. `told` gets the running count."""
    done = 0
    while batch := list(islice(mentions, BATCH)):
        lines = (json.dumps(linking_json(one), ensure_ascii=False) for one in linker.link(batch, top_k=top_k))
        output.write("".join(line + "\n" for line in lines))
        output.flush()
        done += len(batch)
        told(done)
    return done


@contextmanager
def resumed(
    output: Path, provenance: Provenance, mentions: Iterator[str], *, overwrite: bool = False
) -> Iterator[tuple[TextIO, int]]:
    """Open `output` for appending; yield it and how many of `mentions`, which are consumed, it holds already.

    Raises OutputMismatch if the output was not begun by a run of the same provenance (unless `overwrite`, which
    begins anew), or another process is writing it.
    """
    with _locked(output) as file:
        if overwrite:
            file.truncate(0)
        if os.fstat(file.fileno()).st_size:
            _check_provenance(output, provenance)
        else:
            progress_file(output).write_text(json.dumps(asdict(provenance), indent=2) + "\n", "utf-8")
        done, end = _whole_lines(output, file, mentions)
        file.truncate(end)
        file.seek(end)
        with os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", newline="\n") as text:
            yield text, done


@contextmanager
def _locked(output: Path) -> Iterator[IO[bytes]]:
    try:
        file = os.fdopen(os.open(output, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    except OSError as error:
        raise OutputMismatch(f"{output} cannot be written: {error.strerror}; name another file.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputMismatch(
                f"{output} is being written by another process; wait for it or name another file."
            ) from None
        yield file


def _check_provenance(output: Path, provenance: Provenance) -> None:
    try:
        begun = Provenance(**json.loads(progress_file(output).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        raise OutputMismatch(
            f"{output} is there, and no {progress_file(output).name} says what it was made from; "
            "name another file, or give --overwrite."
        ) from None
    if different := begun.differences(provenance):
        raise OutputMismatch(
            f"{output} was begun with another {', '.join(different)}; name another file, or give --overwrite."
        )


def _whole_lines(output: Path, file: IO[bytes], mentions: Iterator[str]) -> tuple[int, int]:
    """How many whole lines `file` begins with, and the byte after them; consumes as many mentions."""
    done = end = 0
    file.seek(0)
    for line in file:
        if not line.endswith(b"\n"):
            break
        mention = next(mentions, None)
        start = json.dumps({"mention": mention}, ensure_ascii=False)[:-1].encode()
        if mention is None or not line.startswith(start + b",") or not line.endswith(b"}\n"):
            raise OutputMismatch(
                f"Line {done + 1} of {output} is not the linking of the input's mention at that place; "
                "name another file, or give --overwrite."
            )
        done += 1
        end += len(line)
    return done, end
