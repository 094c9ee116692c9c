"""Vectors that indexes already hold, so that a new index encodes only the strings that none of them has.

A string's vector depends on the encoder and on the string after the encoder's normalisation, and on nothing
else of a release. Indexes keep vectors in float16: what is taken from one and stored again is the same to the
last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linker.encoder import Encoder, EncoderIdentity, Vectors
from linker.errors import IndexDamaged, IndexMismatch, first_line
from linker.faiss_library import faiss
from linker.index import map_table
from linker.index_manifest import IndexManifest
from linker.normalization import normaliser

#: Vectors copied at once.
_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Encoded:
    """A vector for each text, shape (texts, dimensions), and how many of them each release's index gave."""

    vectors: Vectors
    reused: dict[str, int] = field(default_factory=dict)


class StoredVectors:
    """The strings of an index and their vectors, and nothing else of it. Memory-mapped, read-only."""

    def __init__(self, manifest: IndexManifest, texts: pa.ChunkedArray, vectors: Any) -> None:
        """Use `open`."""
        self.manifest = manifest
        self._texts = texts
        self._vectors = vectors

    @classmethod
    def open(cls, folder: Path, encoder: EncoderIdentity) -> StoredVectors:
        """Open those of the index in `folder`.

        Raises IndexNotFound, IndexDamaged, and IndexMismatch where another encoder than `encoder` made it.
        """
        manifest = IndexManifest.read(folder)
        if not manifest.encoder.same_as(encoder):
            differences = ", ".join(manifest.encoder.differences(encoder))
            raise IndexMismatch(
                f"The vectors of release {manifest.release!r} were made with another encoder (index / encoder: "
                f"{differences}), so they cannot be reused; name another release, or none."
            )
        manifest.check_files(folder)
        try:
            texts = map_table(folder / "terms.arrow").column("text")
            vectors = faiss.read_index(str(folder / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC)
        except (OSError, ValueError, RuntimeError, pa.ArrowInvalid) as error:
            raise IndexDamaged(
                f"The index in {folder} cannot be read ({first_line(error)}); build it again with `enlace index`."
            ) from None
        return cls(manifest, texts, vectors)

    def rows_of(self, normalised: pa.Array) -> pa.Array:
        """The row of each string that the encoder's normalisation gave; null where the index has none."""
        normalise = normaliser(self.manifest.encoder.normalisation)
        held = pa.array([normalise(text) for text in self._texts.to_pylist()], pa.string())
        return pc.index_in(normalised, value_set=held)

    def copy(self, rows: NDArray[np.int64], into: Vectors, places: NDArray[np.int64]) -> None:
        """Write the vectors of `rows` into the rows `places` of `into`."""
        for start in range(0, len(rows), _ROWS):
            some = np.ascontiguousarray(rows[start : start + _ROWS], dtype=np.int64)
            into[places[start : start + _ROWS]] = self._vectors.reconstruct_batch(some)


def encode_new(
    texts: Sequence[str],
    encoder: Encoder,
    stored: Sequence[StoredVectors],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Encoded:
    """The vectors of `texts`: those that `stored` have from there, the first that has one; the others encoded.

    `progress` gets how many were encoded and how many are to be.
    """
    normalise = normaliser(encoder.identity.normalisation)
    normalised = pa.array([normalise(text) for text in texts] if stored else [], pa.string())
    vectors: Vectors = np.empty((len(texts), encoder.identity.dimensions), np.float32)
    missing = np.arange(len(texts))
    reused: dict[str, int] = {}
    for one in stored:
        rows = one.rows_of(normalised.take(pa.array(missing)))
        found = rows.is_valid().to_numpy(zero_copy_only=False)
        if found.any():
            one.copy(rows.drop_null().to_numpy(), vectors, missing[found])
            reused[one.manifest.release] = int(found.sum())
        missing = missing[~found]
        if not len(missing):
            break
    done = 0

    def encoded(count: int) -> None:
        nonlocal done
        done += count
        progress(done, len(missing))

    if len(missing):
        vectors[missing] = encoder.encode_terms([texts[row] for row in missing.tolist()], encoded)
    return Encoded(vectors, reused)
