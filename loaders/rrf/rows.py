"""The rows of an RRF file as columns, some hundred thousand at a time, each with its line.

RRF has no header and no quoting, and a `|` at the end of each row. Blocks of whole lines go to Arrow's reader,
which takes a quotation mark for a character like any other; a block in which a line does not have the file's
number of columns, or a text is not UTF-8, is read again line by line, so that the bad ones can be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from loaders.errors import SourceEmpty
from loaders.files import SourceFile, open_bytes
from loaders.rejections import Rejections
from loaders.rrf.identifiers import AUI, CUI, TUI, Identifiers
from loaders.rrf.release import TableFile

_BLOCK_BYTES = 16 << 20

_FEWER = "the row has fewer columns than its file"
_MORE = "the row has more columns than its file"
_NOT_UTF8 = "the row is not UTF-8"


class Kind(Enum):
    """How a column is read: an identifier as its number, text as it is, words that recur as codes."""

    CUI = CUI
    AUI = AUI
    TUI = TUI
    MAYBE_AUI = "an AUI, or nothing: 0"
    TEXT = "text"
    WORD = "one of few words"


class Words:
    """Words that recur, each with a code: 0, 1, 2 … in the order of first appearance."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self.texts: list[str] = []

    def code(self, word: str) -> int:
        """The code of a word, a new one if need be."""
        code = self._codes.setdefault(word, len(self.texts))
        if code == len(self.texts):
            self.texts.append(word)
        return code

    def codes(self, column: pa.DictionaryArray) -> NDArray[np.int64]:
        """The code of each word of a column of text."""
        found = [self.code(word) for word in column.dictionary.to_pylist()]
        codes: NDArray[np.int64] = np.array(found, np.int64)[column.indices.to_numpy(zero_copy_only=False)]
        return codes

    def among(self, wanted: set[str] | frozenset[str]) -> NDArray[np.bool_]:
        """For each code so far, whether its word is wanted."""
        return np.array([text in wanted for text in self.texts], np.bool_)

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a file that are whole: `file` and `lines` tell where they stand.

    `columns` are by name: uint32 numbers of identifiers, int64 codes of words, or text as an Arrow array.
    """

    file: str
    lines: NDArray[np.int64]
    columns: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, column: str) -> Any:
        return self.columns[column]

    def keep(self, which: NDArray[np.bool_]) -> Rows:
        """Those rows of which `which` is true."""
        if which.all():
            return self
        mask = pa.array(which)
        kept = {
            name: column.filter(mask) if isinstance(column, pa.Array) else column[which]
            for name, column in self.columns.items()
        }
        return Rows(self.file, self.lines[which], kept)

    def rejecting(
        self,
        bad: NDArray[np.bool_],
        reason: str,
        column: str,
        rejections: Rejections,
        identifiers: Identifiers | None = None,
    ) -> Rows:
        """The rows that are not `bad`; the others are rejected, told by their value in `column`.

        `identifiers` writes the values of a column that was read as numbers.
        """
        if not bad.any():
            return self
        values = self[column].filter(pa.array(bad)) if identifiers is None else self[column][bad]
        texts = (values if identifiers is None else identifiers.texts(values)).to_pylist()
        for line, text in zip(self.lines[bad].tolist(), texts, strict=True):
            rejections.add(self.file, line, reason, text)
        return self.keep(~bad)


def read_rows(
    table: TableFile, wanted: Mapping[str, Kind], words: Words, rejections: Rejections
) -> Iterator[Rows]:
    """All rows of a file that are whole; the others are rejected. Words of all columns share `words`.

    Raises SourceDamaged where the compressed data break off, or where the file has other numbers of rows
    and bytes, once all is read, than MRFILES.RRF tells.
    """
    rows = size = 0
    try:
        for block in _blocks(table.parts):
            yield from _read(block, table, wanted, words, rejections)
            rows += block.count
            size += len(block.content)
    except SourceEmpty:
        if rows or not table.may_be_empty:
            raise
    table.check(rows, size)


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole lines of a part, from line `first` on."""

    part: SourceFile
    first: int
    content: bytes

    @property
    def count(self) -> int:
        """How many lines there are, one without an end among them."""
        return self.content.count(b"\n") + (not self.content.endswith(b"\n"))


