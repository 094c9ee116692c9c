"""A small BERT from scratch, as a Hugging Face folder: WordPiece vocabulary and random weights.

Devlin et al. 2019, at a size that two processor cores can train.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from linker.encoder import SETTINGS_FILE
from linker.training.cooccurrence import piece_vectors

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST_WORD = 60
"""Characters. A longer one is read as unknown."""


@dataclass(frozen=True, slots=True)
class ScratchSize:
    """The shape of a model made from scratch."""

    layers: int = 2
    dimensions: int = 192
    heads: int = 6
    vocabulary: int = 8000
    positions: int = 128


def write_scratch_model(
    folder: Path,
    strings: Sequence[str],
    size: ScratchSize,
    normalisation: str,
    seed: int,
    *,
    texts: Sequence[str] = (),
    groups: Iterable[Sequence[str]] = (),
) -> None:
    """Write tokeniser, configuration, weights and `enlace.json` into `folder`.

    `strings` and `texts` are normalised already; the vocabulary is learned from them and keeps accents and ñ as
    they come. Weights are random; with `texts`, the vectors of word pieces are learned from them and from
    `groups` of strings that name one concept (`linker.training.cooccurrence`).
    """
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    vocabulary = _wordpieces([*strings, *texts], size.vocabulary)
    tokenizer = Tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
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
    model = BertModel(config, add_pooling_layer=False)
    if texts:
        vectors, known = piece_vectors(
            lambda lines: [one.ids for one in tokenizer.encode_batch(lines, add_special_tokens=False)],
            len(wrapped),
            texts,
            groups,
            size.dimensions,
            seed,
        )
        weights = model.embeddings.word_embeddings.weight
        # As long as the random ones that they take the place of.
        scale = config.initializer_range * size.dimensions**0.5
        with torch.no_grad():
            weights[torch.from_numpy(known)] = torch.from_numpy(scale * vectors[known])
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    (folder / SETTINGS_FILE).write_text(json.dumps({"normalisation": normalisation}) + "\n", "utf-8")


def _wordpieces(lines: Sequence[str], count: int) -> dict[str, int]:
    """A WordPiece vocabulary with its ids; the same texts give the same one.

    The trainer numbers the letters that continue a word as it meets them, in an order that differs from run
    to run, and breaks ties by number. Given to it with the special tokens, they are numbered beforehand.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    letters = sorted({letter for line in lines for word in line.split() for letter in word[1:]})
    continuing = [f"##{letter}" for letter in letters if letter.isalnum()]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=LONGEST_WORD))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=count, special_tokens=[*SPECIAL_TOKENS, *continuing], show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    return vocabulary
