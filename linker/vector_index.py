"""The vectors of an index and the search among them: exact, or over an HNSW graph (Malkov and Yashunin 2016).

`vectors.faiss` holds every vector in float16 and is scanned by exact search. `graph.faiss` has the links of the HNSW
graph and no vectors: what the graph leads to is scored by the same stored vectors, so its cosines are exact and the
index is hardly larger. Both files are memory-mapped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from linker.encoder import Vectors
from linker.errors import IndexDamaged, LinkerError
from linker.faiss_library import faiss

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

AUTO, EXACT, HNSW = "auto", "exact", "hnsw"
KINDS = (AUTO, EXACT, HNSW)
HNSW_FROM = 250_000
"""Strings from which `auto` is HNSW: exact search takes some 20 ms a mention there."""
MINIMUM_RECALL = 0.98
RECALL_DEPTH = 64

#: Its type information lacks what was added to it last.
_FAISS: Any = faiss

VECTORS_FILE, GRAPH_FILE = "vectors.faiss", "graph.faiss"
LINKS = 32
"""Links of a string in the graph; twice as many on its lowest level."""
_BUILD_BREADTHS = (40, 120)
_SEARCH_BREADTHS = (96, 128, 192, 256, 384, 512)
_ROWS_AT_ONCE = 32_768
#: From so many queries on, decoding blocks of rows and multiplying matrices is faster than scanning.
_MANY_QUERIES = 40
#: Compared with a block of rows at once: more take more memory and save no more time.
_QUERIES_AT_ONCE = 256
#: Columns of which only the greatest is looked at first, at most, and so many groups of them at least for each wanted.
_COLUMNS, _GROUPS = 64, 2
#: A graph finds few of the rows of a small scope, and no more than so many rows are quickly compared.
_FEW_ROWS = 20_000
_SMALL_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """How an index's vectors are searched, and the share of the 64 nearest by exact float32 search that this finds."""

    kind: str
    recall_at_64: float
    search_breadth: int | None = None
    """Nodes of the graph that a search keeps in view (efSearch); None for exact search."""


