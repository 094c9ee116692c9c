"""Tab-separated tables without quoting as columns, a block of rows at a time, each row with its line.

Means the same as `loaders.tables.read_rows`, twenty times as fast: Arrow's reader takes blocks of whole lines.
Rows that have not as many fields as the first line of their block are put right one by one, and a block that
Arrow splits differently (a carriage return inside a row, a blank line) is read line by line.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from loaders.errors import SourceDamaged, SourceEmpty
from loaders.files import SourceFile, open_bytes
from loaders.tables import Layout, plain_records

#: Bytes of a file that are read at once.
BLOCK_BYTES = 4 << 20

_BOM = b"\xef\xbb\xbf"
_TEXT = pa.string()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a table: the line of each (the header's is 1 at least), and its columns, all of text."""

    file: SourceFile
    lines: NDArray[np.int64]
    names: tuple[str, ...]
    columns: tuple[pa.StringArray, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, name: str) -> pa.StringArray:
        return self.columns[self.names.index(name)]

    def filter(self, keep: NDArray[np.bool_]) -> Block:
        """The rows where `keep` is true; shape (len(self),)."""
        if keep.all():
            return self
        mask = pa.array(keep)
        columns = tuple(column.filter(mask) for column in self.columns)
        return Block(self.file, self.lines[keep], self.names, columns)


def read_columns(
    file: SourceFile, columns: Sequence[str], optional: Sequence[str] = (), required: Sequence[str] = ()
) -> Generator[Block, None, None]:
    """The rows of a table, in order, with the columns `columns` and then `optional`.

    `required` are columns that must be there besides, whose fields a row may not lack.

    The rules are those of `read_rows`: an optional column that is not there reads as "", blank lines are
    passed over, blank fields after the last column are tolerated, and so is the absence of trailing fields
    that nobody requires. A block is read ahead in another thread.

    Raises SourceEmpty, ColumnMissing, RowMalformed for a row with too few or too many fields, SourceDamaged
    with the row where the bytes are not UTF-8, and what `open_bytes` raises.
    """
    yield from _one_ahead(lambda: _blocks(file, columns, optional, required))


def is_ended(file: SourceFile) -> bool:
    """Whether the file's last line has its end. A packed file has: a checksum tells whether it was cut off."""
    if file.member:
        return True
    with open_bytes(file) as content:
        if not isinstance(content, io.BufferedReader):
            return True
        content.seek(-1, io.SEEK_END)
        return content.read(1) == b"\n"


def _one_ahead(start: Callable[[], Generator[T, None, None]]) -> Generator[T, None, None]:
    """What a generator gives; its next item is made in another thread while one is used."""
    made, end = start(), object()
    with ThreadPoolExecutor(1, thread_name_prefix="enlace-read") as thread:
        try:
            waiting = thread.submit(next, made, end)
            while (item := waiting.result()) is not end:
                waiting = thread.submit(next, made, end)
                yield item  # type: ignore[misc]
        finally:
            thread.submit(made.close).result()


def _blocks(
    file: SourceFile, columns: Sequence[str], optional: Sequence[str], required: Sequence[str]
) -> Generator[Block, None, None]:
    layout: Layout | None = None
    line, width = 1, 0
    for content in _lines(file):
        if layout is None:
            content, header, line = _split_header(file, content)
            if header is None:
                continue
            layout = Layout.of(header, file=file.name, columns=columns, optional=optional, required=required)
        if content:
            count = content.count(b"\n") + (not content.endswith(b"\n"))
            width = width or len(layout.names)
            lines, read, width = _by_arrow(content, count, line, layout, width) or (
                *_by_line(content, line, layout),
                width,
            )
            if len(lines):
                yield Block(file, lines, (*columns, *optional), read)
            line += count
    if layout is None:
        raise SourceEmpty(file.name)


def _lines(file: SourceFile) -> Iterator[bytes]:
    """The content in blocks of whole lines, the byte order mark left out."""
    with open_bytes(file) as content:
        rest = content.read(len(_BOM)).removeprefix(_BOM)
        while chunk := content.read(BLOCK_BYTES):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield rest + chunk[:cut]
                rest = chunk[cut:]
            else:
                rest += chunk
        if rest:
            yield rest


def _split_header(file: SourceFile, content: bytes) -> tuple[bytes, list[str] | None, int]:
    """What follows the header, the header's fields if there is one, and the number of the next line."""
    line = 1
    while content:
        first, end, content = content.partition(b"\n")
        records = list(plain_records([_decoded(file.name, first + end, line)], line))
        line += 1
        if records:
            return content, records[0][1], line
    return b"", None, line


