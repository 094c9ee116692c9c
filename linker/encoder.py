"""The bi-encoder: strings to unit vectors. sentence-transformers loads it; BERT and RoBERTa are then computed without
padding (`linker.packed_models`), anything else by sentence-transformers.

SapBERT-style (Liu et al. 2021): a term's vector is the encoder's pooled output, compared by cosine.
Padding is masked, so a string's vector is the same alone and in any batch, up to float32 rounding. For an
index it is the same to the last bit: the order in which kernels add depends on shapes alone, and a string's
batches there always have the same shape.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from linker.errors import LinkerError, ModelNotFound, first_line
from linker.normalization import normaliser
from linker.runtimes import ONNX, TORCH, check_runtime

if TYPE_CHECKING:
    import torch
    from sentence_transformers import CrossEncoder, SentenceTransformer

    from linker.packed_models import PackedBiEncoder

Vectors = npt.NDArray[np.float32]

SETTINGS_FILE = "enlace.json"
DEFAULT_MAX_LENGTH = 48
DEFAULT_NORMALISATION = "compose-1"
FULL, BFLOAT16, INT8 = "float32", "bfloat16", "int8"
PRECISIONS = (FULL, BFLOAT16, INT8)
#: Tokens in each batch of an index, about. Vectors depend on it in their last bit.
_TERM_BATCH_TOKENS = 1024
#: Batches between two reports of progress.
_BATCHES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """All that decides a vector. Two encoders with equal identities give equal vectors."""

    name: str
    """The Hugging Face id or the folder's name: for people; not compared."""
    pooling: str
    max_length: int
    """Tokens, special ones included."""
    normalisation: str
    dimensions: int
    weights_sha256: str
    precision: str = FULL
    """What it computes in: `float32`, `bfloat16`, or `int8` in its linear layers (see `linker.int8`)."""

    def same_as(self, other: EncoderIdentity) -> bool:
        """Whether both give the same vectors; the name is left out of it."""
        return {**asdict(self), "name": ""} == {**asdict(other), "name": ""}

    def differences(self, other: EncoderIdentity) -> list[str]:
        """What differs, as `pooling mean / cls`; of hashes the beginning."""
        mine, theirs = asdict(self), asdict(other)
        return [
            f"{key} {str(mine[key])[:12]} / {str(theirs[key])[:12]}"
            for key in mine
            if key != "name" and mine[key] != theirs[key]
        ]


class Encoder(Protocol):
    """What the index needs of an encoder."""

    @property
    def identity(self) -> EncoderIdentity:
        """What it is."""
        ...

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions). `progress` gets the number of texts just done."""
        ...

    def encode_terms(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `encode`, and a string's vector is the same to the last bit whatever it is encoded with."""
        ...


