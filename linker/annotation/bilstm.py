"""A recogniser that two processor cores can train: word pieces' vectors, read both ways by an LSTM.

The tagger of Lample et al. 2016 without its character vectors, which word pieces stand in for. Where a few hundred
documents are annotated it finds more than a transformer of its size from scratch, which needs far more text before
its attention finds neighbours. It is a model of transformers like any other: importing this module tells
`AutoModelForTokenClassification` of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForTokenClassification, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput


class BiLstmConfig(PretrainedConfig):
    """The shape of a `BiLstmForTokenClassification`. `hidden_size` is that of one direction."""

    model_type = "enlace-bilstm"

    def __init__(
        self,
        vocab_size: int = 12000,
        embedding_size: int = 256,
        hidden_size: int = 200,
        num_hidden_layers: int = 2,
        dropout: float = 0.4,
        pad_token_id: int = 0,
        **others: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout
        super().__init__(**others)
        self.pad_token_id = pad_token_id


class BiLstmForTokenClassification(PreTrainedModel):
    """Logits of each token's labels. What is padded changes no other token's."""

    config_class = BiLstmConfig
    base_model_prefix = "bilstm"

    def __init__(self, config: BiLstmConfig) -> None:
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.embedding_size)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            config.embedding_size,
            config.hidden_size,
            num_layers=config.num_hidden_layers,
            bidirectional=True,
            batch_first=True,
            dropout=config.dropout if config.num_hidden_layers > 1 else 0.0,
        )
        self.classifier = nn.Linear(2 * config.hidden_size, len(config.id2label or {}))
        self.post_init()  # type: ignore[no-untyped-call]

    def get_input_embeddings(self) -> nn.Module:
        """The vectors of word pieces."""
        return self.embeddings

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.LSTM):
            module.reset_parameters()
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.5)
        elif isinstance(module, nn.Linear):
            module.reset_parameters()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
    ) -> TokenClassifierOutput:
        """`input_ids` and `attention_mask` have shape (windows, tokens), the mask's ones first."""
        given = self.dropout(self.embeddings(input_ids))
        if attention_mask is None:
            read, _state = self.lstm(given)
        else:
            lengths = attention_mask.sum(1).cpu()
            packed = nn.utils.rnn.pack_padded_sequence(given, lengths, batch_first=True, enforce_sorted=False)
            read, _lengths = nn.utils.rnn.pad_packed_sequence(
                self.lstm(packed)[0], batch_first=True, total_length=input_ids.shape[1]
            )
        return TokenClassifierOutput(logits=self.classifier(self.dropout(read)))


AutoConfig.register(BiLstmConfig.model_type, BiLstmConfig)
AutoModelForTokenClassification.register(BiLstmConfig, BiLstmForTokenClassification)
