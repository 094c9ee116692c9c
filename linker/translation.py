"""How well words translate into one another: `litiasis vesical` into `cálculos en la vejiga`, `renal` into `kidney`.

From the synonyms of a terminology and annotated mentions one can learn which words stand where others do, in one
language or two, as machine translation once learned dictionaries from sentence pairs (IBM Model 1: Brown et al. 1993;
as a way to rank documents: Berger and Lafferty 1999). A term then explains a mention as far as the mention's words are
likely translations of the term's. This reads what vectors blur: which word of a mention no word of a term accounts for.

Words are cut to their first letters (`linker.content_words`). Of a mention m and a term t, with
p(w | t) = LEARNED · mean over the words v of t of (TABLE · table(w | v) + SAME · [w = v])
           + (1 - LEARNED) · background(w):

- `mention_translated`: the sum over the words w of m of log p(w | t) - log p(w | m), 0 for the mention itself;
- `term_translated`: the mean over the words w of t of log p(w | m).

A concept has the best of its terms in each. `linker.training.translation_fit` learns the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graph.whole_files import write_whole
from linker.content_words import word_stems
from linker.errors import ModelNotFound
from linker.lexical import Rows, keys_of
from linker.word_postings import WordPostings

FILE = "translation.safetensors"
"""In a bi-encoder's folder."""
MOST_TERMS = 40
"""Terms of a concept that are looked at; a few codes of annotated mentions have hundreds."""

LEARNED, TABLE, SAME = 0.9, 0.8, 0.2
#: Added to the count of each word, so that a word never met is rare rather than impossible.
_UNMET = 5.0
#: Terms whose words are remembered, and words of mentions whose terms are while many are asked for.
_REMEMBERED, _AT_ONCE = 1 << 16, 256

