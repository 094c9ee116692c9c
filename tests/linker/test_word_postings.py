"""Which terms of an index hold a word."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linker.content_words import word_stems
from linker.errors import IndexDamaged
from linker.lexical import keys_of
from linker.word_postings import WordPostings

TERMS = ("litiasis renal", "Litiasis vesical", "cálculos de la vejiga", "dolor, dolores", "de la", "")
TEXTS = st.lists(st.text(alphabet="abñ de+", max_size=9), min_size=1, max_size=8)


def held(postings: WordPostings, word: str) -> dict[int, int]:
    rows, places = postings.holding(keys_of([word]))
    assert not places.any()
    return dict(Counter(rows.tolist()))


def test_a_word_is_found_in_every_form_and_as_often_as_it_is_said() -> None:
    postings = WordPostings.build(TERMS)
    assert held(postings, "litia") == {0: 1, 1: 1}
    assert held(postings, "calcu") == {2: 1}
    assert held(postings, "dolor") == {3: 2}
    assert held(postings, "tumor") == {}
    assert postings.lengths.tolist() == [len(word_stems(term)) for term in TERMS]


def test_words_that_no_term_holds_are_passed_over_among_others() -> None:
    rows, places = WordPostings.build(TERMS).holding(keys_of(["tumor", "litia", "~", "vejig"]))
    assert rows.tolist() == [0, 1, 2]
    assert places.tolist() == [1, 1, 3]


@settings(derandomize=True, deadline=None)
@given(texts=TEXTS, words=TEXTS)
def test_it_finds_what_counting_finds(texts: list[str], words: list[str]) -> None:
    postings = WordPostings.build(texts)
    for word in {stem for text in words for stem in word_stems(text)}:
        counted = {row: word_stems(text).count(word) for row, text in enumerate(texts)}
        assert held(postings, word) == {row: times for row, times in counted.items() if times}


def test_it_opens_mapped_and_answers_as_it_was_built(tmp_path: Path) -> None:
    postings = WordPostings.build(TERMS)
    postings.save(tmp_path / "words")
    opened = WordPostings.open(tmp_path / "words")
    assert isinstance(opened.rows.base, np.memmap)
    assert held(opened, "litia") == {0: 1, 1: 1}


def test_a_missing_array_is_damage(tmp_path: Path) -> None:
    WordPostings.build(TERMS).save(tmp_path)
    (tmp_path / "starts.npy").unlink()
    with pytest.raises(IndexDamaged, match=r"cannot be read .* build the index again with `enlace index`"):
        WordPostings.open(tmp_path)
