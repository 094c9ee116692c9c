"""The logits of windows of tokens, by BERT or RoBERTa without padding, by anything else as transformers computes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from linker.encoder import FULL, lower_precision
from linker.packed_models import BATCH_TOKENS
from linker.packed_transformer import Packed, PackedTransformer

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


class TokenOutputs(Protocol):
    """What a recogniser needs of a model. Safe for several threads."""

    def of(self, windows: Sequence[Ids]) -> Iterator[tuple[int, Floats]]:
        """Rows of `windows` (token ids, special ones too) with their logits, shape (tokens, labels), in any order."""
        ...


class PackedOutputs:
    """By `linker.packed_transformer`."""

    def __init__(self, body: PackedTransformer, head: torch.nn.Linear) -> None:
        """Use `outputs_of`."""
        self._body = body
        self._weight = head.weight.detach().float()
        self._bias = head.bias.detach().float() if head.bias is not None else None

    def of(self, windows: Sequence[Ids]) -> Iterator[tuple[int, Floats]]:
        """In batches of windows of like length."""
        for rows in _batches([len(ids) for ids in windows], BATCH_TOKENS):
            lengths = np.array([len(windows[row]) for row in rows])
            changes = np.flatnonzero(np.diff(lengths, prepend=-1))
            counts = np.diff(changes, append=len(rows))
            ids = np.concatenate([windows[row] for row in rows]).astype(np.int64)
            batch = Packed(
                torch.from_numpy(ids),
                torch.from_numpy(np.concatenate([np.arange(length) for length in lengths])),
                torch.zeros(len(ids), dtype=torch.int64),
                tuple(zip(counts.tolist(), lengths[changes].tolist(), strict=True)),
            )
            with torch.inference_mode():
                states = self._body.states(batch).float()
                logits = torch.nn.functional.linear(states, self._weight, self._bias).numpy()
            yield from zip(rows, np.split(logits, np.cumsum(lengths)[:-1]), strict=True)


class PaddedOutputs:
    """By a model of transformers as it is now, in training too."""

    def __init__(self, model: Any, padding: int, bfloat16: bool = False, batch_tokens: int = 4096) -> None:
        self._model = model
        self._padding = padding
        self._bfloat16 = bfloat16
        self._batch_tokens = batch_tokens

    def of(self, windows: Sequence[Ids]) -> Iterator[tuple[int, Floats]]:
        """In batches of windows of like length."""
        device = self._model.device
        for rows in _batches([len(ids) for ids in windows], self._batch_tokens):
            given = padded([windows[row] for row in rows], self._padding)
            with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=self._bfloat16):
                logits = self._model(**{key: value.to(device) for key, value in given.items()}).logits
            for row, own in zip(rows, logits.float().cpu().numpy(), strict=True):
                yield row, own[: len(windows[row])]


def padded(windows: Sequence[Ids], padding: int) -> dict[str, torch.Tensor]:
    """`input_ids`, shape (windows, longest), and `attention_mask` where something is padded."""
    lengths = torch.tensor([len(ids) for ids in windows])
    ids = torch.full((len(windows), int(lengths.max())), padding)
    for row, own in enumerate(windows):
        ids[row, : len(own)] = torch.from_numpy(own.astype(np.int64))
    if bool((lengths == lengths[0]).all()):
        return {"input_ids": ids}
    return {"input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) < lengths[:, None]).long()}


def outputs_of(model: Any, padding: int, precision: str) -> TokenOutputs:
    """The fastest way to a model's logits."""
    body, head = model.base_model, getattr(model, "classifier", None)
    if isinstance(head, torch.nn.Linear) and body is not model and PackedTransformer.fits(body):
        packed = PackedOutputs(PackedTransformer(body, precision), head)
        if precision != FULL:
            # Nothing else computes with them, and they take the most memory.
            body.encoder.layer = torch.nn.ModuleList()
        return packed
    lower_precision(model, precision)
    return PaddedOutputs(model, padding)


def _batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """All rows, shortest first, in batches of at most `most` tokens, or of one row."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if batch and (len(batch) + 1) * lengths[row] > most:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
