"""A small BERT from scratch, as a Hugging Face folder: WordPiece vocabulary and random weights.

Devlin et al. 2019, at a size that two processor cores can train.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from linker.encoder import SETTINGS_FILE

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True)
class ScratchSize:
    """The shape of a model made from scratch."""

    layers: int = 2
    dimensions: int = 192
    heads: int = 6
    vocabulary: int = 8000
    positions: int = 128


def write_scratch_model(
    folder: Path, texts: Iterable[str], size: ScratchSize, normalisation: str, seed: int
) -> None:
    """Write tokeniser, configuration, weights and `enlace.json` into `folder`.

    `texts` are normalised already; the vocabulary is learned from them and keeps accents and ñ as they come.
    """
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=60))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=size.vocabulary, special_tokens=list(SPECIAL_TOKENS), show_progress=False
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=size.positions,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(wrapped),
        hidden_size=size.dimensions,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.dimensions,
        max_position_embeddings=size.positions,
        pad_token_id=0,
    )
    folder.mkdir(parents=True, exist_ok=True)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    wrapped.save_pretrained(folder)
    (folder / SETTINGS_FILE).write_text(json.dumps({"normalisation": normalisation}) + "\n", "utf-8")