class VectorIndex:
    """Vectors by row, and the rows nearest to others. Read-only; safe for several threads."""

    def __init__(self, vectors: Any, graph: Any | None = None, search_breadth: int | None = None) -> None:
        """`vectors` and `graph` are FAISS indexes; use `open`."""
        self._vectors = vectors
        self._graph = graph
        self._breadth = search_breadth or 0
        if graph is not None:
            graph.storage = vectors

    @classmethod
    def open(cls, folder: Path, search_breadth: int | None) -> VectorIndex:
        """Open memory-mapped; with a `search_breadth` there is a graph. Raises OSError, RuntimeError."""
        vectors = faiss.read_index(str(folder / VECTORS_FILE), faiss.IO_FLAG_MMAP_IFC)
        if search_breadth is None:
            return cls(vectors)
        flags = faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_SKIP_STORAGE
        graph = faiss.read_index(str(folder / GRAPH_FILE), flags)
        if graph.ntotal != vectors.ntotal:
            raise OSError(
                f"{GRAPH_FILE} is of {graph.ntotal} vectors and {VECTORS_FILE} has {vectors.ntotal}"
            )
        return cls(vectors, graph, search_breadth)

    def __len__(self) -> int:
        return int(self._vectors.ntotal)

    def of(self, rows: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Vectors:
        """Vectors of rows, shape (len(rows), dimensions)."""
        wanted = np.ascontiguousarray(rows, dtype=np.int64)
        found: Vectors = self._vectors.reconstruct_batch(wanted)
        return found

    def nearest(
        self, queries: Vectors, top_k: int, among: Mask | None = None
    ) -> tuple[npt.NDArray[np.float32], Rows]:
        """Cosines and rows of the `top_k` nearest, each of shape (len(queries), top_k), best first.

        `among` (n,) says which rows may be found; where fewer than `top_k` are, rows end with -1.
        """
        queries = np.ascontiguousarray(queries)
        wanted = min(top_k, len(self))
        if among is not None:
            allowed = np.flatnonzero(among)
            if len(allowed) <= max(_FEW_ROWS, _SMALL_SHARE * len(self)):
                return self._compared(queries, wanted, allowed)
        if self._graph is not None and wanted <= _SMALL_SHARE * len(self):
            return self._through_graph(queries, wanted, among)
        if len(queries) >= _MANY_QUERIES or among is not None:
            return self._compared(queries, wanted, None if among is None else allowed)
        cosines, rows = self._vectors.search(queries, wanted)
        return cosines, rows

    def _through_graph(
        self, queries: Vectors, wanted: int, among: Mask | None
    ) -> tuple[npt.NDArray[np.float32], Rows]:
        assert self._graph is not None
        # As many again as are asked for: the recall was measured at that depth or a lesser one.
        breadth = max(self._breadth, wanted + wanted // 2)
        settings = _FAISS.SearchParametersHNSW(efSearch=breadth)
        if among is not None:
            bits = np.packbits(among, bitorder="little")
            settings.sel = _FAISS.IDSelectorBitmap(bits)
            # Nodes out of scope are passed through and take their places in view.
            settings.efSearch = min(len(self), int(breadth / max(float(among.mean()), _SMALL_SHARE)))
        cosines, rows = self._graph.search(queries, wanted, params=settings)
        return cosines, rows

    def _compared(
        self, queries: Vectors, wanted: int, allowed: Rows | None
    ) -> tuple[npt.NDArray[np.float32], Rows]:
        """The same by comparing all rows, block by block: a scan would decode every vector for every query."""
        best = faiss.ResultHeap(len(queries), wanted, keep_max=True)
        count = len(self) if allowed is None else len(allowed)
        for start in range(0, count, _ROWS_AT_ONCE):
            size = min(_ROWS_AT_ONCE, count - start)
            if allowed is None:
                block = self._vectors.reconstruct_n(start, size)
            else:
                block = self._vectors.reconstruct_batch(allowed[start : start + size])
            found = [
                _highest(queries[first : first + _QUERIES_AT_ONCE], block, min(wanted, size))
                for first in range(0, len(queries), _QUERIES_AT_ONCE)
            ]
            cosines, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
            best.add_result(cosines, places + start if allowed is None else allowed[places + start])
        best.finalize()
        return best.D, best.I


def _highest(queries: Vectors, block: Vectors, wanted: int) -> tuple[npt.NDArray[np.float32], Rows]:
    """The highest `wanted` cosines of each query with the rows of a block, best first, and their places."""
    # Groups several times as many as are wanted: with few more, the least of their maxima would bound little.
    group = min(_COLUMNS, len(block) // (_GROUPS * wanted))
    if group < 2:
        cosines, places = faiss.knn(queries, block, wanted, metric=faiss.METRIC_INNER_PRODUCT)
        return cosines, places
    # The maxima of groups of columns are cosines of distinct rows: the `wanted`th of them is a bound from below, which
    # few rows reach. A heap for each query takes longer than the product.
    cosines = queries @ block.T
    columns = len(block) // group
    maxima = cosines[:, : columns * group].reshape(len(queries), columns, group).max(2)
    bounds = np.partition(maxima, columns - wanted, axis=1)[:, columns - wanted]
    near, places = np.nonzero(cosines >= bounds[:, None])
    order = np.lexsort((places, -cosines[near, places], near))
    first = np.searchsorted(near, np.arange(len(queries)))
    kept = order[first[:, None] + np.arange(wanted)]
    return cosines[near[kept], places[kept]], places[kept]


def chosen_kind(kind: str, strings: int) -> str:
    """`exact` or `hnsw`, for `auto` by the number of strings. Raises LinkerError for a kind that is not known."""
    if kind not in KINDS:
        raise LinkerError(
            f"There is no kind of index {kind!r}; choose {', '.join(KINDS[:-1])} or {KINDS[-1]}."
        )
    if kind == AUTO:
        return HNSW if strings >= HNSW_FROM else EXACT
    return kind


def write_vector_index(
    folder: Path,
    vectors: Vectors,
    queries: Vectors | None,
    kind: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
    build_breadths: Sequence[int] = _BUILD_BREADTHS,
    search_breadths: Sequence[int] = _SEARCH_BREADTHS,
) -> Measured:
    """Write vectors (n, dimensions) into `folder` as `kind`, `exact` or `hnsw`, and measure recall on `queries`.

    Without `queries` it is measured on some of the vectors. A graph that finds too little is searched more
    broadly, then built more broadly. `progress` is told how many vectors the graph has and how many it is to
    have. Raises IndexDamaged if less than MINIMUM_RECALL is found.
    """
    if queries is None:
        some = np.random.default_rng(0).choice(len(vectors), min(200, len(vectors)), replace=False)
        queries = vectors[some]
    stored = new_storage(vectors.shape[1])
    exact = _neighbourhoods(vectors, queries)
    if kind == EXACT:
        stored.add(vectors)
        faiss.write_index(stored, str(folder / VECTORS_FILE))
        recall = _recall(vectors, queries, VectorIndex(stored), exact)
        if recall >= MINIMUM_RECALL:
            return Measured(EXACT, round(recall, 4))
        raise IndexDamaged(
            f"The stored vectors find only {recall:.3f} of the exact nearest neighbours and {MINIMUM_RECALL} is asked "
            "for; report this with the encoder's name."
        )
    recall = 0.0
    for build_breadth in build_breadths:
        stored = new_storage(vectors.shape[1])
        graph = new_graph(stored, build_breadth)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            graph.add(vectors[start : start + _ROWS_AT_ONCE])
            progress(graph.ntotal, len(vectors))
        for search_breadth in search_breadths:
            recall = _recall(vectors, queries, VectorIndex(stored, graph, search_breadth), exact)
            if recall >= MINIMUM_RECALL:
                write_graph(folder, stored, graph)
                return Measured(HNSW, round(recall, 4), search_breadth)
    raise IndexDamaged(
        f"The HNSW index finds only {recall:.3f} of the exact nearest neighbours and {MINIMUM_RECALL} is asked for; "
        "index with `--index exact`."
    )


def new_storage(dimensions: int) -> Any:
    """An empty index of vectors in float16, compared by their inner product."""
    return faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def new_graph(storage: Any, build_breadth: int) -> Any:
    """An empty graph over an empty storage, which adding to the graph fills."""
    graph = faiss.IndexHNSW(storage, LINKS)
    graph.hnsw.efConstruction = build_breadth
    return graph


def write_graph(folder: Path, storage: Any, graph: Any) -> None:
    """Write both files."""
    faiss.write_index(storage, str(folder / VECTORS_FILE))
    _FAISS.write_index(graph, str(folder / GRAPH_FILE), faiss.IO_FLAG_SKIP_STORAGE)


def _neighbourhoods(vectors: Vectors, queries: Vectors) -> npt.NDArray[np.float32]:
    """The exact cosine of each query's 64th nearest vector."""
    k = min(RECALL_DEPTH, len(vectors))
    best = faiss.ResultHeap(len(queries), k, keep_max=True)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        block = vectors[start : start + _ROWS_AT_ONCE]
        best.add_result(*faiss.knn(queries, block, min(k, len(block)), metric=faiss.METRIC_INNER_PRODUCT))
    best.finalize()
    threshold: npt.NDArray[np.float32] = best.D[:, -1]
    return threshold


def _recall(vectors: Vectors, queries: Vectors, index: VectorIndex, exact: npt.NDArray[np.float32]) -> float:
    # Equally near neighbours (the same string in another case) are interchangeable, so a neighbour
    # counts as found when its exact cosine reaches the exact list's 64th.
    rows = index.nearest(queries, min(RECALL_DEPTH, len(vectors)))[1]
    found = [
        (vectors[near[near >= 0]] @ query >= least - 1e-6).sum() / rows.shape[1]
        for query, near, least in zip(queries, rows, exact, strict=True)
    ]
    return float(np.mean(found))
