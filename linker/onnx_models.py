"""The bi-encoder and the cross-encoder on ONNX Runtime, for any architecture that torch can export.

Strings are sorted by length and padded within a batch, which the model is told by its mask; what it says of padding is
dropped before anything is pooled.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from linker.errors import LinkerError
from linker.onnx_export import Integers, OnnxModel, export_name, exported
from linker.packed_models import BATCH_TOKENS, PackedBiEncoder, reading, unpadded_tokenizer
from linker.packed_transformer import Packed, Tokens

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from transformers import PreTrainedModel

BI_ENCODER, CROSS_ENCODER = "bi-encoder", "cross-encoder"


class OnnxTransformer:
    """What `linker.packed_transformer` computes, on an exported model. Safe for several threads."""

    def __init__(self, model: OnnxModel, padding: int) -> None:
        self._model = model
        self._padding = padding

    def states(self, batch: Packed) -> torch.Tensor:
        """The last layer's states, shape (tokens, hidden)."""
        ids, mask, kinds = padded(batch, self._padding)
        return torch.from_numpy(self._model(ids, mask, kinds)[mask.astype(bool)])


class OnnxCrossEncoder:
    """Pairs of strings to logits. Safe for several threads."""

    def __init__(self, model: OnnxModel, tokenizer: Tokenizer, padding: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._padding = padding

    def logits(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Shape (len(pairs),)."""
        found = np.empty(len(pairs), np.float32)
        tokens = Tokens(self._tokenizer.encode_batch_fast(list(pairs)))
        for rows in tokens.batches(BATCH_TOKENS):
            found[rows] = self._model(*padded(tokens.packed(rows), self._padding)).reshape(-1)
        return found


def onnx_bi_encoder(model: SentenceTransformer, folder: Path) -> PackedBiEncoder:
    """Of a bi-encoder, exported into `folder` where it is not there. Raises what `exported` raises, LinkerError."""
    read = reading(model)
    if read is None:
        raise LinkerError(
            "The bi-encoder's pooling, prompt or tokenizer is one that sentence-transformers alone computes; "
            "index with the runtime torch."
        )
    body = exported(_body(model), _inputs(model.tokenizer), "last_hidden_state", BI_ENCODER, folder)
    tokenizer, pooling = read
    dimensions = int(model.get_embedding_dimension() or 0)
    return PackedBiEncoder(OnnxTransformer(body, _padding(model.tokenizer)), tokenizer, pooling, dimensions)


def onnx_cross_encoder(model: CrossEncoder, folder: Path) -> OnnxCrossEncoder:
    """Of a cross-encoder, exported into `folder` where it is not there. Raises what `exported` raises, LinkerError."""
    tokenizer = unpadded_tokenizer(model.tokenizer, model.max_seq_length)
    if tokenizer is None:
        raise LinkerError(
            "The cross-encoder's tokenizer is one that transformers alone computes; index with the runtime torch."
        )
    whole = exported(_whole(model), _inputs(model.tokenizer), "logits", CROSS_ENCODER, folder)
    return OnnxCrossEncoder(whole, tokenizer, _padding(model.tokenizer))


def forget_exports(folder: Path, bi_encoder: SentenceTransformer, cross_encoder: CrossEncoder | None) -> None:
    """Delete what was exported into `folder`, but for these models."""
    kept = {export_name(BI_ENCODER, _body(bi_encoder))}
    if cross_encoder is not None:
        kept.add(export_name(CROSS_ENCODER, _whole(cross_encoder)))
    for one in folder.iterdir():
        if one.name not in kept:
            shutil.rmtree(one, ignore_errors=True)


def padded(batch: Packed, padding: int) -> tuple[Integers, Integers, Integers]:
    """Tokens, mask and kinds, each of shape (strings, longest)."""
    lengths = np.array([length for count, length in batch.runs for _ in range(count)], np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = batch.positions.numpy()
    shape = (len(lengths), int(lengths.max(initial=0)))
    ids, mask, kinds = np.full(shape, padding, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    ids[rows, columns], mask[rows, columns], kinds[rows, columns] = batch.ids.numpy(), 1, batch.kinds.numpy()
    return ids, mask, kinds


def _body(model: SentenceTransformer) -> PreTrainedModel:
    first: Any = model[0]
    body: PreTrainedModel = first.model
    return body


def _whole(model: CrossEncoder) -> PreTrainedModel:
    whole: Any = model.model
    found: PreTrainedModel = whole
    return found


def _inputs(tokenizer: Any) -> Sequence[str]:
    return tuple(tokenizer.model_input_names)


def _padding(tokenizer: Any) -> int:
    return int(tokenizer.pad_token_id or 0)
