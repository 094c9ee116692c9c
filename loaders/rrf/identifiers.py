"""The UMLS's identifiers as integers while they are counted and sorted, and as text in records.

A CUI is C and seven digits; an AUI is A and seven digits, or eight or nine that do not begin with 0; a TUI
is T and three digits. Each number has one text, so nothing is lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: What concepts, and everything else of the UMLS, begin with in this graph.
PREFIX = "UMLS"
#: Every CUI is below it.
CUIS = 10_000_000

_ZERO = ord("0")


@dataclass(frozen=True, slots=True)
class Identifiers:
    """A kind of identifier: what it is called, its letter, and how many digits may follow that."""

    name: str
    letter: str
    widths: tuple[int, ...]

    def numbers(self, texts: pa.Array) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """The number of each text (binary or string, no nulls), and whether the text is such an identifier."""
        numbers = np.zeros(len(texts), np.uint32)
        valid = np.zeros(len(texts), np.bool_)
        starts, lengths, data = _buffers(texts)
        for width in self.widths:
            rows = np.flatnonzero(lengths == width + 1)
            if not len(rows):
                continue
            text = data[starts[rows, None] + np.arange(width + 1)]
            # Bytes below "0" wrap round to above 9.
            digits = text[:, 1:] - np.uint8(_ZERO)
            good = (text[:, 0] == ord(self.letter)) & (digits <= 9).all(axis=1)
            if width > self.widths[0]:
                good &= digits[:, 0] > 0
            number = np.zeros(len(rows), np.uint32)
            for place in range(width):
                number = number * np.uint32(10) + digits[:, place]
            numbers[rows] = np.where(good, number, 0)
            valid[rows] = good
        return numbers, valid

    def texts(self, numbers: NDArray[np.integer]) -> pa.Array:
        """The text of each number."""
        digits = pc.utf8_lpad(pa.array(np.asarray(numbers, np.int64)).cast(pa.string()), self.widths[0], "0")
        return pc.binary_join_element_wise(self.letter, digits, "")


CUI = Identifiers("CUI", "C", (7,))
AUI = Identifiers("AUI", "A", (7, 8, 9))
TUI = Identifiers("TUI", "T", (3,))


def concept_ids(cuis: NDArray[np.integer]) -> pa.Array:
    """`UMLS:C0027051` for each number of a CUI."""
    beginning = f"{PREFIX}:{CUI.letter}".encode()
    width = len(beginning) + CUI.widths[0]
    text = np.empty((len(cuis), width), np.uint8)
    text[:, : len(beginning)] = np.frombuffer(beginning, np.uint8)
    rest = np.asarray(cuis, np.uint32)
    for place in range(width - 1, len(beginning) - 1, -1):
        rest, digit = np.divmod(rest, np.uint32(10))
        text[:, place] = digit + _ZERO
    ends = np.arange(0, (len(cuis) + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(cuis), pa.py_buffer(ends), pa.py_buffer(text))


def concept_id(cui: int) -> str:
    """`UMLS:C0027051` for the number of one CUI."""
    return f"{PREFIX}:{CUI.letter}{cui:0{CUI.widths[0]}}"


def _buffers(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    bytes_ = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return ends[:-1], np.diff(ends), bytes_
