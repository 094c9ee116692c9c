"""ONNX Runtime computes what torch computes, for every family of checkpoints, whatever a string is batched with."""

from __future__ import annotations

import builtins
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoints import SHAPE, make_masked_language_model, make_roberta, make_xlm_roberta
from transformers import (
    AutoTokenizer,
    DistilBertConfig,
    DistilBertModel,
    RobertaConfig,
    RobertaForSequenceClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

from linker.encoder import INT8, BiEncoder
from linker.errors import LinkerError
from linker.onnx_export import MODEL_FILE
from linker.reranker import Reranker

TEXTS = ["asma", "", "EPOC", "dolor torácico opresivo irradiado al brazo izquierdo", "ano", "año", "x" * 200]
PAIRS = [(mention, term) for mention in TEXTS for term in TEXTS]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where tests that make no difference there keep what they export: an export takes seconds."""
    return tmp_path_factory.mktemp("exports")


def cosines(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    found: np.ndarray = (some * others).sum(1)
    return found


@pytest.mark.parametrize(
    ("make", "pooling"), [(make_roberta, "mean"), (make_xlm_roberta, "cls"), (make_xlm_roberta, "max")]
)
def test_vectors_are_those_of_torch(
    make: Callable[[Path], Path], pooling: str, tmp_path: Path, exports: Path
) -> None:
    folder = make(tmp_path / "plain")
    # String by string: what padding could do to a mean, it cannot do there.
    library = BiEncoder.open(folder, pooling=pooling, device="cpu").model
    right = np.concatenate([library.encode([text], normalize_embeddings=True) for text in TEXTS])
    encoder = BiEncoder.open(folder, pooling=pooling, onnx=exports)
    for found in (encoder.encode(TEXTS), encoder.encode_terms(TEXTS), encoder.encode(TEXTS[::-1])[::-1]):
        assert (cosines(found, right) >= 0.9999).all()
    assert encoder.identity.same_as(BiEncoder.open(folder, pooling=pooling, device="cpu").identity)


def test_bert_as_it_is_pre_trained_and_in_a_sentence_transformers_folder(
    tiny_bi_encoder: Path, tmp_path: Path, exports: Path
) -> None:
    plain = make_masked_language_model(tmp_path / "plain", tiny_bi_encoder)
    for folder in (tiny_bi_encoder, plain):
        right = BiEncoder.open(folder, device="cpu").encode(TEXTS)
        assert (cosines(BiEncoder.open(folder, onnx=exports).encode(TEXTS), right) >= 0.9999).all()


def test_an_architecture_that_is_not_packed_is_computed_too(tiny_bi_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "distilled"
    tokenizer = AutoTokenizer.from_pretrained(tiny_bi_encoder)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = DistilBertConfig(
            vocab_size=len(tokenizer), dim=32, n_layers=1, n_heads=2, hidden_dim=64, initializer_range=0.5
        )
        DistilBertModel(config).save_pretrained(folder)
    library = BiEncoder.open(folder, pooling="mean", device="cpu")
    encoder = BiEncoder.open(folder, pooling="mean", onnx=tmp_path / "onnx")
    assert (cosines(encoder.encode(TEXTS), library.encode(TEXTS)) >= 0.9999).all()


def test_a_terms_vector_is_the_same_to_the_last_bit_whatever_it_is_encoded_with(
    tiny_bi_encoder: Path, exports: Path
) -> None:
    encoder = BiEncoder.open(tiny_bi_encoder, onnx=exports)
    together = encoder.encode_terms(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_array_equal(encoder.encode_terms([text])[0], vector)


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
def test_logits_are_those_of_torch(
    family: str, tiny_cross_encoder: Path, tmp_path: Path, exports: Path
) -> None:
    folder = tiny_cross_encoder if family == "bert" else tmp_path / family
    if family != "bert":
        make, config, kind = {
            "roberta": (make_roberta, RobertaConfig, RobertaForSequenceClassification),
            "xlm-roberta": (make_xlm_roberta, XLMRobertaConfig, XLMRobertaForSequenceClassification),
        }[family]
        make(folder)
        size = json.loads((folder / "config.json").read_text())["vocab_size"]
        with torch.random.fork_rng():
            torch.manual_seed(0)
            kind(config(vocab_size=size, num_labels=1, **SHAPE)).save_pretrained(folder)
    model = Reranker.open(folder, device="cpu").model
    right = model.predict(PAIRS, activation_fn=torch.nn.Identity(), convert_to_numpy=True)
    reranker = Reranker.open(folder, onnx=exports)
    np.testing.assert_allclose(reranker.logits(PAIRS), right, atol=1e-3)
    reranker.cache.clear()
    np.testing.assert_allclose(reranker.logits(PAIRS[:1]), right[:1], atol=1e-3)


def test_a_model_is_exported_once_and_again_when_its_weights_change(
    tiny_cross_encoder: Path, tmp_path: Path
) -> None:
    folder, own = tmp_path / "model", tmp_path / "onnx"
    shutil.copytree(tiny_cross_encoder, folder)
    Reranker.open(folder, onnx=own)
    (first,) = own.iterdir()
    made = (first / MODEL_FILE).stat().st_mtime_ns
    Reranker.open(folder, onnx=own)
    assert (first / MODEL_FILE).stat().st_mtime_ns == made
    changed = Reranker.open(folder, device="cpu").model.model
    with torch.no_grad():
        # No digest of the bi-encoder kind sees the pooler, and a cross-encoder reads through it.
        changed.bert.pooler.dense.weight.mul_(-1)
    changed.save_pretrained(folder)
    right = Reranker.open(folder, device="cpu").logits(PAIRS)
    np.testing.assert_allclose(Reranker.open(folder, onnx=own).logits(PAIRS), right, atol=1e-3)
    assert len(list(own.iterdir())) == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in tiny_cross_encoder.iterdir()
    )


def test_threads_share_one_model(tiny_bi_encoder: Path, exports: Path) -> None:
    encoder = BiEncoder.open(tiny_bi_encoder, onnx=exports)
    right = encoder.encode(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: encoder.encode(TEXTS), range(8)):
            np.testing.assert_allclose(found, right, atol=1e-5)


def test_another_precision_than_float32_is_refused(tiny_bi_encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(LinkerError, match="computes in float32 and int8 was asked for"):
        BiEncoder.open(tiny_bi_encoder, precision=INT8, onnx=tmp_path)


def test_without_the_extra_it_is_told_what_to_install(
    tiny_bi_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LinkerError, match=r"pip install 'enlace\[onnx\]'"):
        BiEncoder.open(tiny_bi_encoder, onnx=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_damaged_export_and_a_folder_that_cannot_be_written_are_told(
    tiny_bi_encoder: Path, tmp_path: Path
) -> None:
    exports = tmp_path / "onnx"
    BiEncoder.open(tiny_bi_encoder, onnx=exports)
    (made,) = exports.glob(f"*/{MODEL_FILE}")
    made.write_bytes(made.read_bytes()[:100])
    with pytest.raises(LinkerError, match=f"{MODEL_FILE} cannot be read .*; delete its folder"):
        BiEncoder.open(tiny_bi_encoder, onnx=exports)
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkerError, match=r"cannot be exported into .*file"):
        BiEncoder.open(tiny_bi_encoder, onnx=tmp_path / "file")
