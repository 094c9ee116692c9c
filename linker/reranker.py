"""The cross-encoder: reads mention and term together and says how likely they name one concept.

sentence-transformers loads it; BERT and RoBERTa are then computed without padding (`linker.packed_models`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from linker.encoder import (
    DEFAULT_MAX_LENGTH,
    DEFAULT_NORMALISATION,
    FULL,
    SETTINGS_FILE,
    cannot_load,
    check_folder,
    lower_precision,
    model_settings,
)
from linker.errors import ModelNotFound, first_line
from linker.fusion import RerankWeights
from linker.normalization import normaliser
from linker.pair_text import Context, Gloss, PairForm, PairWriter
from linker.runtimes import ONNX, TORCH, check_runtime
from linker.score_cache import ScoreCache

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class PairScorer(Protocol):
    """What computes a cross-encoder."""

    def logits(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """Shape (len(pairs),)."""
        ...


class Reranker:
    """A cross-encoder with one output. It keeps the scores it gave last. Safe for several threads."""

    def __init__(
        self,
        model: CrossEncoder,
        writer: PairWriter,
        weights: RerankWeights,
        batch_size: int = 32,
        precision: str = FULL,
        skip_margin: float | None = None,
        scorer: PairScorer | None = None,
    ) -> None:
        """`scorer` computes the model's logits; without it, what does is chosen when there are pairs."""
        self.weights = weights
        #: Between the first two scores of retrieval: from there on the first place is not read again.
        self.skip_margin = skip_margin
        self.cache = ScoreCache()
        self._model = model
        self.normalise = writer.normalise
        self._writer = writer
        self._batch_size = batch_size
        self._precision = precision
        self._packed = scorer
        self._prepared = scorer is not None
        self._preparing = threading.Lock()

    @classmethod
    def open(
        cls,
        name: str | Path,
        *,
        max_length: int | None = None,
        precision: str = FULL,
        device: str | None = None,
        onnx: Path | None = None,
    ) -> Reranker:
        """Load from a folder, the local cache or the hub; `precision` and `onnx` as a bi-encoder's.

        Raises ModelNotFound, and LinkerError where ONNX Runtime cannot compute the model.
        """
        import torch
        from sentence_transformers import CrossEncoder

        check_runtime(ONNX if onnx else TORCH, precision)
        if precision != FULL or onnx:
            device = "cpu"
        check_folder("cross-encoder", name)
        settings = model_settings(name)
        form = pair_form(name)
        length = int(max_length or settings.get("max_length") or 2 * DEFAULT_MAX_LENGTH)
        try:
            model = CrossEncoder(
                str(name), max_length=length, device=device, model_kwargs={"dtype": torch.float32}
            )
        except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
            raise cannot_load("cross-encoder", name, first_line(error)) from error
        kinds = getattr(model.config, "architectures", None) or []
        if any(kind.endswith(("Model", "ForMaskedLM")) for kind in kinds):
            # It would load, with a head of random weights.
            raise ModelNotFound(
                f"The model {str(name)!r} is a {kinds[0]}, which scores no pairs; "
                "name a cross-encoder, or train one with `enlace train cross-encoder`."
            )
        if model.num_labels != 1:
            raise ModelNotFound(
                f"The cross-encoder {str(name)!r} has {model.num_labels} outputs and one is needed: "
                "name a model trained to score pairs."
            )
        model.eval()
        normalise = normaliser(str(settings.get("normalisation") or DEFAULT_NORMALISATION))
        return cls(
            model,
            PairWriter(model.tokenizer, form, length, normalise),
            RerankWeights.of(settings),
            precision=precision,
            skip_margin=settings.get("skip_margin"),
            scorer=_on_onnx(model, onnx) if onnx else None,
        )

    @property
    def model(self) -> CrossEncoder:
        """The sentence-transformers model."""
        return self._model

    @property
    def form(self) -> PairForm:
        """What it reads of a pair."""
        return self._writer.form

    def logits(
        self,
        pairs: Sequence[tuple[str, str]],
        glosses: Sequence[Gloss] = (),
        contexts: Sequence[Context] = (),
    ) -> npt.NDArray[np.float32]:
        """The logit of each (mention, term) pair, shape (len(pairs),). Equal pairs are scored once.

        `glosses` and `contexts` have one item a pair, or none at all; what `form` does not show of them is not read.
        """
        distinct: dict[tuple[str, str], int] = {}
        written = self._writer.write(pairs, glosses, contexts)
        place = [distinct.setdefault(pair, len(distinct)) for pair in written]
        asked = list(distinct)
        known = self.cache.get(asked)
        new = [pair for pair, logit in zip(asked, known, strict=True) if logit is None]
        if new:
            computed = self._computed(new).tolist()
            self.cache.put(new, computed)
            rest = iter(computed)
            known = [next(rest) if logit is None else logit for logit in known]
        return np.array(known, dtype=np.float32)[place]

    def _computed(self, pairs: list[tuple[str, str]]) -> npt.NDArray[np.float32]:
        packed = self._prepare()
        if packed:
            return packed.logits(pairs)
        import torch

        scores: npt.NDArray[np.float32] = self._model.predict(
            pairs,
            batch_size=self._batch_size,
            activation_fn=torch.nn.Identity(),
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return scores.astype(np.float32)

    def _prepare(self) -> PairScorer | None:
        """The model laid out for scoring, once; None where sentence-transformers itself is to compute."""
        from linker.packed_models import PackedCrossEncoder

        with self._preparing:
            if not self._prepared:
                self._packed = PackedCrossEncoder.of(self._model, self._precision)
                if self._packed is None:
                    lower_precision(self._model, self._precision)
                self._prepared = True
        return self._packed


def _on_onnx(model: CrossEncoder, folder: Path) -> PairScorer:
    from linker.onnx_models import onnx_cross_encoder

    return onnx_cross_encoder(model, folder)


def pair_form(name: str | Path) -> PairForm:
    """How the model in a folder wants its pairs; the plain form where nothing is said. Raises ModelNotFound."""
    try:
        return PairForm.of(model_settings(name))
    except ValueError as error:
        raise ModelNotFound(
            f"{Path(name) / SETTINGS_FILE} does not say how pairs are written ({error}); restore the file."
        ) from None
