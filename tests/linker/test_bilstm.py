"""The LSTM recogniser: a model of transformers that padding does not change."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForTokenClassification

from linker.annotation.bilstm import BiLstmConfig, BiLstmForTokenClassification

LABELS = {0: "O", 1: "B-disorder", 2: "I-disorder"}


def tiny() -> BiLstmForTokenClassification:
    torch.manual_seed(0)
    config = BiLstmConfig(vocab_size=50, embedding_size=8, hidden_size=6, id2label=LABELS)
    model = BiLstmForTokenClassification(config)
    model.train(False)
    return model


def test_padding_changes_no_logits() -> None:
    model = tiny()
    ids = torch.randint(1, 50, (2, 7))
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
    both = model(ids, mask).logits
    torch.testing.assert_close(both[1, :4], model(ids[1:, :4]).logits[0])
    torch.testing.assert_close(both[0], model(ids[:1]).logits[0])


def test_it_is_saved_and_opened_like_any_model_of_transformers(tmp_path: Path) -> None:
    model = tiny()
    model.save_pretrained(tmp_path)
    opened = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    ids = torch.randint(1, 50, (1, 9))
    assert opened.config.id2label == LABELS
    torch.testing.assert_close(opened(ids).logits, model(ids).logits)
