"""Plain Hugging Face checkpoints with random weights, of the families that Spanish clinical encoders come in."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tiny_models import LETTERS
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
    RobertaTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
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

SPECIAL_TOKENS: dict[str, object] = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
    "model_max_length": 128,
}
SPANISH = [
    "insuficiencia renal crónica",
    "insuficiencia cardíaca congestiva",
    "dolor torácico opresivo",
    "niño de 7 años con asma",
] * 4


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


def make_spanish_roberta(folder: Path) -> Path:
    """RoBERTa in the published format of the Spanish biomedical ones: `vocab.json`, `merges.txt`, byte-level BPE."""
    folder.mkdir()
    learned = Tokenizer(models.BPE(unk_token="<unk>"))
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learned.train_from_iterator(SPANISH, trainer)
    learned.model.save(str(folder))
    _write_json(folder / "tokenizer_config.json", {**SPECIAL_TOKENS, "tokenizer_class": "RobertaTokenizer"})
    _write_json(folder / "special_tokens_map.json", SPECIAL_TOKENS)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = RobertaConfig(vocab_size=learned.get_vocab_size(), architectures=["RobertaModel"], **SHAPE)
        _write_old_weights(RobertaModel(config), folder)
    return folder


def make_clinical_xlm_roberta(folder: Path) -> Path:
    """XLM-R as CLIN-X-ES is published: a masked language model, its Unigram tokeniser in `tokenizer.json`."""
    make_xlm_roberta(folder)
    (folder / "model.safetensors").unlink()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        size = len(AutoTokenizer.from_pretrained(folder))
        config = XLMRobertaConfig(vocab_size=size, architectures=["XLMRobertaForMaskedLM"], **SHAPE)
        _write_old_weights(XLMRobertaForMaskedLM(config), folder)
    return folder


def _write_old_weights(model: PreTrainedModel, folder: Path) -> None:
    """`config.json` and `pytorch_model.bin`, as checkpoints were written before safetensors."""
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content), "utf-8")