def _blocks(parts: tuple[SourceFile, ...]) -> Iterator[_Block]:
    """The lines of all parts; a line may begin in one part and end in the next, and belongs to the first."""
    rest, begun = b"", (parts[0], 1)
    for part in parts:
        line = 1
        with open_bytes(part) as content:
            while chunk := content.read(_BLOCK_BYTES):
                if rest and begun[0] is not part:
                    ending, found, chunk = chunk.partition(b"\n")
                    rest += ending + found
                    if not found:
                        continue
                    yield _Block(*begun, rest)
                    # The end of that line was the first line of this part.
                    rest, line = b"", 2
                begun = (part, line)
                cut = chunk.rfind(b"\n") + 1
                if cut:
                    block = _Block(part, line, rest + chunk[:cut])
                    yield block
                    rest, line = b"", line + block.count
                    begun = (part, line)
                rest += chunk[cut:]
    if rest:
        yield _Block(*begun, rest)


def _read(
    block: _Block, table: TableFile, wanted: Mapping[str, Kind], words: Words, rejections: Rejections
) -> Iterator[Rows]:
    lines = np.arange(block.first, block.first + block.count)
    columns = _fast(block, table, wanted)
    if columns is None:
        lines, columns = _by_line(block, table, wanted, rejections)
    rows = Rows(block.part.name, lines, columns)
    for name, kind in wanted.items():
        rows = _numbered(rows, name, kind, words, rejections)
    if len(rows):
        yield rows


def _numbered(rows: Rows, name: str, kind: Kind, words: Words, rejections: Rejections) -> Rows:
    """The rows with one column as its numbers or codes, without those whose identifier is none."""
    text = rows[name]
    if kind is Kind.TEXT:
        return rows
    if kind is Kind.WORD:
        return Rows(rows.file, rows.lines, {**rows.columns, name: words.codes(text)})
    identifiers = AUI if kind is Kind.MAYBE_AUI else kind.value
    numbers, valid = identifiers.numbers(text)
    if kind is Kind.MAYBE_AUI:
        valid |= pa.compute.equal(pa.compute.binary_length(text), 0).to_numpy(zero_copy_only=False)
    whole = rows.rejecting(~valid, f"the column {name} holds no {identifiers.name}", name, rejections)
    return Rows(whole.file, whole.lines, {**whole.columns, name: numbers[valid]})


def _fast(block: _Block, table: TableFile, wanted: Mapping[str, Kind]) -> dict[str, pa.Array] | None:
    """The columns of a block all of whose lines are whole and UTF-8; None for another."""
    types = {
        name: pa.dictionary(pa.int32(), pa.binary()) if kind is Kind.WORD else pa.binary()
        for name, kind in wanted.items()
    }
    try:
        read = pa.csv.read_csv(
            pa.BufferReader(block.content),
            # The `|` at the end of each row makes one more column, which is empty.
            pa.csv.ReadOptions(column_names=[*table.columns, ""], block_size=4 << 20),
            pa.csv.ParseOptions(
                delimiter="|", quote_char=False, escape_char=False, ignore_empty_lines=False
            ),
            pa.csv.ConvertOptions(
                column_types=types, include_columns=list(types), check_utf8=False, strings_can_be_null=False
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        return None
    # A carriage return within a line splits it for Arrow's reader, not for ours.
    if read.num_rows != block.count:
        return None
    try:
        return {name: _text(read[name].combine_chunks()) for name in wanted}
    except pa.ArrowInvalid:
        return None


def _text(column: pa.Array) -> pa.Array:
    """The same column as text. Raises ArrowInvalid where it is not UTF-8."""
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(pa.string()))
    return column.cast(pa.string())


def _by_line(
    block: _Block, table: TableFile, wanted: Mapping[str, Kind], rejections: Rejections
) -> tuple[NDArray[np.int64], dict[str, pa.Array]]:
    """The lines of a block that are whole, and their columns; the others are rejected."""
    places = [table.columns.index(name) for name in wanted]
    width = len(table.columns)
    lines, fields = [], []
    content = block.content.removesuffix(b"\n")
    for line, row in enumerate(content.split(b"\n"), start=block.first):
        found = row.removesuffix(b"\r").split(b"|")
        reason = ""
        if len(found) != width + 1:
            reason = _FEWER if len(found) <= width else _MORE
        try:
            kept = [found[place].decode() for place in places] if not reason else []
        except UnicodeDecodeError:
            reason = _NOT_UTF8
        if reason:
            rejections.add(block.part.name, line, reason, row.decode(errors="replace"))
        else:
            lines.append(line)
            fields.append(kept)
    columns = {}
    for at, (name, kind) in enumerate(wanted.items()):
        column = pa.array([row[at] for row in fields], pa.string())
        columns[name] = column.dictionary_encode() if kind is Kind.WORD else column
    return np.array(lines, np.int64), columns
