"""Where a model from scratch starts: pieces that keep the same company are close."""

from __future__ import annotations

import numpy as np
import pytest

from linker.training.cooccurrence import piece_vectors

WORDS = "dolor de cabeza intenso riñón renal cólico litiasis kidney stone fiebre alta mudo".split()  # noqa: SIM905


def pieces(lines: list[str]) -> list[list[int]]:
    return [[WORDS.index(word) for word in line.split()] for line in lines]


def vectors_of(texts: list[str], groups: list[tuple[str, ...]], seed: int = 0) -> np.ndarray:
    return piece_vectors(pieces, len(WORDS), texts, groups, 8, seed)[0]


def cosine(vectors: np.ndarray, first: str, second: str) -> float:
    return float(vectors[WORDS.index(first)] @ vectors[WORDS.index(second)])


TEXTS = [
    "dolor de cabeza intenso\nfiebre alta",
    "cólico renal\nlitiasis renal\ncólico riñón",
    "litiasis riñón\nfiebre alta",
]


def test_pieces_used_alike_are_closer_than_others() -> None:
    vectors = vectors_of(TEXTS, [])
    assert cosine(vectors, "renal", "riñón") > cosine(vectors, "renal", "cabeza") + 0.2


def test_two_terms_of_one_concept_bring_languages_together() -> None:
    groups = [("litiasis renal", "kidney stone"), ("riñón", "kidney"), ("cólico renal", "renal stone")]
    alone = vectors_of([*TEXTS, "kidney stone"], [])
    together = vectors_of([*TEXTS, "kidney stone"], groups)
    assert cosine(together, "litiasis", "stone") > cosine(alone, "litiasis", "stone") + 0.2


def test_a_piece_without_company_has_no_vector() -> None:
    vectors, known = piece_vectors(pieces, len(WORDS), TEXTS, [("mudo",)], 8, 0)
    assert vectors.shape == (len(WORDS), 8)
    assert not known[WORDS.index("mudo")]
    assert not vectors[WORDS.index("mudo")].any()
    assert np.linalg.norm(vectors[known], axis=1) == pytest.approx(1, abs=1e-5)


def test_the_same_input_gives_the_same_vectors() -> None:
    groups = [("litiasis renal", "kidney stone")]
    assert np.array_equal(vectors_of(TEXTS, groups, 3), vectors_of(TEXTS, groups, 3))
