"""Columns of RF2 identifiers as numbers, to be sorted and compared without an object a row.

SCTIDs have at most 18 digits and none before the first that counts, so that an int64 says the same as the
text. Ids of refset members are UUIDs, 128 bits. Both stay inside the loader: records have text.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loaders.errors import RowMalformed
from loaders.rf2.identifiers import PREFIX
from loaders.table_columns import Block

#: In place of an SCTID where the text is none.
NONE = -1

_SCTID = "^[1-9][0-9]{0,17}$"
_UUID_LENGTH = 36
_DASHES = [8, 13, 18, 23]
_DIGITS = [place for place in range(_UUID_LENGTH) if place not in _DASHES]
_NO_DIGIT = 16
_VALUES = np.full(256, _NO_DIGIT, np.uint8)
for _value, _digit in enumerate("0123456789abcdef"):
    _VALUES[[ord(_digit), ord(_digit.upper())]] = _value


def sctids(column: pa.StringArray) -> NDArray[np.int64]:
    """Each SCTID as a number, `NONE` where the text is none. Shape (rows,)."""
    starts, _ = _bytes_of(column)
    try:
        numbers: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return _sctids_of_some(column)
    # What Arrow takes for a number and RF2 does not: signs, zeros in front, and 19 digits.
    if len(numbers) and (starts.min() < ord("1") or starts.max() > ord("9") or numbers.max() >= 10**18):
        return _sctids_of_some(column)
    return numbers


def checked_sctids(block: Block, name: str) -> NDArray[np.int64]:
    """The SCTIDs of a column. Raises RowMalformed for the first that is none."""
    numbers = sctids(block[name])
    if len(numbers) and numbers.min() == NONE:
        place = int(np.argmin(numbers))
        raise malformed(block, place, f"has {shown(block, place, name)}, which is no SCTID")
    return numbers


def checked_numbers(block: Block, name: str) -> pa.Int64Array:
    """A column of ordinals such as relationshipGroup. Raises RowMalformed for the first that is none."""
    digits = pc.match_substring_regex(block[name], "^[0-9]{1,18}$")
    if not pc.all(digits, min_count=0).as_py():
        place = pc.index(digits, False).as_py()
        raise malformed(block, place, f"has {shown(block, place, name)}, which is no number")
    return block[name].cast(pa.int64())


def malformed(block: Block, place: int, what: str) -> RowMalformed:
    """The error that names the row at `place` of a block."""
    return RowMalformed(block.file.name, int(block.lines[place]), what)


def shown(block: Block, place: int, name: str) -> str:
    """A value and its column, as messages have them."""
    return f"{block[name][place].as_py()[:40]!r} in its column {name}"


def is_description(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the partition digits (the last three but one) say description: 01 or 11."""
    return _is_of_kind(numbers, 1)


def is_relationship(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the partition digits say relationship: 02 or 12."""
    return _is_of_kind(numbers, 2)


def member_keys(column: pa.StringArray) -> NDArray[np.int64]:
    """128 bits for each id of a refset member, those of its UUID or, where it is none, a digest of the text.

    Shape (rows, 2).
    """
    lengths = pc.binary_length(column)
    if len(column) and pc.all(pc.equal(lengths, _UUID_LENGTH), min_count=0).as_py():
        _, content = _bytes_of(column)
        letters = content.reshape(-1, _UUID_LENGTH)
        values = _VALUES[letters[:, _DIGITS]]
        if (letters[:, _DASHES] == ord("-")).all() and values.max() < _NO_DIGIT:
            packed = np.ascontiguousarray(values[:, ::2] << 4 | values[:, 1::2])
            return packed.view(np.int64)
    digests = b"".join(_key(text) for text in column.to_pylist())
    return np.frombuffer(digests, np.int64).reshape(-1, 2)


def is_blank(column: pa.StringArray) -> NDArray[np.bool_]:
    """Whether each text is empty. Shape (rows,)."""
    blank: NDArray[np.bool_] = pc.equal(column, "").to_numpy(zero_copy_only=False)
    return blank


def curies(column: pa.Array) -> pa.Array:
    """`SNOMEDCT:<sctid>` for each SCTID."""
    return pc.binary_join_element_wise(PREFIX, column, ":")


def _key(text: str) -> bytes:
    digits = text.replace("-", "")
    if len(text) == _UUID_LENGTH and len(digits) == 32 and all(text[place] == "-" for place in _DASHES):
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    return blake2b(text.encode(), digest_size=16).digest()


def _sctids_of_some(column: pa.StringArray) -> NDArray[np.int64]:
    is_one = pc.match_substring_regex(column, _SCTID)
    numbers: NDArray[np.int64] = pc.if_else(is_one, column, str(NONE)).cast(pa.int64()).to_numpy()
    return numbers


def _is_of_kind(numbers: NDArray[np.int64], digit: int) -> NDArray[np.bool_]:
    partition = numbers // 10 % 100
    found: NDArray[np.bool_] = (numbers >= 100) & ((partition == digit) | (partition == 10 + digit))
    return found


def _bytes_of(column: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first byte of each text (0 where it is empty), and all bytes one after another."""
    _, offsets_buffer, content_buffer = column.buffers()
    if not len(column) or content_buffer is None:
        return np.zeros(len(column), np.uint8), np.zeros(0, np.uint8)
    offsets = np.frombuffer(offsets_buffer, np.int32)[column.offset : column.offset + len(column) + 1]
    content = np.frombuffer(content_buffer, np.uint8)[: offsets[-1]]
    filled = offsets[:-1] < offsets[1:]
    starts = np.zeros(len(column), np.uint8)
    starts[filled] = content[offsets[:-1][filled]]
    return starts, content[offsets[0] :]
