"""The lexical side: folded look-up, and a fuzzy score that equals TF-IDF worked out by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.errors import IndexDamaged
from linker.lexical import LexicalIndex, best_rows
from linker.normalization import fold, fold_words

TERMS = [
    "asma",
    "Asma",
    "asma bronquial",
    "bronquitis asmática",
    "insuficiencia renal crónica",
    "ano",
    "año",
    "COVID-19",
    "+",
]
QUERIES = ["asma", "ASMÁ", "bronquitis", "insuf. renal", "anos", "xyzzy", "¿?", "+"]


def ngrams(text: str) -> Counter[str]:
    """Character 2- to 4-grams of each word with a space at either end; a shorter word counts once, whole."""
    found: Counter[str] = Counter()
    for word in fold(text).split():
        padded = f" {word} "
        for n in (2, 3, 4):
            if len(padded) <= n:
                found[padded] += 1
                break
            found.update(padded[i : i + n] for i in range(len(padded) - n + 1))
    return found


def slow_cosines(terms: Sequence[str], queries: Sequence[str]) -> np.ndarray:
    """TF-IDF with sublinear term frequency and smoothed idf; n-grams no term has count in the query's length."""
    frequency: Counter[str] = Counter()
    for term in terms:
        frequency.update(set(ngrams(term)))

    def weigh(text: str) -> dict[str, float]:
        weights = {
            gram: (1 + math.log(count)) * (math.log((1 + len(terms)) / (1 + frequency[gram])) + 1)
            for gram, count in ngrams(text).items()
        }
        length = math.sqrt(sum(w * w for w in weights.values())) or 1.0
        return {gram: w / length for gram, w in weights.items()}

    weighed = [weigh(term) for term in terms]
    return np.array(
        [[sum(w * term.get(gram, 0.0) for gram, w in weigh(q).items()) for term in weighed] for q in queries]
    )


def cosines(lexical: LexicalIndex, queries: Sequence[str]) -> np.ndarray:
    return np.vstack(list(lexical.similarities(queries)))


@pytest.fixture(scope="module")
def lexical() -> LexicalIndex:
    return LexicalIndex.build(TERMS)


def test_the_fuzzy_score_is_the_tf_idf_cosine(lexical: LexicalIndex) -> None:
    np.testing.assert_allclose(cosines(lexical, QUERIES), slow_cosines(TERMS, QUERIES), atol=1e-5)


def test_a_term_is_wholly_like_itself_and_unlike_what_shares_nothing(lexical: LexicalIndex) -> None:
    scores = cosines(lexical, ["ASMÁ", "xyzzy"])
    assert scores[0, :2] == pytest.approx([1, 1], abs=1e-6)
    assert not scores[1].any()


def test_a_query_is_scored_alike_alone_and_in_any_batch(lexical: LexicalIndex) -> None:
    together = cosines(lexical, QUERIES)
    alone = np.vstack([cosines(lexical, [query]) for query in QUERIES])
    assert np.array_equal(together, alone)


def test_folded_look_up_finds_the_rows_that_differ_in_case_accents_and_marks(lexical: LexicalIndex) -> None:
    found = lexical.same_folded(["ASMÁ", "covid 19", "año", "ano", "bronquitis", "¿?"])
    assert [sorted(TERMS[row] for row in rows) for rows in found] == [
        ["Asma", "asma"],
        ["COVID-19"],
        ["año"],
        ["ano"],
        [],
        ["+"],
    ]


@settings(derandomize=True, deadline=None, max_examples=20)
@given(st.lists(st.text(alphabet="abñáÁB -+", max_size=6), min_size=1, max_size=8))
def test_every_text_finds_itself_folded(terms: list[str]) -> None:
    lexical = LexicalIndex.build(terms)
    for term, rows in zip(terms, lexical.same_folded(terms), strict=True):
        assert {row for row in range(len(terms)) if fold_words(terms[row]) == fold_words(term)} == set(rows)
    scores = cosines(lexical, terms)
    assert scores.shape == (len(terms), len(terms))
    assert scores.min() >= 0
    assert scores.max() <= 1 + 1e-5


def test_the_best_rows_come_best_first_and_ties_by_row(lexical: LexicalIndex) -> None:
    scores = cosines(lexical, ["asma"])[0]
    assert [TERMS[row] for row in best_rows(scores, 3)] == ["asma", "Asma", "asma bronquial"]
    assert len(best_rows(scores, 100)) == np.count_nonzero(scores)
    assert len(best_rows(cosines(lexical, ["xyzzy"])[0], 5)) == 0


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=1000), st.integers(1, 12))
def test_the_best_of_many_rows_are_those_of_a_full_sort(tenths: list[int], top_k: int) -> None:
    scores = np.array(tenths, dtype=np.float32) / 10
    expected = sorted((row for row in range(len(scores)) if scores[row]), key=lambda row: (-scores[row], row))
    assert best_rows(scores, top_k).tolist() == expected[:top_k]


def test_it_opens_mapped_and_answers_as_it_was_built(lexical: LexicalIndex, tmp_path: Path) -> None:
    lexical.save(tmp_path / "lexical")
    opened = LexicalIndex.open(tmp_path / "lexical")
    assert isinstance(opened.postings.data.base.base, np.memmap)
    assert np.array_equal(cosines(opened, QUERIES), cosines(lexical, QUERIES))


def test_a_missing_array_is_damage(lexical: LexicalIndex, tmp_path: Path) -> None:
    lexical.save(tmp_path / "lexical")
    (tmp_path / "lexical" / "idf.npy").unlink()
    with pytest.raises(IndexDamaged, match="cannot be read"):
        LexicalIndex.open(tmp_path / "lexical")
