"""A vector index of the size of SNOMED CT's or UMLS's strings: build time, size, opening time, time a query, recall.

    python -m benchmarks.large_index [--strings 1500000] [--dimensions 768] [--queries 500] [--json DIR]

Synthetic unit vectors shaped like encoded terms. Fields are directions; a family of concepts lies around a field
(0.8 of its length away), a concept around its family (0.5), and each of its some four synonyms around the concept
(0.35), every direction drawn from a spectrum that falls off as encoders' do (the i-th axis by 1 / sqrt(1 + i / 32)).
Queries are further synonyms of the concepts, which are not in the index. It is built by the code that `enlace index
--index hnsw` calls, from float32 vectors in memory, and opened again from its files; each query is asked alone.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from api.terminal import Tell, progress
from benchmarks.speed_figures import Aim, found_here, publish
from linker.encoder import Vectors
from linker.faiss_library import faiss
from linker.vector_index import GRAPH_FILE, HNSW, RECALL_DEPTH, VECTORS_FILE, VectorIndex, write_vector_index

SYNONYMS, CONCEPTS_A_FAMILY, FAMILIES_A_FIELD = 4, 12, 40
_ROWS_AT_ONCE = 32_768
_DIRECTIONS = 8_192

OPENING, QUERY, RECALL = "opening, s", "a query, median, ms", "recall@64"
#: What is to be reached.
AIMS = {OPENING: Aim(1, at_least=False), QUERY: Aim(5, at_least=False), RECALL: Aim(0.98)}


class SyntheticTerms:
    """Vectors shaped like encoded terms; the same for the same numbers."""

    def __init__(self, strings: int, dimensions: int) -> None:
        self._dimensions = dimensions
        self._axes = (1 / np.sqrt(1 + np.arange(dimensions) / 32)).astype(np.float32)
        chance = np.random.default_rng(0)
        self._concepts = max(1, strings // SYNONYMS)
        families = max(1, self._concepts // CONCEPTS_A_FAMILY)
        fields = self._directions(max(1, families // FAMILIES_A_FIELD), chance)
        of_family = chance.integers(len(fields), size=families)
        self._families = _unit(fields[of_family] + 0.8 * self._directions(families, chance))
        self._own = self._directions(_DIRECTIONS, chance)

    def some(self, count: int, seed: int) -> Vectors:
        """Synonyms of random concepts, shape (count, dimensions); other seeds give others of the same concepts."""
        chance = np.random.default_rng(seed)
        concepts = chance.integers(self._concepts, size=count)
        # A concept's own direction and its family follow from its number.
        own = _unit(self._own[concepts % _DIRECTIONS] + self._own[concepts * 7919 % (_DIRECTIONS - 1)])
        centres = _unit(self._families[concepts % len(self._families)] + 0.5 * own)
        return _unit(centres + 0.35 * self._directions(count, chance))

    def all(self, strings: int, tell: Tell) -> Vectors:
        """Shape (strings, dimensions)."""
        found = np.empty((strings, self._dimensions), np.float32)
        for start in range(0, strings, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, strings)
            found[start:stop] = self.some(stop - start, seed=start + 1)
            tell("making vectors", stop, strings)
        return found

    def _directions(self, count: int, chance: np.random.Generator) -> Vectors:
        return _unit(chance.standard_normal((count, self._dimensions), dtype=np.float32) * self._axes)


def measured(folder: Path, strings: int, dimensions: int, queries: int, tell: Tell) -> dict[str, float]:
    """The figures of an index built into `folder`."""
    terms = SyntheticTerms(strings, dimensions)
    # Others than those that the build measures its recall on.
    held_out, asked = terms.some(200, seed=-1 % 2**32), terms.some(queries, seed=-2 % 2**32)
    vectors = terms.all(strings, tell)
    begun = time.perf_counter()
    built = write_vector_index(
        folder, vectors, held_out, HNSW, lambda done, total: tell("linking neighbours", done, total)
    )
    building = time.perf_counter() - begun
    tell("finding the exact neighbours", 0, None)
    exact = faiss.knn(asked, vectors, RECALL_DEPTH, metric=faiss.METRIC_INNER_PRODUCT)[0][:, -1]
    begun = time.perf_counter()
    index = VectorIndex.open(folder, built.search_breadth)
    opening = time.perf_counter() - begun
    tell("searching", 0, None)
    taken, found = [], []
    index.nearest(asked[:1], RECALL_DEPTH)
    for query, least in zip(asked, exact, strict=True):
        begun = time.perf_counter()
        rows = index.nearest(query[None], RECALL_DEPTH)[1][0]
        taken.append(1000 * (time.perf_counter() - begun))
        found.append((vectors[rows[rows >= 0]] @ query >= least - 1e-6).sum() / RECALL_DEPTH)
    together = time.perf_counter()
    index.nearest(asked, RECALL_DEPTH)
    together = time.perf_counter() - together
    exactly = VectorIndex.open(folder, None)
    begun = time.perf_counter()
    for query in asked[:10]:
        exactly.nearest(query[None], RECALL_DEPTH)
    return {
        "strings": float(strings),
        "dimensions": float(dimensions),
        "building, s": building,
        f"{VECTORS_FILE}, GB": (folder / VECTORS_FILE).stat().st_size / 1e9,
        f"{GRAPH_FILE}, GB": (folder / GRAPH_FILE).stat().st_size / 1e9,
        "peak memory, GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        OPENING: opening,
        "search breadth": float(built.search_breadth or 0),
        RECALL: float(np.mean(found)),
        QUERY: float(np.median(taken)),
        "a query, 95 %, ms": float(np.percentile(taken, 95)),
        "a query of a batch, ms": 1000 * together / len(asked),
        "a query by exact search, ms": 1000 * (time.perf_counter() - begun) / 10,
    }


def _unit(vectors: Vectors) -> Vectors:
    found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures beside their aims."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--strings", type=int, default=1_500_000)
    parser.add_argument("--dimensions", type=int, default=768)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        figures = measured(Path(folder), options.strings, options.dimensions, options.queries, tell)
    publish(found_here(figures), AIMS, options.json, "large-index")


if __name__ == "__main__":
    main()
