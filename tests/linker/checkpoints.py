"""Plain Hugging Face checkpoints with random weights, of the families that Spanish clinical encoders come in."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tiny_models import LETTERS
from tokenizers import pre_tokenizers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLMRobertaTokenizerFast,
)

SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 130,
    "initializer_range": 0.5,
    "pad_token_id": 1,
}


def make_roberta(folder: Path) -> Path:
    """RoBERTa with a byte-level BPE of single bytes, as the Spanish biomedical RoBERTa models have."""
    folder.mkdir()
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    vocabulary.write_text(json.dumps({token: i for i, token in enumerate(tokens)}), "utf-8")
    merges.write_text("#version: 0.2\n", "utf-8")
    RobertaTokenizerFast(str(vocabulary), str(merges)).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        RobertaModel(RobertaConfig(vocab_size=len(tokens), **SHAPE)).save_pretrained(folder)
    return folder


def make_xlm_roberta(folder: Path) -> Path:
    """XLM-R with a Unigram vocabulary of single letters."""
    folder.mkdir()
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    pieces = [*special, ("▁", -2.0), *((letter, -3.0) for letter in LETTERS), ("<mask>", 0.0)]
    XLMRobertaTokenizerFast(vocab=pieces).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        XLMRobertaModel(XLMRobertaConfig(vocab_size=len(pieces), **SHAPE)).save_pretrained(folder)
    return folder


def make_masked_language_model(folder: Path, tokenizer_of: Path) -> Path:
    """BERT as it is pre-trained: a head over the vocabulary and no pooler."""
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of)
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), **SHAPE)).save_pretrained(folder)
    return folder
