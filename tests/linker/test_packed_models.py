"""Strings packed end to end give what the library gives string by string, for every family and precision."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoints import make_roberta, make_xlm_roberta
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from linker.encoder import BFLOAT16, FULL, INT8, PRECISIONS, BiEncoder
from linker.packed_models import PackedBiEncoder
from linker.packed_transformer import PackedTransformer, Tokens, _round_number, pooled
from linker.reranker import Reranker

TEXTS = ["asma", "", "EPOC", "dolor torácico opresivo irradiado al brazo izquierdo", "ano", "año", "x" * 200]
NEAR = {FULL: 1e-5, BFLOAT16: 0.05, INT8: 0.05}


@pytest.fixture(scope="module")
def cross_encoder(tiny_cross_encoder: Path) -> Reranker:
    return Reranker.open(tiny_cross_encoder, device="cpu")


def packed(encoder: BiEncoder) -> PackedBiEncoder:
    found = PackedBiEncoder.of(encoder.model, FULL)
    assert found
    return found


@pytest.mark.parametrize("make", [make_roberta, make_xlm_roberta])
@pytest.mark.parametrize("pooling", ["cls", "mean", "max"])
def test_vectors_are_those_of_the_library(make: Callable[[Path], Path], pooling: str, tmp_path: Path) -> None:
    encoder = BiEncoder.open(make(tmp_path / "plain"), pooling=pooling, device="cpu")
    right = np.concatenate([encoder.model.encode([text], normalize_embeddings=True) for text in TEXTS])
    np.testing.assert_allclose(packed(encoder).vectors(TEXTS, lambda done: None), right, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_terms(TEXTS), right, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_lower_precisions_are_near_the_library(tiny_bi_encoder: Path, precision: str) -> None:
    right = BiEncoder.open(tiny_bi_encoder, device="cpu").model.encode(TEXTS, normalize_embeddings=True)
    encoder = BiEncoder.open(tiny_bi_encoder, precision=precision)
    assert ((encoder.encode(TEXTS) * right).sum(1) > 1 - NEAR[precision]).all()
    assert encoder.identity.precision == precision


@pytest.mark.parametrize("precision", PRECISIONS)
def test_logits_are_near_the_librarys(tiny_cross_encoder: Path, precision: str) -> None:
    pairs = [(mention, term) for mention in TEXTS for term in TEXTS]
    model = Reranker.open(tiny_cross_encoder, device="cpu").model
    right = model.predict(pairs, activation_fn=torch.nn.Identity())
    logits = Reranker.open(tiny_cross_encoder, precision=precision).logits(pairs)
    np.testing.assert_allclose(logits, right, atol=max(1e-4, 2 * NEAR[precision] * float(np.ptp(right))))


@given(st.data())
def test_a_pairs_logit_is_the_same_whatever_is_read_with_it(
    cross_encoder: Reranker, data: st.DataObject
) -> None:
    pairs = [(mention, f"{term} {place}") for place in range(12) for mention in TEXTS for term in TEXTS[:3]]
    cross_encoder.cache.clear()
    together = cross_encoder.logits(pairs)
    some = data.draw(st.lists(st.sampled_from(range(len(pairs))), min_size=1, max_size=80, unique=True))
    cross_encoder.cache.clear()
    assert cross_encoder.logits([pairs[at] for at in some]).tolist() == together[some].tolist()


def test_another_architecture_is_left_to_the_library(encoder: BiEncoder) -> None:
    body = encoder.model[0].model
    assert PackedTransformer.fits(body)
    kind = body.config.model_type
    try:
        body.config.model_type = "deberta"
        assert not PackedTransformer.fits(body)
        assert PackedBiEncoder.of(encoder.model, FULL) is None
    finally:
        body.config.model_type = kind


def test_a_string_too_long_for_a_batch_has_one_of_its_own(encoder: BiEncoder) -> None:
    words = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    lengths = [3, 50, 1, 7, 2, 60]
    tokens = Tokens(words.encode_batch(["a " * length for length in lengths]))
    batches = [rows.tolist() for rows in tokens.batches(10)]
    assert batches == [[2, 4, 0], [3], [1], [5]]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(1, 40))
def test_batches_hold_every_row_once_and_no_more_tokens_than_asked(lengths: list[int], most: int) -> None:
    words = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="b"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens = Tokens(words.encode_batch([" ".join("ab"[i % 2] for i in range(n)) for n in lengths]))
    batches = list(tokens.batches(most))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for rows in batches:
        batch = tokens.packed(rows)
        assert len(rows) == 1 or len(batch.ids) <= most
        read = [row for count, length in batch.runs for row in [length] * count]
        assert read == tokens.lengths[rows].tolist()
        starts = np.cumsum([0, *read[:-1]])
        assert batch.positions.tolist() == [place for length in read for place in range(length)]
        assert all(int(batch.ids[start]) == 0 for start in starts)


@given(st.integers(1, 5000))
def test_few_numbers_of_rows_are_met_and_few_rows_filled_in(tokens: int) -> None:
    filled = _round_number(tokens)
    assert tokens <= filled <= max(tokens + 7, 1.125 * tokens)
    assert _round_number(filled) == filled


def test_the_numbers_of_rows_are_few() -> None:
    assert len({_round_number(tokens) for tokens in range(1, 1025)}) == 40


def test_threads_share_one_model(encoder: BiEncoder) -> None:
    right = encoder.encode(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: encoder.encode(TEXTS), range(8)):
            np.testing.assert_allclose(found, right, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("make", [make_roberta, make_xlm_roberta])
def test_first_states_are_the_first_of_all_states(
    make: Callable[[Path], Path], precision: str, tmp_path: Path
) -> None:
    body = BiEncoder.open(make(tmp_path / "plain"), device="cpu").model[0].model
    whole, first_only = (PackedTransformer(body, precision, only) for only in (False, True))
    words = Tokenizer(models.WordLevel({"a": 7, "b": 8}, unk_token="b"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens = Tokens(words.encode_batch(["a b " * length for length in (1, 1, 2, 3, 3, 3, 7)]))
    batch = tokens.packed(np.arange(7))
    wanted = pooled(whole.states(batch), batch.runs, "cls")
    found = first_only.first_states(batch)
    assert found.shape == wanted.shape
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, wanted, atol=NEAR[precision] * float(np.ptp(wanted.numpy())))