class BiEncoder:
    """An `Encoder` on a sentence-transformers model."""

    def __init__(
        self,
        model: SentenceTransformer,
        identity: EncoderIdentity,
        batch_size: int = 128,
        packed: PackedBiEncoder | None = None,
    ) -> None:
        """`packed` computes the model's vectors; without it, what does is chosen at the first encoding."""
        self._model = model
        self._identity = identity
        self._normalise = normaliser(identity.normalisation)
        self._batch_size = batch_size
        # What a model's own configuration puts before every string; most have none.
        self._prompt = model.prompts.get(model.default_prompt_name) if model.default_prompt_name else None
        self._packed = packed
        self._prepared = packed is not None
        self._preparing = threading.Lock()

    @classmethod
    def open(
        cls,
        name: str | Path,
        *,
        max_length: int | None = None,
        pooling: str | None = None,
        precision: str = FULL,
        device: str | None = None,
        onnx: Path | None = None,
    ) -> BiEncoder:
        """Load a sentence-transformers or plain Hugging Face model from a folder or the local cache or hub.

        A plain checkpoint (RoBERTa, XLM-R, BERT) gets `pooling`, by default `cls`, as SapBERT-like models are
        trained; a sentence-transformers folder brings its own. An `enlace.json` in the folder may pin
        `normalisation` and `max_length`. With `precision` "int8" the linear layers compute in 8-bit integers, with
        "bfloat16" all does in 16-bit numbers, both on the processor. With a folder `onnx` ONNX Runtime computes, in
        float32 (see `linker.runtimes`). Raises ModelNotFound, LinkerError for another precision, or where ONNX Runtime
        cannot compute the model.
        """
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

        if precision not in PRECISIONS:
            known = f"{', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
            raise LinkerError(f"There is no precision {precision!r}; choose {known}.")
        check_runtime(ONNX if onnx else TORCH, precision)
        if precision != FULL or onnx:
            device = "cpu"
        check_folder("bi-encoder", name)
        settings = model_settings(name)
        length = int(max_length or settings.get("max_length") or DEFAULT_MAX_LENGTH)
        # Weights kept in half precision are computed with in full: a vector must not depend on its batch.
        full = {"dtype": torch.float32}
        try:
            if _is_sentence_transformer(name):
                model = SentenceTransformer(str(name), device=device, model_kwargs=full)
            else:
                body = Transformer(str(name), max_seq_length=length, model_kwargs=full)
                pool = Pooling(body.get_embedding_dimension(), pooling_mode=pooling or "cls")
                model = SentenceTransformer(modules=[body, pool], device=device)
        except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
            raise cannot_load("bi-encoder", name, first_line(error)) from error
        model.max_seq_length = length
        model.eval()
        pools = [module for module in model if isinstance(module, Pooling)]
        mode = pools[0].pooling_mode if pools else "none"
        identity = EncoderIdentity(
            name=str(name) if not Path(name).is_dir() else Path(name).resolve().name,
            pooling=mode if isinstance(mode, str) else "+".join(mode),
            max_length=length,
            normalisation=str(settings.get("normalisation") or DEFAULT_NORMALISATION),
            dimensions=int(model.get_embedding_dimension() or 0),
            weights_sha256=weights_hash(model),
            precision=precision,
        )
        if onnx is None:
            return cls(model, identity)
        from linker.onnx_models import onnx_bi_encoder

        return cls(model, identity, packed=onnx_bi_encoder(model, onnx))

    @property
    def identity(self) -> EncoderIdentity:
        """What it is."""
        return self._identity

    @property
    def model(self) -> SentenceTransformer:
        """The sentence-transformers model, for training. What it learns after the first encoding goes unseen."""
        return self._model

    def encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions), float32.

        Equal strings after normalisation are encoded once; batches hold strings of like length.
        """
        return self._encode(texts, progress, self._by_length)

    def encode_terms(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """As `encode`, and a string's vector is the same to the last bit whatever it is encoded with.

        Costs a second tokenising and, for each number of tokens, the filling up of one batch. Holds on one
        machine and for one number of threads.
        """
        return self._encode(texts, progress, self._by_token_count, filled=True)

    def _encode(
        self,
        texts: Sequence[str],
        progress: Callable[[int], None] | None,
        chunks: Callable[[list[str]], Iterator[tuple[list[int], int]]],
        filled: bool = False,
    ) -> Vectors:
        """Encode each distinct string once, by chunks of rows with their batch size; `filled`: all batches are."""
        distinct: dict[str, int] = {}
        place = np.fromiter(
            (distinct.setdefault(self._normalise(text), len(distinct)) for text in texts),
            np.int64,
            len(texts),
        )
        strings = list(distinct)
        share = len(texts) / max(1, len(strings))
        encoded = told = 0

        def tell(count: int) -> None:
            nonlocal encoded, told
            encoded += count
            if progress:
                done = round(encoded * share)
                progress(done - told)
                told = done

        packed = self._prepare()
        if packed:
            return packed.vectors(strings, tell, same_shapes=filled)[place]
        vectors = np.empty((len(strings), self._identity.dimensions), dtype=np.float32)
        for rows, batch_size in chunks(strings):
            vectors[rows] = self._vectors([strings[row] for row in rows], batch_size, filled)
            tell(len(rows))
        return vectors[place]

    def _prepare(self) -> PackedBiEncoder | None:
        """The model laid out for encoding, once; None where sentence-transformers itself is to compute."""
        from linker.packed_models import PackedBiEncoder

        with self._preparing:
            if not self._prepared:
                self._model.eval()
                self._packed = PackedBiEncoder.of(self._model, self._identity.precision)
                if self._packed is None:
                    lower_precision(self._model, self._identity.precision)
                self._prepared = True
        return self._packed

    def _vectors(self, strings: list[str], batch_size: int, filled: bool) -> Vectors:
        """The vectors of strings of like length, in batches of like numbers of tokens.

        They are tokenised together, and each batch is cut to its own longest: sentence-transformers' own loop
        tokenises every batch, pads more, and takes half as long again for small models.
        """
        import torch

        features = self._model.preprocess(strings, prompt=self._prompt)
        counts = features["attention_mask"].sum(1)
        order = torch.argsort(counts, stable=True)
        from_right = self._model.tokenizer.padding_side == "left"
        found = np.empty((len(strings), self._identity.dimensions), dtype=np.float32)
        for start in range(0, len(strings), batch_size):
            rows = order[start : start + batch_size]
            width = int(counts[rows[-1]])
            kept = slice(-width, None) if from_right else slice(width)
            filling = rows[-1:].expand(batch_size - len(rows) if filled else 0)
            taken = torch.cat([rows, filling])
            batch = {
                key: value[taken][:, kept].to(self._model.device) if torch.is_tensor(value) else value
                for key, value in features.items()
            }
            with torch.inference_mode():
                pooled = self._model(batch)["sentence_embedding"]
                unit = torch.nn.functional.normalize(pooled.float(), dim=1)
            found[rows.numpy()] = unit[: len(rows)].cpu().numpy()
        return found

    def _by_length(self, strings: list[str]) -> Iterator[tuple[list[int], int]]:
        """Rows of strings of like length."""
        return _cut(sorted(range(len(strings)), key=lambda row: len(strings[row])), self._batch_size)

    def _by_token_count(self, strings: list[str]) -> Iterator[tuple[list[int], int]]:
        """Rows of strings of one number of tokens, so that none is padded."""
        counts = np.empty(len(strings), np.int64)
        for rows, _ in self._by_length(strings):
            tokens = self._model.preprocess([strings[row] for row in rows], prompt=self._prompt)
            counts[rows] = tokens["attention_mask"].sum(1).cpu().numpy()
        for count in np.unique(counts):
            batch_size = max(1, _TERM_BATCH_TOKENS // int(count) // 16) * 16
            yield from _cut(np.flatnonzero(counts == count).tolist(), batch_size)


def lower_precision(model: torch.nn.Module, precision: str) -> None:
    """Let a model's own modules compute in a precision."""
    if precision == INT8:
        from linker.int8 import to_int8

        to_int8(model)
    elif precision == BFLOAT16:
        import torch

        model.to(torch.bfloat16)


