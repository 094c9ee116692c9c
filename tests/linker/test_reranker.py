"""The cross-encoder: a pair's logit is its own, and only models that score pairs are taken."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
from checkpoints import make_masked_language_model, make_roberta
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from linker.encoder import SETTINGS_FILE
from linker.errors import ModelNotFound
from linker.fusion import RerankWeights
from linker.packed_models import PackedCrossEncoder
from linker.reranker import Reranker

PAIRS = [
    ("asma", "asma bronquial"),
    ("insuficiencia renal crónica agudizada", "enfermedad renal"),
    ("asma", "año"),
    ("asma", "ano"),
    ("asma", "asma bronquial"),
    ("asma ", "asma  bronquial"),
]


def test_a_pairs_logit_is_the_same_alone_and_in_any_batch(reranker: Reranker) -> None:
    def scored(pairs: list[tuple[str, str]]) -> np.ndarray:
        reranker.cache.clear()
        return reranker.logits(pairs)

    together = scored(PAIRS)
    assert together.dtype == np.float32
    assert together.shape == (len(PAIRS),)
    alone = np.concatenate([scored([pair]) for pair in PAIRS])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    np.testing.assert_allclose(scored(PAIRS[::-1])[::-1], together, atol=1e-4)
    assert not np.isclose(together[2], together[3], atol=1e-3), "ano is not año"


def test_equal_pairs_are_scored_once(tiny_cross_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    logits_of = PackedCrossEncoder.logits

    def counted(self: PackedCrossEncoder, pairs: list[tuple[str, str]]) -> np.ndarray:
        read.append(len(pairs))
        return logits_of(self, pairs)

    monkeypatch.setattr(PackedCrossEncoder, "logits", counted)
    logits = Reranker.open(tiny_cross_encoder).logits(PAIRS)
    # Spaces are normalised away, so the last pair is the first.
    assert read == [4]
    assert logits[0] == logits[4] == logits[5]


def test_no_pairs_have_no_logits(reranker: Reranker) -> None:
    assert reranker.logits([]).shape == (0,)


def test_a_models_settings_go_with_it(tiny_cross_encoder: Path, tmp_path: Path, reranker: Reranker) -> None:
    folder = shutil.copytree(tiny_cross_encoder, tmp_path / "model")
    settings = {"normalisation": "fold-1", "rerank_weights": {"dense": 2.0, "rerank": 0.5, "bias": -1.0}}
    (folder / SETTINGS_FILE).write_text(json.dumps(settings))
    opened = Reranker.open(folder)
    assert opened.weights == RerankWeights(dense=2.0, rerank=0.5, bias=-1.0)
    assert reranker.weights == RerankWeights()
    folded = opened.logits([("ASMÁ", "Asma Bronquial"), ("asma", "asma bronquial")])
    assert folded[0] == folded[1]


def test_a_model_of_several_outputs_is_refused(tiny_cross_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_cross_encoder)
    tokenizer.save_pretrained(tmp_path)
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    config = BertConfig(vocab_size=len(tokenizer), num_labels=3, **shape)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    with pytest.raises(ModelNotFound, match="has 3 outputs and one is needed"):
        Reranker.open(tmp_path)


def test_a_model_without_a_head_is_refused(tiny_bi_encoder: Path, tmp_path: Path) -> None:
    # It would be given a head of random weights, and put candidates in a random order.
    masked = make_masked_language_model(tmp_path / "masked", tiny_bi_encoder)
    for folder in (masked, make_roberta(tmp_path / "roberta"), tiny_bi_encoder):
        with pytest.raises(ModelNotFound, match="which scores no pairs"):
            Reranker.open(folder)


@pytest.mark.parametrize("name", ["no-such/model", "no-such-folder", "./no/such/folder"])
def test_an_unknown_model_is_told_in_one_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFound) as caught:
        Reranker.open(name)
    told = str(caught.value)
    assert f"cross-encoder {name!r} cannot be loaded" in told
    assert "\n" not in told
