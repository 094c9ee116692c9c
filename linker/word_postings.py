"""Which terms of an index hold a word, so that terms are found by words that translate into a mention's.

Words are cut to their first letters (`linker.content_words.word_stems`) and kept as 64-bit keys; which term holds
which is an inverted index, memory-mapped on open, as the n-grams of `linker.lexical` are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from linker.content_words import word_stems
from linker.errors import IndexDamaged
from linker.lexical import Rows, keys_of

FOLDER = "words"
"""In the folder of an index."""
_FILES = ("keys", "starts", "rows", "lengths")


@dataclass(frozen=True, slots=True)
class WordPostings:
    """Of V words the `keys`, (V,) uint64 sorted; word i is held by `rows[starts[i]:starts[i + 1]]`.

    A row is there as often as its term says the word. `lengths`, (n,), are the words of each term.
    """

    keys: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.uint16]

    @classmethod
    def build(cls, texts: Sequence[str]) -> WordPostings:
        """Of terms; row i is texts[i]."""
        numbers: dict[str, int] = {}
        held: list[int] = []
        lengths = np.empty(len(texts), dtype=np.int64)
        for row, text in enumerate(texts):
            own = word_stems(text)
            lengths[row] = len(own)
            held.extend(numbers.setdefault(word, len(numbers)) for word in own)
        keys = keys_of(numbers)
        order = np.argsort(keys)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        words = place[np.array(held, dtype=np.int64)]
        rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
        starts = np.concatenate([[0], np.cumsum(np.bincount(words, minlength=len(keys)))])
        short = np.minimum(lengths, np.iinfo(np.uint16).max).astype(np.uint16)
        return cls(keys[order], starts.astype(np.int64), rows[np.argsort(words, kind="stable")], short)

    def save(self, folder: Path) -> None:
        """Write the arrays as `.npy` files into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> WordPostings:
        """Open memory-mapped. Raises IndexDamaged."""
        try:
            return cls(*(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _FILES))
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"The words in {folder} cannot be read ({error}); build the index again with `enlace index`."
            ) from None

    def holding(self, keys: npt.NDArray[np.uint64]) -> tuple[Rows, npt.NDArray[np.int64]]:
        """The rows that hold the words of these keys, and for each of them the place of its word among `keys`."""
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        known = np.flatnonzero(self.keys[at] == keys) if len(self.keys) else np.empty(0, dtype=np.int64)
        firsts, lasts = self.starts[at[known]], self.starts[at[known] + 1]
        if not len(known):
            return np.empty(0, dtype=np.int64), known
        rows = np.concatenate([self.rows[first:last] for first, last in zip(firsts, lasts, strict=True)])
        return rows.astype(np.int64), np.repeat(known, lasts - firsts)
