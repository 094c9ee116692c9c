"""Linking a file of mentions into `linked.jsonl`, so that a killed run goes on where it stopped.

Beside the output stands `<output>.progress.json`, which says what the output belongs to: the input, the
release, the index, how many candidates and the scope. A line counts as written when it is whole, and mentions are
linked in batches that are the same at every run; a run that is started again checks every line of a whole batch against
the input's mentions, cuts off what comes after, and continues.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, TextIO, TypeAlias

from api.errors import OutputMismatch
from api.linking_json import linking_json
from api.output_lock import locked
from graph import manifest
from linker.document_texts import Contexts
from linker.errors import MentionFileError
from linker.mention_texts import MAXIMUM_MENTION_LENGTH
from linker.mentions import read_spans
from linker.model import DocumentContext, Linking
from linker.pair_text import NO_CONTEXT, Context

BATCH = 128
"""Mentions linked at once: enough to fill the encoder's batches, few enough that a kill costs seconds."""
LARGEST_GROUP = 512
"""Mentions of one document that are linked together; those of a longer one are divided."""


@dataclass(frozen=True, slots=True)
class Row:
    """A mention, its document and, where that has a text, the characters of it that are the mention."""

    mention: str
    document: DocumentContext | None = None
    """None where the table names none."""
    place: tuple[int, int] | None = None

    def context(self, characters: int) -> Context:
        """So many characters of the document on each side; none where the place is not known."""
        if self.document is None or self.place is None:
            return NO_CONTEXT
        return Context.around(self.document.text, *self.place, characters)


Links: TypeAlias = Callable[[Sequence[Row]], list[Linking]]
"""Links some rows, whole documents together, in order."""


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
    document_column: str = ""
    texts_sha256: str = ""
    ecl: str = ""
    semantic_tags: str = ""
    min_probability: float | None = None

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


def checked_rows(
    path: Path,
    column: str,
    document_column: str | None = None,
    texts: Contexts | None = None,
    *,
    without_text: bool = False,
) -> Iterator[Row]:
    """The mentions of a column, without outer spaces, with their documents and places, in order.

    `texts` are those of the documents, and count the mentions that have no place there. Raises MentionFileError,
    naming the row, for an empty or over-long mention, a document without a text (unless `without_text`), and what
    `read_spans` raises.
    """
    for span in read_spans(path, column, document_column):
        row, mention, document = span.line, span.text.strip(), span.document
        if not mention:
            raise MentionFileError(
                f"Row {row} of {path} has an empty mention in its column {column}; fill it in or delete the row."
            )
        if len(mention) > MAXIMUM_MENTION_LENGTH:
            raise MentionFileError(
                f"Row {row} of {path} has a mention of {len(mention):,} characters and at most "
                f"{MAXIMUM_MENTION_LENGTH:,} are accepted; link the phrases of a document, not the document."
            )
        if texts is None:
            yield Row(mention, DocumentContext(document) if document else None)
            continue
        if document is None:
            raise MentionFileError(
                f"{path} has no column that names documents, and texts were given; name it with --document-column."
            )
        if document not in texts.texts and without_text:
            texts.misplaced.without_text += 1
            yield Row(mention, DocumentContext(document))
            continue
        if document not in texts.texts:
            raise MentionFileError(
                f"Row {row} of {path} is of the document {document!r}, which has no text; add it to the texts."
            )
        place = texts.place(mention, document, span.start, span.end)
        yield Row(mention, DocumentContext(document, texts.texts[document]), place)


def progress_file(output: Path) -> Path:
    """Where it is written what `output` belongs to."""
    return output.with_name(output.name + ".progress.json")


def link_stream(link: Links, rows: Iterator[Row], output: TextIO, told: Callable[[int], None]) -> int:
    """Link rows batch by batch and write a line each; answer how many. `told` gets the running count."""
    done = 0
    for batch in batches(rows):
        output.write(linking_lines(link(batch)))
        output.flush()
        done += len(batch)
        told(done)
    return done


def linking_lines(linkings: Sequence[Linking]) -> str:
    """Linkings as lines of `linked.jsonl`."""
    return "".join(json.dumps(linking_json(one), ensure_ascii=False) + "\n" for one in linkings)


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """At least BATCH rows at once, where there are as many, and whole groups.

    No two of one document, so that which rows are linked together does not depend on where a run began.
    """
    batch: list[Row] = []
    for group in groups(rows):
        document = group[0].document
        if document is not None and any(document == other.document for other in batch):
            yield batch
            batch = []
        batch += group
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def groups(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows that must be linked together: those of one document that follow each other, at most LARGEST_GROUP.

    A row without a document is a group of its own.
    """
    for document, own in groupby(rows, key=lambda row: row.document):
        size = LARGEST_GROUP if document is not None else 1
        while group := list(islice(own, size)):
            yield group


@contextmanager
def resumed(
    output: Path, provenance: Provenance, rows: Iterator[Row], *, overwrite: bool = False
) -> Iterator[tuple[TextIO, int, Iterator[Row]]]:
    """Open `output` for appending; yield it, how many of `rows` it holds already, and the others.

    It is cut back to whole batches, so that what a kill divided is linked again together.

    Raises OutputMismatch if the output was not begun by a run of the same provenance (unless `overwrite`, which
    begins anew), or another process is writing it.
    """
    with locked(output, "file") as file:
        if overwrite:
            file.truncate(0)
        if os.fstat(file.fileno()).st_size:
            _check_provenance(output, provenance)
        else:
            progress_file(output).write_text(json.dumps(asdict(provenance), indent=2) + "\n", "utf-8")
        done, end, rest = _whole_batches(output, file, rows)
        file.truncate(end)
        file.seek(end)
        with os.fdopen(os.dup(file.fileno()), "w", encoding="utf-8", newline="\n") as text:
            yield text, done, rest


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


def _whole_batches(output: Path, file: IO[bytes], rows: Iterator[Row]) -> tuple[int, int, Iterator[Row]]:
    """How many lines of whole batches `file` begins with, the byte after them, and the rows that it does not hold."""
    done = end = 0
    file.seek(0)
    lines = (line for line in file if line.endswith(b"\n"))
    batched = batches(rows)
    for batch in batched:
        held = list(islice(lines, len(batch)))
        for place, (row, line) in enumerate(zip(batch, held, strict=False), done + 1):
            _check_line(output, place, line, row.mention)
        if len(held) < len(batch):
            return done, end, chain(batch, chain.from_iterable(batched))
        done += len(batch)
        end += sum(map(len, held))
    if next(lines, None) is not None:
        raise _other_line(output, done + 1)
    return done, end, iter(())


def _check_line(output: Path, place: int, line: bytes, mention: str) -> None:
    start = json.dumps({"mention": mention}, ensure_ascii=False)[:-1].encode()
    if not line.startswith(start + b",") or not line.endswith(b"}\n"):
        raise _other_line(output, place)


def _other_line(output: Path, place: int) -> OutputMismatch:
    return OutputMismatch(
        f"Line {place} of {output} is not the linking of the input's mention at that place; "
        "name another file, or give --overwrite."
    )
