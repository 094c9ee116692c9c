"""Searching vectors: the graph finds what exact search finds, in a scope and without, and a bad graph is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clinic import ASTHMA, RECORDS, imported, indexed, retriever
from hypothesis import given
from hypothesis import strategies as st

from graph.release import INDEX_FOLDER, ReleaseHome
from linker.encoder import BiEncoder
from linker.errors import IndexDamaged, LinkerError
from linker.index import TermIndex
from linker.index_manifest import IndexManifest
from linker.recall_queries import mistyped, recall_queries
from linker.stored_vectors import StoredVectors
from linker.vector_index import (
    AUTO,
    EXACT,
    HNSW,
    HNSW_FROM,
    VectorIndex,
    _highest,
    chosen_kind,
    write_vector_index,
)


def clustered(count: int, dimensions: int = 24, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((count // 10, dimensions))
    found = centres[chance.integers(len(centres), size=count)] + 0.5 * chance.standard_normal(
        (count, dimensions)
    )
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(3000)
QUERIES = clustered(40, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hnsw")


@pytest.fixture(scope="module")
def graph(folder: Path) -> VectorIndex:
    told: list[tuple[int, int]] = []
    measured = write_vector_index(folder, VECTORS, QUERIES, HNSW, lambda *done: told.append(done))
    assert told[-1] == (len(VECTORS), len(VECTORS))
    assert measured.kind == HNSW
    assert measured.recall_at_64 >= 0.98
    assert measured.search_breadth
    return VectorIndex.open(folder, measured.search_breadth)


def right(queries: np.ndarray, k: int, mask: np.ndarray | None = None) -> np.ndarray:
    cosines = queries @ VECTORS.T
    if mask is not None:
        cosines[:, ~mask] = -2
    return np.sort(cosines, axis=1)[:, ::-1][:, :k]


@pytest.mark.parametrize("queries", [1, 40])
def test_a_graph_finds_what_is_nearest_with_exact_cosines(graph: VectorIndex, queries: int) -> None:
    cosines, rows = graph.nearest(QUERIES[:queries], 64)
    # float16 rounds.
    assert (np.abs(cosines - right(QUERIES[:queries], 64)) < 2e-3).mean() > 0.95
    read = np.einsum("qd,qkd->qk", QUERIES[:queries], VECTORS[rows])
    np.testing.assert_allclose(cosines, read, atol=2e-3)
    assert (np.diff(cosines, axis=1) <= 0).all()


@given(
    queries=st.integers(1, 4),
    rows=st.integers(1, 700),
    wanted=st.integers(1, 12),
    levels=st.integers(1, 50),
    seed=st.integers(0, 9),
)
def test_the_highest_of_a_block_are_those_of_a_full_sort(
    queries: int, rows: int, wanted: int, levels: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    # Small whole numbers: their products are exact, and many are equal.
    asked = chance.integers(-levels, levels + 1, (queries, 3)).astype(np.float32)
    block = chance.integers(-levels, levels + 1, (rows, 3)).astype(np.float32)
    wanted = min(wanted, rows)
    cosines, places = _highest(asked, block, wanted)
    every = asked @ block.T
    assert np.array_equal(cosines, -np.sort(-every, axis=1)[:, :wanted])
    assert np.array_equal(cosines, np.take_along_axis(every, places, axis=1))
    assert all(len(set(row)) == wanted for row in places.tolist())


def test_as_many_as_there_are_can_be_asked_for(graph: VectorIndex) -> None:
    _, rows = graph.nearest(QUERIES[:1], 10 * len(VECTORS))
    assert sorted(rows[0].tolist()) == list(range(len(VECTORS)))


@pytest.mark.parametrize("few", [0, 20_000])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.7])
def test_a_scope_holds_and_is_searched_through(
    graph: VectorIndex, share: float, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linker.vector_index._FEW_ROWS", few)
    mask = np.random.default_rng(2).random(len(VECTORS)) < share
    for index in (graph, VectorIndex(graph._vectors)):
        for queries in (QUERIES[:1], QUERIES):
            cosines, rows = index.nearest(queries, 16, mask)
            wanted = min(16, int(mask.sum()))
            assert rows.shape == (len(queries), 16)
            assert (rows[:, wanted:] == -1).all()
            assert mask[rows[:, :wanted]].all()
            near = np.abs(cosines[:, :wanted] - right(queries, wanted, mask)) < 2e-3
            assert wanted == 0 or near.mean() > 0.95


def noise() -> np.ndarray:
    """Vectors without neighbourhoods, in which a graph gets lost."""
    found = np.random.default_rng(0).standard_normal((3000, 64)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_a_graph_that_finds_too_little_is_refused(tmp_path: Path) -> None:
    vectors = noise()
    with pytest.raises(IndexDamaged, match=r"finds only 0\.\d+ of the exact .* `--index exact`"):
        write_vector_index(tmp_path, vectors, -vectors[:50], HNSW, build_breadths=(4,), search_breadths=(8,))
    assert not list(tmp_path.iterdir())


def test_a_search_is_broadened_until_it_finds_enough(tmp_path: Path) -> None:
    vectors = noise()
    measured = write_vector_index(
        tmp_path, vectors, -vectors[:50], HNSW, build_breadths=(4,), search_breadths=(8, 2500)
    )
    assert measured.search_breadth == 2500


def test_a_release_is_linked_through_a_graph(encoder: BiEncoder, tmp_path: Path) -> None:
    home = ReleaseHome(tmp_path)
    imported(home, "clinic", RECORDS)
    manifest = indexed(home, "clinic", encoder, kind=HNSW)
    assert (manifest.index, manifest.reused) == (HNSW, {})
    assert manifest.search_breadth
    folder = home.folder("clinic") / INDEX_FOLDER
    assert IndexManifest.read(folder) == manifest
    index = TermIndex.open(folder)
    (found,) = retriever(index, encoder).retrieve(["asma"], 3)
    assert index.concept_id(found.concepts[0]) == ASTHMA
    index.close()
    # Its vectors serve another index.
    stored = StoredVectors.open(folder, encoder.identity)
    again = indexed(home, "clinic", encoder, stored=[stored], kind=EXACT)
    assert (again.index, again.search_breadth) == (EXACT, None)
    assert again.reused == {"clinic": manifest.terms}
    assert not (folder / "graph.faiss").exists()


def test_kinds_are_chosen_by_size() -> None:
    assert chosen_kind(AUTO, HNSW_FROM - 1) == EXACT
    assert chosen_kind(AUTO, HNSW_FROM) == HNSW
    assert chosen_kind(EXACT, 10 * HNSW_FROM) == EXACT
    with pytest.raises(LinkerError, match="no kind of index 'ivf'; choose auto, exact or hnsw"):
        chosen_kind("ivf", 1)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_a_slip_changes_little(text: str, seed: int) -> None:
    assert abs(len(mistyped(text, np.random.default_rng(seed))) - len(text)) <= max(1, len(text))


def test_queries_are_mentions_and_mistyped_strings() -> None:
    texts = [f"dolor de cabeza {i}" for i in range(500)]
    queries = recall_queries(texts, ["cefalea", "cefalea", "migraña"])
    assert set(queries[:2]) == {"cefalea", "migraña"}
    assert len(queries) == 202
    assert sum(query in texts for query in queries) < 20
    assert queries == recall_queries(texts, ["cefalea", "cefalea", "migraña"])
