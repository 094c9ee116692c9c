"""The published loop has the faults that it is described with, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from clinic import ANSWERABLE, ASTHMA, COVID, INFARCTION

from linker.encoder import BiEncoder
from linker.evaluation.published_loop import BATCH, PublishedLoop, index_pairs
from linker.index import TermIndex
from linker.reranker import Reranker

LONG = "angina inestable de reciente comienzo"


@pytest.fixture(scope="module")
def loop(index: TermIndex, encoder: BiEncoder) -> PublishedLoop:
    return PublishedLoop(index_pairs(index), encoder)


def test_alone_a_vector_is_the_masked_one(loop: PublishedLoop, encoder: BiEncoder) -> None:
    # The tiny encoder pools by the mean, and alone there is no padding.
    assert loop.encode(["asma"]) == pytest.approx(encoder.encode(["asma"]), abs=1e-5)


def test_a_vector_depends_on_its_batch(loop: PublishedLoop, encoder: BiEncoder) -> None:
    alone, beside = loop.encode(["asma"])[0], loop.encode(["asma", LONG])[0]
    assert alone @ beside < 0.99
    right = encoder.encode(["asma", LONG])
    assert right[0] == pytest.approx(encoder.encode(["asma"])[0], abs=1e-5)


def test_strings_stay_in_the_order_given(loop: PublishedLoop) -> None:
    texts = [LONG, *(["asma"] * (BATCH - 1)), "asma"]
    vectors = loop.encode(texts)
    # The last one is in a batch of its own.
    assert vectors[1] @ vectors[-1] < 0.99
    assert vectors[-1] == pytest.approx(loop.encode(["asma"])[0], abs=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)


def test_codes_are_dropped_after_searching(loop: PublishedLoop, index: TermIndex) -> None:
    rows = int(index.senses.indptr[-1])
    for k in (1, 5, rows, 1000):
        found = loop.answer(["asma", "infarto agudo de miocardio"], k)
        for codes, score in zip(found.candidates, found.scores, strict=True):
            assert len(codes) == len(set(codes)) <= min(k, rows)
            assert -1 <= score <= 1 + 1e-6
    assert set(loop.answer(["asma"], rows).candidates[0]) == ANSWERABLE


def test_a_code_of_many_near_strings_leaves_fewer_codes_than_were_asked_for(encoder: BiEncoder) -> None:
    # At least one batch holds nothing else, so that its strings are not padded and equal the mention's.
    loop = PublishedLoop([*[("infarto", "A:1")] * (2 * BATCH), ("asma", "A:2")], encoder)
    assert loop.answer(["infarto"], 2).candidates == [["A:1"]]
    assert loop.answer(["infarto"], 2 * BATCH).candidates == [["A:1", "A:2"]]


def test_every_sense_of_a_string_is_a_row(loop: PublishedLoop) -> None:
    found = loop.answer(["myocardial infarction"], 1000).candidates[0]
    assert {INFARCTION, COVID} <= set(found)


def test_the_cross_encoder_has_the_last_word(
    loop: PublishedLoop, index: TermIndex, reranker: Reranker
) -> None:
    mentions = ["asma", "infarto", "bronquitis"]
    before, after = loop.answer(mentions, 10), loop.reranked(mentions, 10, reranker)
    for found, ordered in zip(before.candidates, after.candidates, strict=True):
        assert sorted(found) == sorted(ordered)
    # An exact match is not protected: the random cross-encoder puts something else first for some term.
    texts = index.texts()
    firsts = loop.reranked(texts, 10, reranker).candidates
    assert any(
        first[0] not in {index.concept_id(c) for c in index.senses.of(row)}
        for row, first in enumerate(firsts)
    )


def test_a_longer_list_has_no_lower_best_score(loop: PublishedLoop, reranker: Reranker) -> None:
    found = loop.reranked(["asma"], 1000, reranker)
    assert len(found.candidates[0]) == len(ANSWERABLE)
    assert ASTHMA in found.candidates[0]
    shallow = loop.reranked(["asma"], 1, reranker)
    assert found.scores[0] >= shallow.scores[0] - 1e-5


def test_a_run_can_be_repeated(loop: PublishedLoop, index: TermIndex, encoder: BiEncoder) -> None:
    mentions = ["asma", "cólico", LONG]
    assert PublishedLoop(index_pairs(index), encoder).answer(mentions, 5) == loop.answer(mentions, 5)
