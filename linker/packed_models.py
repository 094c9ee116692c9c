"""The bi-encoder and the cross-encoder on `linker.packed_transformer`, where a model's architecture allows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from linker.encoder import FULL, Vectors
from linker.packed_transformer import POOLING, Packed, PackedTransformer, Tokens, pooled

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

#: Tokens in a batch, about. More do not fit a core's cache.
BATCH_TOKENS = 1024
#: Rows that a head computes at once, always: libraries choose by their number in which order they add.
_HEAD_ROWS = 64
#: Strings tokenised at once.
_STRINGS_AT_ONCE = 16_384


class Body(Protocol):
    """What computes a model's layers."""

    def states(self, batch: Packed) -> torch.Tensor:
        """The last layer's states, shape (tokens, hidden)."""
        ...


class PackedBiEncoder:
    """Strings to unit vectors. Safe for several threads."""

    def __init__(self, body: Body, tokenizer: Tokenizer, pooling: str, dimensions: int) -> None:
        """Use `of`."""
        self._body = body
        self._tokenizer = tokenizer
        self._pooling = pooling
        self._dimensions = dimensions

    @classmethod
    def of(cls, model: SentenceTransformer, precision: str) -> PackedBiEncoder | None:
        """Of a model as it is now; None where this cannot compute it. Unless in float32 its own layers are let go."""
        read = reading(model)
        if read is None or not PackedTransformer.fits(model[0].model):
            return None
        tokenizer, pooling = read
        body = _body(model[0].model, precision)
        return cls(body, tokenizer, pooling, int(model.get_embedding_dimension() or 0))

    def vectors(
        self, strings: Sequence[str], told: Callable[[int], None], same_shapes: bool = False
    ) -> Vectors:
        """Shape (len(strings), dimensions). `told` gets the number of strings just done.

        With `same_shapes` a string is computed in a batch of the same shape whatever it is encoded with.
        """
        found = np.empty((len(strings), self._dimensions), np.float32)
        for part in _parts(strings):
            tokens = Tokens(self._tokenizer.encode_batch_fast([strings[row] for row in part]))
            batches = (
                _filled(tokens.lengths) if same_shapes else ((b, b) for b in tokens.batches(BATCH_TOKENS))
            )
            for rows, filled in batches:
                batch = tokens.packed(filled)
                with torch.inference_mode():
                    read = pooled(self._body.states(batch), batch.runs, self._pooling)
                    unit = torch.nn.functional.normalize(read, dim=1)
                found[part[rows]] = unit[: len(rows)].numpy()
                told(len(rows))
        return found


class PackedCrossEncoder:
    """Pairs of strings to logits. Safe for several threads."""

    def __init__(self, body: PackedTransformer, tokenizer: Tokenizer, head: Callable[[Any], Any]) -> None:
        """Use `of`."""
        self._body = body
        self._tokenizer = tokenizer
        self._head = head

    @classmethod
    def of(cls, model: CrossEncoder, precision: str) -> PackedCrossEncoder | None:
        """Of a model as it is now; None where this cannot compute it. Unless in float32 its own layers are let go."""
        whole: Any = model.model
        base, head = getattr(whole, "base_model", None), getattr(whole, "classifier", None)
        if base is None or head is None or base is whole or not PackedTransformer.fits(base):
            return None
        tokenizer = unpadded_tokenizer(model.tokenizer, model.max_seq_length)
        if tokenizer is None:
            return None
        pooler = getattr(base, "pooler", None)
        body = _body(base, precision, first_only=True)
        return cls(body, tokenizer, (lambda first: head(pooler(first))) if pooler else head)

    def logits(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Shape (len(pairs),). A pair's logit is the same to the last bit whatever pairs are read with it."""
        found = np.empty(len(pairs), np.float32)
        tokens = Tokens(self._tokenizer.encode_batch_fast(list(pairs)))
        for rows in tokens.batches(BATCH_TOKENS):
            batch = tokens.packed(rows)
            with torch.inference_mode():
                found[rows] = self._headed(self._body.first_states(batch)).numpy()
        return found

    def _headed(self, first: torch.Tensor) -> torch.Tensor:
        """The logits of strings whose first tokens have these states, shape (strings, hidden) to (strings,)."""
        filled = functional.pad(first, (0, 0, 0, -len(first) % _HEAD_ROWS))
        # The heads take their first token themselves.
        blocks = [self._head(block[:, None]).reshape(-1) for block in filled.split(_HEAD_ROWS)]
        return torch.cat(blocks)[: len(first)]


def reading(model: SentenceTransformer) -> tuple[Tokenizer, str] | None:
    """A bi-encoder's tokenizer and pooling; None where there is more to it than these."""
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    first, *others = model
    pools = [module for module in others if isinstance(module, Pooling)]
    if (
        not isinstance(first, Transformer)
        or first.do_lower_case
        or len(pools) != 1
        or pools[0].pooling_mode not in POOLING
        or not all(isinstance(module, Pooling | Normalize) for module in others)
        or (model.default_prompt_name and model.prompts.get(model.default_prompt_name))
    ):
        return None
    tokenizer = unpadded_tokenizer(model.tokenizer, model.max_seq_length)
    return None if tokenizer is None else (tokenizer, str(pools[0].pooling_mode))


def _body(model: Any, precision: str, first_only: bool = False) -> PackedTransformer:
    body = PackedTransformer(model, precision, first_only)
    if precision != FULL:
        # Nothing else computes with them, and they take the most memory.
        model.encoder.layer = torch.nn.ModuleList()
    return body


def unpadded_tokenizer(tokenizer: Any, max_length: int | None) -> Tokenizer | None:
    """A copy of a fast tokenizer that cuts as sentence-transformers lets it, and pads nothing."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or not max_length or not backend.num_special_tokens_to_add(False):
        return None
    copy = Tokenizer.from_str(backend.to_str())
    copy.no_padding()
    copy.enable_truncation(max_length, strategy="longest_first")
    return copy


def _parts(strings: Sequence[str]) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of strings of like length, for one tokenising each."""
    order = np.argsort([len(text) for text in strings], kind="stable")
    return (order[start : start + _STRINGS_AT_ONCE] for start in range(0, len(order), _STRINGS_AT_ONCE))


def _filled(
    lengths: npt.NDArray[np.int64],
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Batches of one length each: their rows, and these filled up to the size of all batches of that length."""
    for length in np.unique(lengths).tolist():
        size = max(1, BATCH_TOKENS // length // 16) * 16
        own = np.flatnonzero(lengths == length)
        for start in range(0, len(own), size):
            rows = own[start : start + size]
            yield rows, np.concatenate([rows, np.repeat(rows[-1:], size - len(rows))])
