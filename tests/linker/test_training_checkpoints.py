"""Training from checkpoints in the formats in which Spanish clinical encoders are published."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoints import make_clinical_xlm_roberta, make_spanish_roberta
from tiny_models import make_bi_encoder

from linker.encoder import BiEncoder
from linker.errors import TrainingError
from linker.mentions import GoldMention
from linker.reranker import Reranker
from linker.training.bi_encoder import BiEncoderRecipe
from linker.training.cross_encoder import CrossEncoderRecipe
from linker.training.runs import TrainingData, run_bi_encoder, run_cross_encoder
from linker.training.scratch import ScratchSize

CODES = {
    "C:1": ("insuficiencia renal crónica", "fallo renal crónico", "enfermedad renal crónica, estadio 5"),
    "C:2": ("dolor torácico", "dolor de pecho"),
    "C:3": ("asma", "asma bronquial"),
    "C:4": ("año", "años"),
    "C:5": ("ano", "orificio anal"),
}
DATA = TrainingData(
    [], [GoldMention(text, (code,)) for code, texts in CODES.items() for text in texts], ["Five codes"], 0.0
)
TEXTS = [text for texts in CODES.values() for text in texts]
BI_ENCODER = BiEncoderRecipe(
    steps=3, batch_size=6, learning_rate=1e-3, easy_steps=2, seeds=4, max_length=20, bfloat16=False
)
CROSS_ENCODER = CrossEncoderRecipe(steps=2, lists=3, negatives=2, depth=8, max_length=32, bfloat16=False)

Make = Callable[[Path], Path]
MAKERS = pytest.mark.parametrize("make", [make_spanish_roberta, make_clinical_xlm_roberta])


def trained(start_from: Path, output: Path, pooling: str | None = None, **changes: object) -> Path:
    run_bi_encoder(
        DATA,
        output,
        replace(BI_ENCODER, **changes),  # type: ignore[arg-type]
        ["enlace", "train", "bi-encoder"],
        start_from=str(start_from),
        size=ScratchSize(),
        pooling=pooling,
        progress=lambda *told: None,
    )
    return output


def by_hand(folder: Path, text: str, pooling: str) -> np.ndarray:
    """What the body gives for one string, pooled from its own tokens."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, body = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).float().eval()
    with torch.no_grad():
        states = body(
            **tokenizer(text, truncation=True, max_length=20, return_tensors="pt")
        ).last_hidden_state[0]
    pooled = states[0] if pooling == "cls" else states.mean(0)
    return (pooled / pooled.norm()).numpy()


@MAKERS
def test_the_tokenizer_of_a_checkpoint_reads_spanish(make: Make, tmp_path: Path) -> None:
    encoder = BiEncoder.open(make(tmp_path / "plain"))
    tokenizer = encoder.model.tokenizer
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text


@MAKERS
@pytest.mark.parametrize("pooling", [None, "mean"])
def test_a_bi_encoder_trained_from_a_checkpoint_pools_as_asked(
    make: Make, pooling: str | None, tmp_path: Path
) -> None:
    plain = make(tmp_path / "plain")
    encoder = BiEncoder.open(trained(plain, tmp_path / "trained", pooling))
    expected = pooling or "cls"
    assert encoder.identity.pooling == expected
    assert not encoder.identity.same_as(BiEncoder.open(plain, pooling=expected, max_length=20).identity)
    together = encoder.encode(TEXTS)
    for vector, text in zip(together, TEXTS, strict=True):
        np.testing.assert_allclose(encoder.encode([text])[0], vector, atol=1e-5)
        np.testing.assert_allclose(by_hand(tmp_path / "trained", text, expected), vector, atol=1e-5)


@MAKERS
def test_a_cross_encoder_is_trained_from_a_checkpoint(make: Make, tmp_path: Path) -> None:
    plain = make(tmp_path / "plain")
    for name, start_from in (("own weights", None), ("plain", str(plain))):
        run_cross_encoder(
            DATA,
            str(trained(plain, tmp_path / "bi-encoder")),
            tmp_path / name,
            CROSS_ENCODER,
            ["enlace", "train", "cross-encoder"],
            start_from=start_from,
            progress=lambda *told: None,
        )
        config = json.loads((tmp_path / name / "config.json").read_text("utf-8"))
        assert config["architectures"][0].endswith("ForSequenceClassification")
        reranker = Reranker.open(tmp_path / name)
        pairs = [(TEXTS[0], text) for text in TEXTS]
        alone = [reranker.logits([pair])[0] for pair in pairs]
        np.testing.assert_allclose(reranker.logits(pairs), alone, atol=1e-4)


def test_a_sentence_transformers_folder_keeps_its_own_pooling(tmp_path: Path) -> None:
    made = make_bi_encoder(tmp_path / "made")
    assert BiEncoder.open(trained(made, tmp_path / "trained")).identity.pooling == "mean"
    with pytest.raises(TrainingError, match=r"pools by 'mean'.*'cls' was asked"):
        trained(made, tmp_path / "other", "cls")
    assert not (tmp_path / "other").exists()


@MAKERS
def test_strings_longer_than_a_checkpoint_reads_are_refused(make: Make, tmp_path: Path) -> None:
    plain = make(tmp_path / "plain")
    assert trained(plain, tmp_path / "longest", max_length=128, steps=1).is_dir()
    with pytest.raises(TrainingError, match="at most 128 tokens and 129 were asked"):
        trained(plain, tmp_path / "longer", max_length=129)
