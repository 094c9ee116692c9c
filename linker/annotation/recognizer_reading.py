"""Texts as a recogniser reads them: tokens, the words that they belong to, and windows over both.

Words are found in the text as it was given, by its characters alone: letters and digits in a row with the marks
that combine with them, or one other character. A tokeniser's offsets only say which word a token belongs to. So
offsets are true whatever a tokeniser normalises, and no span cuts a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from linker.errors import ModelNotFound

Integers = npt.NDArray[np.int64]

_MARKS = "\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe00-\\ufe0f\\ufe20-\\ufe2f\\u200d"
_WORD = re.compile(f"(?:[^\\W_][{_MARKS}]*)+|\\S[{_MARKS}]*")
_SURROGATE = re.compile("[\\ud800-\\udfff]")


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text's token ids, shape (tokens,), and its words, each array of shape (words,).

    A word is `text[starts[i]:ends[i]]` and has the tokens `first[i]` up to and without `stop[i]`, one at least. Words
    that share a token are one; a word that the tokeniser leaves out is none.
    """

    ids: npt.NDArray[np.int32]
    starts: Integers
    ends: Integers
    first: Integers
    stop: Integers


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `start` to `stop` of a text, of which it answers for the words from `first_word` to `stop_word`.

    Both ends exclusive.
    """

    text: int
    start: int
    stop: int
    first_word: int
    stop_word: int


class TextReader:
    """Reads texts with a fast tokeniser. Safe for several threads."""

    def __init__(self, tokenizer: Any, name: str) -> None:
        """Of a tokeniser of transformers. Raises ModelNotFound where it is not a fast one."""
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelNotFound(
                f"The tokeniser of {name!r} tells no offsets; save it as a fast one, with a tokenizer.json."
            )
        self._tokenizer = Tokenizer.from_str(backend.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # What looks like a special token in a text is text.
        self._tokenizer.encode_special_tokens = True
        around = self._tokenizer.encode("a", add_special_tokens=True)
        special = around.special_tokens_mask
        inner = [at for at, is_special in enumerate(special) if not is_special] or [0]
        self.before = np.array(around.ids[: inner[0]], np.int32)
        self.after = np.array(around.ids[inner[-1] + 1 :], np.int32)

    @property
    def special_tokens(self) -> int:
        """How many stand around every window."""
        return len(self.before) + len(self.after)

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Tokens and words of each text."""
        # Half a character is no text to a tokeniser; something else takes its place.
        clean = [_SURROGATE.sub("\ufffd", text) for text in texts]
        encoded = self._tokenizer.encode_batch(clean, add_special_tokens=False)
        return [
            _with_words(text, np.array(one.ids, np.int32), np.array(one.offsets, np.int64).reshape(-1, 2))
            for text, one in zip(texts, encoded, strict=True)
        ]


def word_places(text: str) -> tuple[Integers, Integers]:
    """First characters of a text's words, and those after their last, shape (words,) each."""
    places = np.array([found.span() for found in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    return places[:, 0], places[:, 1]


def _with_words(text: str, ids: npt.NDArray[np.int32], offsets: Integers) -> ReadText:
    starts, ends = word_places(text)
    # The words that each token has characters of: `low` to `high`, none where it is of white space alone.
    low = np.searchsorted(ends, offsets[:, 0], "right")
    high = np.searchsorted(starts, offsets[:, 1], "left") - 1
    tokens = np.flatnonzero(low <= high)
    low, high = low[tokens], high[tokens]
    joined = np.zeros(len(starts) + 1, np.int64)
    np.add.at(joined, low + 1, 1)
    np.add.at(joined, high + 1, -1)
    goes_on = np.cumsum(joined)[: len(starts)] > 0
    unit = np.cumsum(~goes_on) - 1
    count = int(unit[-1]) + 1 if len(unit) else 0
    first, stop = np.full(count, len(ids), np.int64), np.zeros(count, np.int64)
    np.minimum.at(first, unit[low], tokens)
    np.maximum.at(stop, unit[low], tokens + 1)
    heads = np.flatnonzero(~goes_on)
    tails = np.append(heads[1:], len(starts))[: len(heads)] - 1
    kept = first < stop
    return ReadText(ids, starts[heads][kept], ends[tails][kept], first[kept], stop[kept])


def windows_over(reads: Sequence[ReadText], size: int, overlap: int) -> list[Window]:
    """Windows of at most `size` tokens over each text, all of a text about as long, neighbours sharing `overlap`.

    They begin where words begin, unless a word has more tokens than `overlap`. A word is answered for by the window
    that shows the most around it.
    """
    found: list[Window] = []
    for row, read in enumerate(reads):
        count = len(read.ids)
        if not len(read.first):
            continue
        pieces = 1 if count <= size else -(-(count - overlap) // (size - overlap))
        length = -(-(count + (pieces - 1) * overlap) // pieces)
        planned = np.arange(pieces) * (length - overlap)
        stops = np.minimum(planned + length, count)
        begins = np.append(read.first, count)[np.searchsorted(read.first, planned)]
        starts = np.where((begins - planned <= overlap) & (begins < stops), begins, planned)
        starts[0] = 0
        # A word in two windows is further from the edge of the one that holds it on this side of the middle.
        middles = (starts[1:] + stops[:-1] + 1) // 2
        bounds = [0, *np.searchsorted(read.first, middles).tolist(), len(read.first)]
        found.extend(
            Window(row, start, stop, first, last)
            for start, stop, first, last in zip(
                starts.tolist(), stops.tolist(), bounds, bounds[1:], strict=False
            )
            if first < last
        )
    return found
