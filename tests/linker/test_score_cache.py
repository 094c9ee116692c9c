"""The memory of scores: bounded, the longest unused forgotten first, and the scores the same with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from linker.reranker import Reranker
from linker.score_cache import ScoreCache


def test_what_was_put_is_found_until_it_gives_way() -> None:
    cache = ScoreCache(2)
    cache.put([("a", "x"), ("a", "y")], [1.0, 0.0])
    assert cache.get([("a", "x")]) == [1.0]
    cache.put([("b", "x")], [3.0])
    assert cache.get([("a", "x"), ("a", "y"), ("b", "x")]) == [1.0, None, 3.0]
    assert (len(cache), cache.hits, cache.misses) == (2, 3, 1)
    cache.clear()
    assert cache.get([("a", "x")]) == [None]


def test_a_score_of_nought_is_a_score() -> None:
    cache = ScoreCache()
    cache.put([("a", "x")], [0.0])
    assert cache.get([("a", "x")]) == [0.0]


def test_scored_pairs_are_not_read_again(reranker: Reranker) -> None:
    reranker.cache.clear()
    pairs = [("asma", "asma bronquial"), ("asma", "tos"), ("asma", "asma bronquial")]
    misses = reranker.cache.misses
    first = reranker.logits(pairs)
    assert reranker.cache.misses == misses + 2
    hits = reranker.cache.hits
    more = reranker.logits([*pairs, ("fiebre", "tos")])
    assert reranker.cache.hits == hits + 2
    assert np.array_equal(more[:3], first)


def test_threads_share_it() -> None:
    cache = ScoreCache(50)
    pairs = [(str(i % 7), str(i)) for i in range(100)]

    def use(_: int) -> bool:
        cache.put(pairs, list(range(100)))
        return all(
            found in (None, float(pair[1])) for pair, found in zip(pairs, cache.get(pairs), strict=True)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(40)))
    assert len(cache) == 50