def _cut(rows: list[int], batch_size: int) -> Iterator[tuple[list[int], int]]:
    """Some batches at once, with the size of a batch."""
    size = _BATCHES_AT_ONCE * batch_size
    return ((rows[start : start + size], batch_size) for start in range(0, len(rows), size))


def check_folder(kind: str, name: str | Path) -> None:
    """Raise ModelNotFound where `name` is a path, as no Hugging Face id is, and there is no such folder."""
    path = Path(name)
    if (path.is_absolute() or str(name).startswith((".", "~")) or len(path.parts) > 2) and not path.is_dir():
        raise cannot_load(kind, name, "there is no such folder")


def cannot_load(kind: str, name: str | Path, reason: str) -> ModelNotFound:
    """The error that tells why a model of some kind cannot be loaded."""
    return ModelNotFound(
        f"The {kind} {str(name)!r} cannot be loaded ({reason}); name a folder with a model, or a Hugging Face id "
        "that is on this machine or can be downloaded."
    )


def model_settings(name: str | Path) -> dict[str, Any]:
    """What `enlace.json` in a model folder pins; empty where there is none. Raises ModelNotFound if it is not JSON."""
    path = Path(name) / SETTINGS_FILE
    if not path.is_file():
        return {}
    try:
        settings: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelNotFound(f"{path} is not JSON ({error}); restore it or delete it.") from None
    if not isinstance(settings, dict):
        raise ModelNotFound(f"{path} is not a JSON object; restore it or delete it.")
    return settings


def weights_hash(model: SentenceTransformer | CrossEncoder) -> str:
    """SHA-256 over the vocabulary and the names, shapes and float32 values of a model's weights, in hex.

    BERT's and RoBERTa's pooler is left out: no vector passes through it, and a checkpoint that has none (a
    masked language model) gets new random values for it at every loading.
    """
    return weights_digest(model.tokenizer.get_vocab(), model.state_dict())


def weights_digest(vocabulary: Mapping[str, int], tensors: Mapping[str, torch.Tensor]) -> str:
    """As `weights_hash`, of the parts of any model."""
    digest = hashlib.sha256()
    digest.update(json.dumps(sorted(vocabulary.items())).encode())
    for key, tensor in sorted(tensors.items()):
        if ".pooler." in key:
            continue
        values = tensor.detach().cpu().float().numpy()
        digest.update(f"{key}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _is_sentence_transformer(name: str | Path) -> bool:
    if Path(name).is_dir():
        return (Path(name) / "modules.json").is_file()
    from sentence_transformers.util import is_sentence_transformer_model

    return bool(is_sentence_transformer_model(str(name)))