def _by_arrow(
    content: bytes, count: int, first: int, layout: Layout, width: int
) -> tuple[NDArray[np.int64], tuple[pa.StringArray, ...], int] | None:
    """The lines and columns of `count` rows and how many fields most have; None where Arrow may read otherwise.

    `width` is how many fields a row is expected to have.
    """
    # Arrow leaves a byte order mark out wherever a block begins.
    if content.startswith(_BOM) or not (content.isascii() or _is_utf8(content)):
        return None
    named = len(layout.names)
    odd: list[Any] = []

    def set_aside(row: Any) -> str:
        odd.append(row)
        return "skip"

    behind = [str(place) for place in range(named, width)]
    wanted = [str(place) for place in sorted(set(layout.places)) if place < min(named, width)]
    try:
        table = pa.csv.read_csv(
            pa.py_buffer(content),
            pa.csv.ReadOptions(
                use_threads=False,
                block_size=len(content) + 1,
                column_names=[str(place) for place in range(width)],
            ),
            pa.csv.ParseOptions(
                delimiter="\t", quote_char=False, ignore_empty_lines=False, invalid_row_handler=set_aside
            ),
            pa.csv.ConvertOptions(
                include_columns=[*wanted, *behind],
                column_types=dict.fromkeys([*wanted, *behind], _TEXT),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows + len(odd) != count:
        return None
    if len(odd) > count // 2:
        usual = Counter(row.actual_columns for row in odd).most_common(1)[0]
        # Rows of one other width are read again so; rows of all widths line by line.
        return (
            _by_arrow(content, count, first, layout, usual[0])
            if usual[0] >= layout.needed and usual[1] > count // 2
            else None
        )
    # A blank line is a row of blanks to Arrow, and no row to us.
    if pc.any(pc.equal(table[wanted[0]], "")).as_py():
        return None
    for name in behind:
        if pc.any(pc.not_equal(pc.utf8_trim_whitespace(table[name]), "")).as_py():
            return None
    blank = pa.repeat(pa.scalar("", _TEXT), table.num_rows)
    at = {name: table[name].combine_chunks() for name in wanted}
    lines = np.arange(first, first + count)
    read = tuple(at.get(str(place), blank) for place in layout.places)
    if odd:
        lines, read = _with_odd(lines, read, odd, layout)
    return lines, read, width


def _with_odd(
    lines: NDArray[np.int64],
    read: tuple[pa.StringArray, ...],
    odd: list[Any],
    layout: Layout,
) -> tuple[NDArray[np.int64], tuple[pa.StringArray, ...]]:
    """The rows that Arrow read and those that it set aside, in the order of their lines."""
    first = int(lines[0])
    aside = [first - 1 + row.number for row in odd]
    fitted = [
        (line, layout.take(line, fields))
        for place, row in zip(aside, odd, strict=True)
        for line, fields in plain_records([row.text], place)
    ]
    is_odd = np.zeros(len(lines), np.bool_)
    is_odd[np.array(aside) - first] = True
    every = np.concatenate((lines[~is_odd], np.array([line for line, _ in fitted], np.int64)))
    order = np.argsort(every, kind="stable")
    take = pa.array(order)
    columns = tuple(
        pa.concat_arrays([column, pa.array([fields[place] for _, fields in fitted], _TEXT)]).take(take)
        for place, column in enumerate(read)
    )
    return every[order], columns


def _by_line(
    content: bytes, first: int, layout: Layout
) -> tuple[NDArray[np.int64], tuple[pa.StringArray, ...]]:
    """The same, row by row, with the errors that rows deserve."""
    found = [
        (line, layout.take(line, fields))
        for number, text in enumerate(io.BytesIO(content), start=first)
        for line, fields in plain_records([_decoded(layout.file, text, number)], number)
    ]
    columns = tuple(
        pa.array([fields[place] for _, fields in found], _TEXT) for place in range(len(layout.places))
    )
    return np.array([line for line, _ in found], np.int64), columns


def _decoded(file: str, line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise SourceDamaged(
            file, f"it is not UTF-8 ({error.reason})", row=number, todo="convert the file to UTF-8"
        ) from error


def _is_utf8(content: bytes) -> bool:
    offsets = pa.py_buffer(np.array([0, len(content)], np.int32))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(content)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
