"""The forward pass of BERT and RoBERTa for inference on a processor: strings packed end to end, no padding.

Linear layers see one row a token of all strings of a batch; attention runs over the strings of one length at a time.
So next to nothing is computed for padding, no mask is needed, and a string's result depends on no other one. Queries,
keys and values come from one product. The weights are the checkpoint's own, laid out once as the kernels want them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Encoding
from torch.nn import functional

from linker.encoder import BFLOAT16, INT8
from linker.int8 import Int8Linear

#: Architectures whose layers are BERT's, and where their positions begin to count.
_FAMILIES = {"bert": False, "roberta": True, "xlm-roberta": True, "camembert": True}


@dataclass(frozen=True, slots=True)
class Packed:
    """Tokens of several strings end to end, shape (tokens,) each; `runs` are (strings, their length) in order."""

    ids: torch.Tensor
    positions: torch.Tensor
    kinds: torch.Tensor
    runs: tuple[tuple[int, int], ...]


class Tokens:
    """The tokens of strings, or of pairs of strings, end to end: `lengths` has shape (strings,)."""

    def __init__(self, encodings: Sequence[Encoding]) -> None:
        self.lengths = np.fromiter((len(one.ids) for one in encodings), np.int64, len(encodings))
        self._starts = np.cumsum(self.lengths) - self.lengths
        total = int(self.lengths.sum())
        self._ids = np.fromiter((id for one in encodings for id in one.ids), np.int32, total)
        self._kinds = np.fromiter((kind for one in encodings for kind in one.type_ids), np.int8, total)

    def packed(self, rows: npt.NDArray[np.int64]) -> Packed:
        """Those of `rows`, in that order; the fewer changes of length, the faster."""
        lengths = self.lengths[rows]
        starts = np.cumsum(lengths) - lengths
        positions = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
        at = positions + np.repeat(self._starts[rows], lengths)
        changes = np.flatnonzero(np.diff(lengths, prepend=-1))
        counts = np.diff(changes, append=len(rows))
        return Packed(
            torch.from_numpy(self._ids[at].astype(np.int64)),
            torch.from_numpy(positions),
            torch.from_numpy(self._kinds[at].astype(np.int64)),
            tuple(zip(counts.tolist(), lengths[changes].tolist(), strict=True)),
        )

    def batches(self, most: int) -> Iterator[npt.NDArray[np.int64]]:
        """All rows, shortest first, in batches of at most `most` tokens, or of one row."""
        order = np.argsort(self.lengths, kind="stable")
        ends = np.cumsum(self.lengths[order])
        start = 0
        while start < len(order):
            before = int(ends[start] - self.lengths[order[start]])
            stop = max(start + 1, int(np.searchsorted(ends, before + most, "right")))
            yield order[start:stop]
            start = stop


class _Layer:
    """One layer: attention, then two linear layers, each added to what came in and normalised."""

    def __init__(self, layer: Any, precision: str) -> None:
        attention = layer.attention
        own = attention.self
        self.into_heads = _linear((own.query, own.key, own.value), precision)
        self.out_of_heads = _linear((attention.output.dense,), precision)
        self.widen = _linear((layer.intermediate.dense,), precision)
        self.narrow = _linear((layer.output.dense,), precision)
        self.activate = layer.intermediate.intermediate_act_fn
        self.after_attention = _Normalise(attention.output.LayerNorm, precision)
        self.after = _Normalise(layer.output.LayerNorm, precision)
        self.heads = own.num_attention_heads

    def __call__(self, states: torch.Tensor, runs: Sequence[tuple[int, int]]) -> torch.Tensor:
        return self.feed(self.attend(self.into_heads(states), runs), states)

    def feed(self, read: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """What attention read, and the states that it read for, through the linear layers; shape (rows, hidden)."""
        states = self.after_attention(self.out_of_heads(read).add_(states))
        return self.after(self.narrow(self.activate(self.widen(states))).add_(states))

    def attend(self, joined: torch.Tensor, runs: Sequence[tuple[int, int]]) -> torch.Tensor:
        """(tokens, 3 · hidden) to (tokens, hidden)."""
        read = []
        start = 0
        for count, length in runs:
            stop = start + count * length
            heads = joined[start:stop].view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            found = functional.scaled_dot_product_attention(heads[0], heads[1], heads[2])
            read.append(found.transpose(1, 2).reshape(count * length, -1))
            start = stop
        if start < len(joined):
            read.append(joined.new_zeros(len(joined) - start, joined.shape[1] // 3))
        return read[0] if len(read) == 1 else torch.cat(read)


class _FirstStates(_Layer):
    """A last layer of which only each string's first state is wanted: the others are keys and values, and no more."""

    def __init__(self, layer: Any, precision: str) -> None:
        super().__init__(layer, precision)
        own = layer.attention.self
        self.query = _linear((own.query,), precision)
        self.into_heads = _linear((own.key, own.value), precision)

    def __call__(self, states: torch.Tensor, runs: Sequence[tuple[int, int]]) -> torch.Tensor:
        """(tokens, hidden) to (strings, hidden)."""
        firsts = _starts(runs)
        own = _filled(states[firsts])
        asked, joined = self.query(own), self.into_heads(states)
        read = []
        start = string = 0
        for count, length in runs:
            stop = start + count * length
            query = asked[string : string + count].view(count, 1, self.heads, -1).transpose(1, 2)
            heads = joined[start:stop].view(count, length, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
            read.append(_read_by_one(query, heads[0], heads[1]).reshape(count, -1))
            start, string = stop, string + count
        return self.feed(_filled(torch.cat(read)), own)[: len(firsts)]


def _read_by_one(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Attention of one query a string, shape (strings, heads, 1, size): the same whatever strings are read with it.

    The library's own shares one query out to several threads, and how depends on the number of strings.
    """
    near = (query * keys).sum(-1, keepdim=True) / math.sqrt(query.shape[-1])
    return (torch.softmax(near, -2) * values).sum(-2)


class _Normalise:
    """A layer normalisation."""

    def __init__(self, norm: Any, precision: str) -> None:
        kind = _kind(precision)
        self.weight, self.bias = norm.weight.detach().to(kind), norm.bias.detach().to(kind)
        self.epsilon = float(norm.eps)

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(states, self.weight.shape, self.weight, self.bias, self.epsilon)


class PackedTransformer:
    """Embeddings and layers of a checkpoint, with the numbers in `precision`. Safe for several threads."""

    def __init__(self, body: Any, precision: str, first_only: bool = False) -> None:
        """Of a BERT or RoBERTa as transformers loads it; ask `fits` first.

        With `first_only` it computes `first_states`, which spares most of the last layer, else `states`.
        """
        own = body.embeddings
        kind = _kind(precision)
        self._words = own.word_embeddings.weight.detach().to(kind)
        # Most strings are of one kind: the two small tables are added beforehand for each.
        places = own.position_embeddings.weight.detach()
        first = int(own.padding_idx) + 1 if _FAMILIES[body.config.model_type] else 0
        kinds = own.token_type_embeddings.weight.detach()
        self._around = (places[None, first:] + kinds[:, None]).to(kind)
        self._normalise = _Normalise(own.LayerNorm, precision)
        *layers, last = body.encoder.layer
        self._layers = [_Layer(layer, precision) for layer in layers]
        self._last = (_FirstStates if first_only else _Layer)(last, precision)

    @staticmethod
    def fits(body: Any) -> bool:
        """Whether a model of transformers is one that this forward pass computes."""
        config = body.config
        return (
            config.model_type in _FAMILIES
            and not getattr(config, "is_decoder", False)
            and not getattr(config, "add_cross_attention", False)
            and getattr(config, "position_embedding_type", None) in (None, "absolute")
            and body.device.type == "cpu"
        )

    def states(self, batch: Packed) -> torch.Tensor:
        """The last layer's states, shape (tokens, hidden), in the precision's own kind of number."""
        return self._through(batch)[: len(batch.ids)]

    def first_states(self, batch: Packed) -> torch.Tensor:
        """Of these the first of each string, shape (strings, hidden), float32; of a body that is `first_only`."""
        return self._through(batch).float()

    def _through(self, batch: Packed) -> torch.Tensor:
        """What the last layer gives."""
        with torch.inference_mode():
            states = functional.embedding(batch.ids, self._words)
            states = _filled(self._normalise(states.add_(self._around[batch.kinds, batch.positions])))
            for layer in (*self._layers, self._last):
                states = layer(states, batch.runs)
            return states


def pooled(states: torch.Tensor, runs: Sequence[tuple[int, int]], mode: str) -> torch.Tensor:
    """One row a string, float32, shape (strings, hidden): `cls` (the first token), `mean` or `max`."""
    found = []
    start = 0
    for count, length in runs:
        stop = start + count * length
        own = states[start:stop].view(count, length, -1)
        if mode == "cls":
            found.append(own[:, 0].float())
        elif mode == "mean":
            found.append(own.sum(1, dtype=torch.float32) / length)
        else:
            found.append(own.amax(1).float())
        start = stop
    return found[0] if len(found) == 1 else torch.cat(found)


def _starts(runs: Sequence[tuple[int, int]]) -> torch.Tensor:
    """The first token of each string, shape (strings,)."""
    lengths = np.repeat([length for _, length in runs], [count for count, _ in runs])
    return torch.from_numpy(np.cumsum(lengths) - lengths)


def _filled(states: torch.Tensor) -> torch.Tensor:
    """With rows of noughts up to a round number of rows."""
    filling = _round_number(len(states)) - len(states)
    return torch.cat([states, states.new_zeros(filling, states.shape[1])]) if filling else states


def _round_number(tokens: int) -> int:
    """So many tokens or some more, one of eight numbers between two powers of two.

    The kernels are made anew for each number of rows that they meet, and kept: with a few numbers that takes less
    time than the rows that are filled in, and memory does not grow with every batch.
    """
    step = max(8, 1 << max(0, (tokens - 1).bit_length() - 4))
    return -(-tokens // step) * step


POOLING = ("cls", "mean", "max")
"""What `pooled` knows."""


def _kind(precision: str) -> torch.dtype:
    return torch.bfloat16 if precision == BFLOAT16 else torch.float32


def _linear(layers: Sequence[torch.nn.Linear], precision: str) -> Any:
    """One layer that answers with the answers of several side by side."""
    weight = torch.cat([one.weight.detach().float() for one in layers])
    bias = torch.cat([one.bias.detach().float() for one in layers])
    joined = torch.nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    joined.weight = torch.nn.Parameter(weight, requires_grad=False)
    joined.bias = torch.nn.Parameter(bias, requires_grad=False)
    if precision == INT8:
        return Int8Linear(joined)
    return _Dense(weight.to(_kind(precision)), bias.to(_kind(precision)))


class _Dense:
    """A linear layer, its weights laid out for oneDNN where there is oneDNN."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        self._bias = bias
        self._packed = torch.backends.mkldnn.is_available()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight) if self._packed else weight

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        if not self._packed:
            return functional.linear(rows, self._weight, self._bias)
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            rows, self._weight, self._bias, "none", [], ""
        )
        return found
