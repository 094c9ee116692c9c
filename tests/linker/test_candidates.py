"""Candidates: exactly as many distinct concepts as asked for, in an order that can be explained."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from clinic import (
    ANUS,
    ASTHMA,
    CALCIUM,
    COLIC,
    COVID,
    INFARCTION,
    RENAL_COLIC,
    YEAR,
    RecordsInMemory,
    retriever,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model import Concept, Record, Term
from linker.abbreviations import Abbreviations
from linker.candidates import Retriever
from linker.encoder import BiEncoder
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.indexing import build_index
from linker.retrieved import Retrieved

BOTH = RetrievalWeights(dense=5, lexical=5, bias=-5)
MENTIONS = ["asma", "ASMA", "colico", "infarto agudo", "ano", "¿?", "dolor de muelas", "covid 19"]

words = st.sampled_from(
    ["asma", "Asma", "tos", "año", "ano", "dolor", "dolor leve", "fiebre", "Ca++", "+", "x"]
)
small_releases = st.lists(st.lists(words, max_size=4), min_size=1, max_size=9).filter(any)


def ids(index: TermIndex, one: Retrieved) -> list[str]:
    return [index.concept_id(ordinal) for ordinal in one.concepts]


def same(one: Retrieved, other: Retrieved) -> None:
    assert np.array_equal(one.concepts, other.concepts)
    assert np.array_equal(one.rows, other.rows)
    np.testing.assert_allclose(one.score, other.score, atol=1e-5)


@settings(derandomize=True, deadline=None, max_examples=20)
@given(small_releases, st.sampled_from(["asma", "ano", "++", "dolor", "otra cosa"]))
def test_any_number_of_distinct_concepts_up_to_all_there_are(
    encoder: BiEncoder, release: list[list[str]], mention: str
) -> None:
    records: list[Record] = [Concept(f"X:{i}") for i in range(len(release))]
    records += [Term(f"X:{i}", text, "es") for i, texts in enumerate(release) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "index"
        store = RecordsInMemory(records)
        build_index(place, "r", store, encoder, bi_encoder="", cross_encoder="")  # type: ignore[arg-type]
        index = TermIndex.open(place)
        answerable = sum(map(bool, release))
        assert index.concept_count == answerable
        everything = retriever(index, encoder, BOTH).retrieve([mention], len(release) + 3)[0]
        assert len(set(everything.concepts)) == len(everything) == answerable
        for k in range(1, answerable + 1):
            found = retriever(index, encoder, BOTH).retrieve([mention], k)[0]
            assert list(found.concepts) == list(everything.concepts[:k])
        index.close()


def test_the_search_widens_until_there_are_enough_concepts(encoder: BiEncoder, tmp_path: Path) -> None:
    # 600 terms of one concept lie nearer to the mention than any term of another.
    records: list[Record] = [Concept(f"X:{i}") for i in range(30)]
    records += [Term("X:0", f"asma asma {i}", "es") for i in range(600)]
    records += [Term(f"X:{i}", f"{i} quiste hidatídico", "es") for i in range(1, 30)]
    store = RecordsInMemory(records)
    build_index(tmp_path / "i", "r", store, encoder, bi_encoder="", cross_encoder="")  # type: ignore[arg-type]
    index = TermIndex.open(tmp_path / "i")
    for k in (1, 5, 30):
        found = retriever(index, encoder).retrieve(["asma asma 7", "quiste"], k)
        assert [len(set(one.concepts)) for one in found] == [k, k]
    assert ids(index, found[0])[0] == "X:0"
    index.close()


def test_an_exact_match_comes_before_a_folded_one_and_that_before_the_rest(
    index: TermIndex, encoder: BiEncoder
) -> None:
    exact, folded, spelled = retriever(index, encoder).retrieve(["año", "AÑO", "anos"], 5)
    assert (ids(index, exact)[0], exact.exact[0]) == (YEAR, 2)
    assert (ids(index, folded)[0], folded.exact[0]) == (YEAR, 1)
    assert not spelled.exact.any()
    assert not exact.exact[1:].any(), "ano is not año folded"


@pytest.mark.parametrize(
    ("mention", "id", "exact"),
    [
        ("ano", ANUS, 2),
        ("covid 19", COVID, 1),
        ("Ca++", CALCIUM, 2),
        ("CA", CALCIUM, 1),
        ("asma, bronquial", ASTHMA, 1),
        ("asma bron-quial", ASTHMA, 1),
        ("an\u0303o", YEAR, 1),
    ],
)
def test_case_accents_and_marks_hide_no_match(
    mention: str, id: str, exact: int, index: TermIndex, encoder: BiEncoder
) -> None:
    found = retriever(index, encoder, BOTH).retrieve([mention], 3)[0]
    assert (ids(index, found)[0], found.exact[0]) == (id, exact)


def test_among_the_senses_of_one_string_the_heavier_comes_first(index: TermIndex, encoder: BiEncoder) -> None:
    # "cólico" is one's preferred term and a broad synonym of the other; both are exact.
    exact, folded = retriever(index, encoder).retrieve(["cólico", "COLICO"], 5)
    assert ids(index, exact)[:2] == ids(index, folded)[:2] == [COLIC, RENAL_COLIC]
    assert list(exact.weight[:2]) == [3, 1]
    assert ids(index, retriever(index, encoder).retrieve(["myocardial infarction"], 5)[0])[:2] == [
        INFARCTION,
        COVID,
    ]


def test_what_no_match_decides_is_in_the_order_of_the_fused_score(
    index: TermIndex, encoder: BiEncoder
) -> None:
    for weights in (RetrievalWeights(), BOTH, RetrievalWeights(0, 10, -5)):
        for one in retriever(index, encoder, weights).retrieve(MENTIONS, 10):
            free = one.score[one.exact == 0]
            assert np.all(np.diff(free) <= 0)
            assert np.all(np.diff(one.exact) <= 0)
            np.testing.assert_allclose(one.score, weights.score(one.dense, one.lexical))


def test_each_candidate_has_both_scores_of_the_term_that_stands_for_it(
    index: TermIndex, encoder: BiEncoder
) -> None:
    mention = "infarto del corazón"
    found = retriever(index, encoder, BOTH).retrieve([mention], 10)[0]
    vectors = index.vectors_of(found.rows)
    np.testing.assert_allclose(found.dense, vectors @ encoder.encode([mention])[0], atol=1e-5)
    lexical = next(index.lexical.similarities([mention]))
    np.testing.assert_allclose(found.lexical, lexical[found.rows], atol=1e-6)
    for concept, row in zip(found.concepts, found.rows, strict=True):
        assert concept in index.senses.of(row)


def test_a_mention_is_answered_alike_alone_and_in_any_batch(index: TermIndex, encoder: BiEncoder) -> None:
    search = retriever(index, encoder, BOTH)
    together = search.retrieve(MENTIONS, 10)
    for mention, one in zip(MENTIONS, together, strict=True):
        same(search.retrieve([mention], 10)[0], one)
    for one, other in zip(search.retrieve(MENTIONS[::-1], 10)[::-1], together, strict=True):
        same(one, other)


def test_no_mentions_have_no_candidates(index: TermIndex, encoder: BiEncoder) -> None:
    assert retriever(index, encoder).retrieve([], 10) == []


def test_a_mention_with_an_abbreviation_is_searched_for_written_out_too(
    index: TermIndex, encoder: BiEncoder
) -> None:
    abbreviations = Abbreviations.of([("IM", "infarto de miocardio"), ("IM", "intramuscular")])
    search = Retriever(index, encoder, abbreviations, RetrievalWeights(0, 10, -5))
    found, plain = search.retrieve(["IM", "asma"], 10)
    assert ids(index, found)[0] == INFARCTION
    assert index.text(found.rows[0]) == "infarto de miocardio"
    assert found.readings[0] == "infarto de miocardio"
    # The term is not the mention, letter for letter.
    assert not found.exact.any()
    assert len(set(found.concepts)) == len(found) == index.concept_count
    assert set(plain.readings) == {"asma"}
    assert plain.exact[0] == 2
