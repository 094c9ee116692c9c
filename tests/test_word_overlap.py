"""Word overlap tells a broader term from a narrower one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.word_overlap import word_overlaps


def test_a_broader_term_is_wholly_said_by_the_mention() -> None:
    ((term_said, mention_said),) = word_overlaps([("carcinoma pobremente diferenciado", "Carcinoma")])
    assert term_said == 1.0
    assert mention_said < 0.5


def test_a_narrower_term_says_the_whole_mention_and_more() -> None:
    ((term_said, mention_said),) = word_overlaps([("crisis convulsivas", "Crisis convulsivas bilaterales")])
    assert term_said < 1.0
    assert mention_said == 1.0


def test_inflection_case_accents_and_function_words_do_not_count() -> None:
    overlaps = word_overlaps([("lesión de la rodilla derecha", "LESIONES EN RODILLA DERECHO")])
    assert np.array_equal(overlaps, [[1.0, 1.0]])


def test_nothing_in_common_is_zero() -> None:
    assert np.array_equal(word_overlaps([("fiebre", "hepatitis")]), [[0.0, 0.0]])


def test_no_pairs_give_an_empty_array_of_two_columns() -> None:
    assert word_overlaps([]).shape == (0, 2)


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_two_sides_swap_with_the_strings(mention: str, term: str) -> None:
    ((a, b),) = word_overlaps([(mention, term)])
    ((c, d),) = word_overlaps([(term, mention)])
    assert (a, b) == (d, c)
    assert 0.0 <= min(a, b) <= max(a, b) <= 1.0
