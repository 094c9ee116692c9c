"""Tiny models with random weights, for tests of everything that is around a model.

Their WordPiece vocabulary is single letters, so any Spanish text is read without unknown tokens. Random
weights still give the same string the same vector, and strings that share letters similar ones.
"""

from __future__ import annotations

from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyzñáéíóúü0123456789-,.()/+"
WIDTH = 32


def make_bi_encoder(folder: Path, *, seed: int = 0) -> Path:
    """Write a sentence-transformers folder with mean pooling; another seed is another encoder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    plain = folder.with_name(folder.name + "-body")
    _write_body(plain, BertModel, seed)
    body = Transformer(str(plain), max_seq_length=32)
    model = SentenceTransformer(
        modules=[body, Pooling(body.get_embedding_dimension(), pooling_mode="mean")], device="cpu"
    )
    model.save(str(folder), create_model_card=False)
    return folder


def make_cross_encoder(folder: Path, *, seed: int = 0) -> Path:
    """Write a sequence classifier with one output."""
    from transformers import BertForSequenceClassification

    _write_body(folder, BertForSequenceClassification, seed, num_labels=1)
    return folder


def _write_body(folder: Path, kind: type, seed: int, **settings: int) -> None:
    import torch
    from transformers import BertConfig, BertTokenizerFast

    folder.mkdir(parents=True)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(tokens) + "\n", "utf-8")
    tokenizer = BertTokenizerFast(str(vocabulary), do_lower_case=True, strip_accents=False)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = kind(
            BertConfig(
                vocab_size=len(tokens),
                hidden_size=WIDTH,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=2 * WIDTH,
                max_position_embeddings=128,
                # The default of 0.02 gives all strings nearly one vector, which no index could tell apart.
                initializer_range=0.5,
                **settings,
            )
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
