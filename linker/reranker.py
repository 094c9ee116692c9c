"""The cross-encoder: reads mention and term together and says how likely they name one concept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from linker.encoder import DEFAULT_MAX_LENGTH, DEFAULT_NORMALISATION, FULL, INT8, model_settings
from linker.errors import ModelNotFound
from linker.fusion import RerankWeights
from linker.normalization import normaliser

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker:
    """A cross-encoder on sentence-transformers, with one output."""

    def __init__(
        self, model: CrossEncoder, normalisation: str, weights: RerankWeights, batch_size: int = 32
    ) -> None:
        self.weights = weights
        self._model = model
        self._normalise = normaliser(normalisation)
        self._batch_size = batch_size

    @classmethod
    def open(
        cls,
        name: str | Path,
        *,
        max_length: int | None = None,
        precision: str = FULL,
        device: str | None = None,
    ) -> Reranker:
        """Load from a folder, the local cache or the hub; `precision` as a bi-encoder's. Raises ModelNotFound."""
        import torch
        from sentence_transformers import CrossEncoder

        if precision == INT8:
            device = "cpu"
        settings = model_settings(name)
        length = int(max_length or settings.get("max_length") or 2 * DEFAULT_MAX_LENGTH)
        try:
            model = CrossEncoder(
                str(name), max_length=length, device=device, model_kwargs={"dtype": torch.float32}
            )
        except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise ModelNotFound(
                f"The cross-encoder {str(name)!r} cannot be loaded ({reason}); "
                "name a folder with a model, or a Hugging Face id that is on this machine or can be downloaded."
            ) from error
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
        if precision == INT8:
            from linker.int8 import to_int8

            to_int8(model)
        return cls(
            model, str(settings.get("normalisation") or DEFAULT_NORMALISATION), RerankWeights.of(settings)
        )

    def logits(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        """The logit of each (mention, term) pair, shape (len(pairs),). Equal pairs are scored once."""
        import torch

        distinct: dict[tuple[str, str], int] = {}
        place = [
            distinct.setdefault((self._normalise(mention), self._normalise(term)), len(distinct))
            for mention, term in pairs
        ]
        if not distinct:
            return np.empty(0, dtype=np.float32)
        scores: npt.NDArray[np.float32] = self._model.predict(
            list(distinct),
            batch_size=self._batch_size,
            activation_fn=torch.nn.Identity(),
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return scores.astype(np.float32)[place]
