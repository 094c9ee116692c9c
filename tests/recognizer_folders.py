"""Token-classification folders with random weights, in the formats that Spanish clinical ones are published in."""

from __future__ import annotations

from pathlib import Path

import torch
from checkpoints import make_clinical_xlm_roberta, make_spanish_roberta
from transformers import AutoConfig, AutoModelForTokenClassification

LABELS = ("O", "B-disorder", "I-disorder", "B-symptom", "I-symptom")

CHECKPOINTS = {"roberta": make_spanish_roberta, "xlm-roberta": make_clinical_xlm_roberta}


def make_recognizer(folder: Path, family: str, labels: tuple[str, ...] = LABELS) -> Path:
    """A checkpoint of `family` with a head; its answers are random and the same each time."""
    CHECKPOINTS[family](folder)
    config = AutoConfig.from_pretrained(folder)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: at for at, label in enumerate(labels)}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = AutoModelForTokenClassification.from_pretrained(folder, config=config)
    (folder / "pytorch_model.bin").unlink()
    model.save_pretrained(folder)
    return folder
