"""Linking within a scope: candidates from within only, as many as asked for, and what lies outside is told."""

from __future__ import annotations

import numpy as np
import pytest
from clinic import (
    ANSWERABLE,
    ANUS,
    ASTHMA,
    BRONCHITIS,
    COLIC,
    COVID,
    INFARCTION,
    RENAL_COLIC,
    YEAR,
    retriever,
)

from linker.encoder import BiEncoder
from linker.errors import ScopeRejected
from linker.fusion import RetrievalWeights
from linker.index import TermIndex
from linker.model import Path as Way
from linker.model import Reason
from linker.pipeline import Linker
from linker.reranker import Reranker
from linker.scope import Scope

MENTIONS = ["asma", "colico", "infarto del corazón", "myocardial infarction", "¿?"]


def test_all_candidates_are_within_and_the_list_is_filled_from_there(
    linker: Linker, index: TermIndex
) -> None:
    within = {ASTHMA, ANUS, COVID, RENAL_COLIC}
    scope = Scope.of(index, ids=[*within, "X:unknown"])
    for one in linker.link(MENTIONS, top_k=4, scope=scope):
        assert {candidate.id for candidate in one.candidates} == within
    for one in linker.link(MENTIONS, top_k=9, scope=scope):
        assert len(one.candidates) == 4


def test_a_scope_of_all_changes_nothing(linker: Linker, index: TermIndex) -> None:
    scope = Scope.of(index, ids=ANSWERABLE)
    for one, other in zip(linker.link(MENTIONS, scope=scope), linker.link(MENTIONS), strict=True):
        assert [c.id for c in one.candidates] == [c.id for c in other.candidates]
        assert one.decision == other.decision


def test_of_a_shared_term_only_the_sense_within_counts(linker: Linker, index: TermIndex) -> None:
    scope = Scope.of(index, ids=[RENAL_COLIC, YEAR])
    answer = linker.link(["cólico"], scope=scope)[0]
    assert answer.candidates[0].id == RENAL_COLIC
    assert answer.candidates[0].path is Way.EXACT
    assert answer.decision.id == RENAL_COLIC


def test_a_better_concept_outside_is_told_and_the_best_within_shown(
    index: TermIndex, encoder: BiEncoder
) -> None:
    by_letters = RetrievalWeights(dense=0, lexical=10, bias=-5)
    linker = Linker(retriever(index, encoder, by_letters), None)
    scope = Scope.of(index, ids=[ANUS, YEAR])
    answer = linker.link(["asma"], scope=scope)[0]
    assert (answer.decision.id, answer.decision.reason) == (None, Reason.OUT_OF_SCOPE)
    assert {candidate.id for candidate in answer.candidates} == {ANUS, YEAR}
    inside = linker.link(["ano"], scope=scope)[0]
    assert (inside.decision.id, inside.decision.reason) == (ANUS, Reason.CHOSEN)


def test_semantic_tags_and_ids_are_both_kept_to(index: TermIndex) -> None:
    scope = Scope.of(index, ids=[INFARCTION, COLIC], semantic_tags=["trastorno"])
    assert [index.concept_id(ordinal) for ordinal in np.flatnonzero(scope.concepts)] == [INFARCTION]
    assert {index.text(row) for row in np.flatnonzero(scope.terms)} >= {
        "infarto de miocardio",
        "myocardial infarction",
    }
    assert Scope.of(index, semantic_tags=["trastorno"]).count == 5


def test_what_no_concept_is_in_is_refused(index: TermIndex) -> None:
    with pytest.raises(ScopeRejected, match=r"semantic tag 'hallazgo'; there are: trastorno\."):
        Scope.of(index, semantic_tags=["hallazgo"])
    with pytest.raises(ScopeRejected, match="is in the scope"):
        Scope.of(index, ids=["X:unknown"])
    with pytest.raises(ScopeRejected, match="is in the scope"):
        Scope.of(index, ids=[ANUS], semantic_tags=["trastorno"])


@pytest.mark.parametrize("queries", [1, 20])
def test_the_nearest_among_rows_are_those_of_a_full_search(
    index: TermIndex, encoder: BiEncoder, queries: int
) -> None:
    among = np.arange(len(index)) % 2 == 1
    vectors = encoder.encode([f"dolor {i}" for i in range(queries)])
    cosines, rows = index.nearest(vectors, 5, among)
    every, ranked = index.nearest(vectors, len(index))
    for found, near, all_rows, all_cosines in zip(rows, cosines, ranked, every, strict=True):
        kept = among[all_rows]
        assert found.tolist() == all_rows[kept][:5].tolist()
        np.testing.assert_allclose(near, all_cosines[kept][:5], atol=1e-5)
    every = index.nearest(vectors, len(index), among)[1]
    assert ((every >= 0).sum(axis=1) == among.sum()).all()


def test_a_cross_encoder_reads_candidates_within(
    index: TermIndex, encoder: BiEncoder, reranker: Reranker
) -> None:
    scope = Scope.of(index, ids=[BRONCHITIS, ASTHMA])
    answer = Linker(retriever(index, encoder), reranker).link(["bronquitis muy grave"], scope=scope)[0]
    assert {candidate.path for candidate in answer.candidates} == {Way.RERANKED}
