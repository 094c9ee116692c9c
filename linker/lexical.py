"""The lexical side of an index: exact, folded and fuzzy character n-gram look-up over the same rows as the vectors.

Rows are the index's distinct terms. All arrays are memory-mapped on open, so processes share them.
The fuzzy score is a TF-IDF cosine over character 2- to 4-grams within words, of folded text, with
sublinear term frequency: the baseline of `linker.evaluation` and one of the two retrievers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from linker.errors import IndexDamaged
from linker.normalization import fold, fold_words

N_BUCKETS = 1 << 20
NGRAMS = (2, 4)
_BLOCK = 64

Rows = npt.NDArray[np.int64]
NO_ROWS: Rows = np.empty(0, dtype=np.int64)
Scores = npt.NDArray[np.float32]


def keys_of(strings: Iterable[str]) -> npt.NDArray[np.uint64]:
    """A 64-bit key of each string, in their order."""
    digests = (hashlib.blake2b(string.encode(), digest_size=8).digest() for string in strings)
    return np.fromiter((int.from_bytes(digest, "little") for digest in digests), dtype=np.uint64)


def folded_keys(texts: Iterable[str]) -> npt.NDArray[np.uint64]:
    """A key of each text's folded words, in their order. Equal keys are checked on the text itself."""
    return keys_of(map(fold_words, texts))


def _ngram_counts(texts: Sequence[str]) -> sparse.csr_matrix:
    # Hashing instead of a vocabulary: nothing to store, nothing to load, and new strings need no refit.
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=NGRAMS,
        n_features=N_BUCKETS,
        alternate_sign=False,
        norm=None,
        lowercase=False,
        preprocessor=fold,
        dtype=np.float32,
    )
    counts = sparse.csr_matrix(vectorizer.transform(texts))
    counts.data = 1.0 + np.log(counts.data)
    return counts


def _weighted(counts: sparse.csr_matrix, idf: npt.NDArray[np.float32]) -> sparse.csr_matrix:
    weighted = counts.copy()
    weighted.data *= idf[weighted.indices]
    norms = np.sqrt(weighted.multiply(weighted).sum(axis=1)).A1
    norms[norms == 0] = 1.0
    weighted.data /= np.repeat(norms, np.diff(weighted.indptr)).astype(np.float32)
    return weighted


_FILES = ("keys", "key_rows", "idf", "postings_indptr", "postings_rows", "postings_weights")


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """Exact, folded and fuzzy look-up of terms by row.

    `keys` (n,) uint64 sorted with `key_rows` (n,) their rows; `idf` (N_BUCKETS,); `postings` is a CSR
    matrix of shape (N_BUCKETS, n): for each n-gram bucket the rows that hold it and their weights.
    """

    keys: npt.NDArray[np.uint64]
    key_rows: npt.NDArray[np.int32]
    idf: npt.NDArray[np.float32]
    postings: sparse.csr_matrix

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Index texts; row i is texts[i]."""
        keys = folded_keys(texts)
        order = np.argsort(keys, kind="stable")
        parts = [_ngram_counts(texts[i : i + 50_000]) for i in range(0, len(texts), 50_000)]
        counts = sparse.csr_matrix(sparse.vstack(parts))
        frequency = np.bincount(counts.indices, minlength=N_BUCKETS)
        idf = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        return cls(keys[order], order.astype(np.int32), idf, sparse.csr_matrix(_weighted(counts, idf).T))

    def save(self, folder: Path) -> None:
        """Write the arrays as `.npy` files into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        postings = self.postings
        arrays = (
            self.keys,
            self.key_rows,
            self.idf,
            postings.indptr.astype(np.int64),
            postings.indices.astype(np.int32),
            postings.data.astype(np.float32),
        )
        for name, array in zip(_FILES, arrays, strict=True):
            np.save(folder / f"{name}.npy", array)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open memory-mapped. Raises IndexDamaged."""
        try:
            arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _FILES]
            keys, key_rows, idf, indptr, rows, weights = arrays
            postings = sparse.csr_matrix(
                (weights, rows, indptr), shape=(N_BUCKETS, len(key_rows)), copy=False
            )
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"The lexical index in {folder} cannot be read ({error}); build it again with `enlace index`."
            ) from None
        return cls(keys, key_rows, idf, postings)

    def same_folded(self, texts: Sequence[str]) -> list[Rows]:
        """Of each text, the rows whose folded key is the same. The caller compares the texts themselves."""
        keys = folded_keys(texts)
        left = np.searchsorted(self.keys, keys, "left")
        right = np.searchsorted(self.keys, keys, "right")
        return [self.key_rows[i:j].astype(np.int64) for i, j in zip(left, right, strict=True)]

    def ngrams(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """The TF-IDF weights of each text's n-grams, rows of length 1, shape (len(texts), N_BUCKETS)."""
        return _weighted(_ngram_counts(texts), self.idf)

    def similarities(self, texts: Sequence[str]) -> Iterator[Scores]:
        """The TF-IDF cosines of each text with every row, in [0, 1], shape (n,); one text's are made at a time."""
        queries = self.ngrams(texts)
        starts, ends = self.postings.indptr[queries.indices], self.postings.indptr[queries.indices + 1]
        rows, weights = self.postings.indices, self.postings.data
        count = self.postings.shape[1]
        for start, stop in pairwise(queries.indptr):
            spans = list(zip(starts[start:stop].tolist(), ends[start:stop].tolist(), strict=True))
            if not spans:
                yield np.zeros(count, np.float32)
                continue
            # The rows that share an n-gram are many: the postings of a text's own n-grams, a column each, are
            # multiplied in a fraction of the time that a product with all postings takes.
            ends_of_columns = np.cumsum([0, *(last - first for first, last in spans)], dtype=np.int32)
            shared = np.concatenate([weights[first:last] for first, last in spans])
            at = np.concatenate([rows[first:last] for first, last in spans])
            own = sparse.csc_matrix((shared, at, ends_of_columns), shape=(count, len(spans)), copy=False)
            found: Scores = own @ queries.data[start:stop]
            yield np.minimum(found, 1, out=found)


def best_rows(scores: Scores, top_k: int) -> Rows:
    """The `top_k` rows of the highest scores above 0, best first; ties by row. `scores` has shape (n,)."""
    # The maxima of blocks of rows are scores of distinct rows: the `top_k`th of them is a bound from below,
    # and few rows reach it. Ordering all rows would take longer than scoring them.
    blocks = len(scores) // _BLOCK
    bound = 0.0
    if blocks >= top_k:
        maxima = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        bound = np.partition(maxima, blocks - top_k)[blocks - top_k]
    rows = np.flatnonzero(scores >= bound if bound > 0 else scores > 0)
    return rows[np.lexsort((rows, -scores[rows]))[:top_k]]