Words: TypeAlias = tuple[str, ...]
Columns: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TranslationTable:
    """Of V words the `counts` among the strings learned from, (V,), and the table.

    `table` has shape (V, V): in row v, the probabilities of the words that v is translated into.
    """

    vocabulary: tuple[str, ...]
    counts: npt.NDArray[np.float32]
    table: sparse.csr_matrix

    def save(self, folder: Path) -> None:
        """Write FILE into `folder`; one that is there stays until it is whole."""
        from safetensors.numpy import save

        arrays = {
            "vocabulary": np.frombuffer("\n".join(self.vocabulary).encode(), dtype=np.uint8),
            "counts": self.counts.astype(np.float32),
            "indptr": self.table.indptr.astype(np.int64),
            "indices": self.table.indices.astype(np.int32),
            "probabilities": self.table.data.astype(np.float16),
        }
        write_whole(folder / FILE, save(arrays))

    @classmethod
    def read(cls, folder: Path) -> TranslationTable | None:
        """From a bi-encoder's folder, None where it has no FILE. Raises ModelNotFound if that cannot be read."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = folder / FILE
        if not path.is_file():
            return None
        try:
            arrays = load_file(path)
            vocabulary = tuple(arrays["vocabulary"].tobytes().decode().split("\n"))
            shape = (len(vocabulary), len(vocabulary))
            parts = (arrays["probabilities"].astype(np.float32), arrays["indices"], arrays["indptr"])
            table = sparse.csr_matrix(parts, shape=shape)
            table.check_format()
            if arrays["counts"].shape != (len(vocabulary),):
                raise ValueError
        except (OSError, SafetensorError, KeyError, ValueError):
            raise ModelNotFound(
                f"{path} cannot be read as a table of translations; make it again with `enlace train translation`."
            ) from None
        return cls(vocabulary, arrays["counts"], table)


class Translation:
    """What a table says of mentions and terms. Safe for several threads."""

    def __init__(self, table: TranslationTable) -> None:
        self._number = {word: i for i, word in enumerate(table.vocabulary)}
        self._into = table.table
        self._out_of = sparse.csr_matrix(table.table.T)
        total = float(table.counts.sum()) or 1.0
        # The last place is for all words that neither the table nor the mention has.
        met = np.append(table.counts, 0.0).astype(np.float64)
        self._background = (met + _UNMET) / total
        self._keys = keys_of(table.vocabulary)
        self._read = lru_cache(maxsize=_REMEMBERED)(self._numbered)

    def _numbered(self, text: str) -> tuple[Words, npt.NDArray[np.int64]]:
        """The words of a text and their numbers, -1 for one that the table has not."""
        own = word_stems(text)
        return own, np.array([self._number.get(word, -1) for word in own], dtype=np.int64)

    def columns(self, mention: str, terms: Sequence[Sequence[str]]) -> Columns:
        """`mention_translated` and `term_translated` of concepts, shape (len(terms), 2), given the terms of each.

        Each concept needs a term; MOST_TERMS of them are looked at.
        """
        if not terms:
            return np.empty((0, 2), dtype=np.float32)
        kept = [own[:MOST_TERMS] for own in terms]
        read = [self._read(text) for text in chain(chain.from_iterable(kept), [mention])]
        lengths = np.array([len(own) for own, _ in read])
        starts = np.cumsum(lengths) - lengths
        # Words of the mention that the table has not get numbers of their own, after the table's.
        size = len(self._number)
        own_new = dict.fromkeys(word for word in read[-1][0] if word not in self._number)
        new = {word: size + i for i, word in enumerate(own_new)}
        numbers = np.concatenate([own for _, own in read])
        unmet = np.flatnonzero(numbers < 0)
        if len(unmet):
            said_words = [word for own, _ in read for word in own]
            numbers[unmet] = [new.get(said_words[place], size + len(new)) for place in unmet]
        own_numbers = numbers[starts[-1] :]
        # What is counted once for all the words that the table has not.
        background = np.concatenate([self._background[:-1], np.full(len(new) + 1, self._background[-1])])
        into, out_of = self._likelihoods(own_numbers, len(background))
        # Of the mention's words (rows) by each term (columns), and of the terms' words by the mention.
        by_term = np.add.reduceat(out_of[:, numbers], starts, axis=1) / lengths
        said = np.log(LEARNED * by_term + (1 - LEARNED) * background[own_numbers][:, None]).sum(axis=0)
        by_mention = np.log(LEARNED * into[numbers] + (1 - LEARNED) * background[numbers])
        told = np.add.reduceat(by_mention, starts) / lengths
        # The mention was read last: what it says of itself is what terms are measured by.
        concepts = np.cumsum([0, *map(len, kept[:-1])])
        best = [np.maximum.reduceat(values[:-1], concepts) for values in (said - said[-1], told)]
        return np.column_stack(best).astype(np.float32)

    def nearest(
        self,
        mentions: Sequence[str],
        postings: WordPostings,
        top_k: int,
        among: npt.NDArray[np.bool_] | None = None,
    ) -> list[Rows]:
        """Of each mention the `top_k` rows of an index that explain its words best, best first; ties by row.

        `among`, a mask of rows of shape (n,), is a scope. A row that explains no word is not found.
        """
        held = lru_cache(maxsize=_AT_ONCE)(partial(self._explaining, postings))
        found = []
        for mention in mentions:
            rows, logs = (np.concatenate(own) for own in zip(*map(held, self._read(mention)[0]), strict=True))
            if among is not None:
                rows, logs = rows[among[rows]], logs[among[rows]]
            each, own = np.unique(rows, return_inverse=True)
            explained = np.bincount(own, logs, minlength=len(each))
            if len(each) > top_k:
                # Frequent words are in many terms of a large index: only what reaches the last place is ordered.
                reaching = explained >= np.partition(explained, -top_k)[-top_k]
                each, explained = each[reaching], explained[reaching]
            found.append(each[np.lexsort((each, -explained))[:top_k]])
        return found

    def _explaining(
        self, postings: WordPostings, word: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The rows with words that a mention's `word` translates, and log p(word | term) - log p(word | no term)."""
        number = self._number.get(word, -1)
        keys, likely = keys_of([word]), np.array([SAME])
        if number >= 0:
            row = slice(self._out_of.indptr[number], self._out_of.indptr[number + 1])
            keys = np.concatenate([self._keys[self._out_of.indices[row]], keys])
            likely = np.concatenate([TABLE * self._out_of.data[row], likely])
        rows, places = postings.holding(keys)
        each, own = np.unique(rows, return_inverse=True)
        explained = np.bincount(own, likely[places], minlength=len(each)) / postings.lengths[each]
        return each, np.log1p(LEARNED * explained / ((1 - LEARNED) * self._background[number]))

    def _likelihoods(
        self, mention: npt.NDArray[np.int64], size: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """p(word | mention) without background, (size,), and p(word of the mention | word), (words, size)."""
        into = np.zeros(size)
        out_of = np.zeros((len(mention), size))
        for place, number in enumerate(mention.tolist()):
            if number < self._into.shape[0]:
                row = slice(self._into.indptr[number], self._into.indptr[number + 1])
                into[self._into.indices[row]] += TABLE * self._into.data[row]
                row = slice(self._out_of.indptr[number], self._out_of.indptr[number + 1])
                out_of[place, self._out_of.indices[row]] = TABLE * self._out_of.data[row]
            into[number] += SAME
            out_of[place, number] += SAME
        return into / len(mention), out_of
