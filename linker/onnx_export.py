"""Models of transformers as ONNX files: exported once, kept by the digest of their weights.

    onnx/
      bi-encoder-4f0c…/      model.onnx and, where they are large, its weights in model.onnx.data
      cross-encoder-91be…/

Batch and length are left open. What was exported is compared with torch before it is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from linker.errors import LinkerError, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MODEL_FILE = "model.onnx"
#: Of the largest value: how far an exported model's numbers may be from torch's.
TOLERANCE = 1e-4
#: Changes with what is exported, so that files of an earlier version are not taken for it.
_FORMAT = 1
_NEEDED = "The runtime onnx needs ONNX Runtime; install it with `pip install 'enlace[onnx]'`."

Integers = npt.NDArray[np.int64]


class OnnxModel:
    """An exported model. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises LinkerError."""
        try:
            import onnxruntime
        except ImportError:
            raise LinkerError(_NEEDED) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        # Threads that wait for work by spinning take the cores from everything else of a server.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of many kinds, none of them public
            raise LinkerError(
                f"{path} cannot be read ({first_line(error)}); delete its folder and run `enlace index` again."
            ) from None
        self._inputs = [one.name for one in self._session.get_inputs()]

    def __call__(self, ids: Integers, mask: Integers, kinds: Integers) -> npt.NDArray[np.float32]:
        """Of tokens, shape (strings, length) each: the model's output; a kind is read by models that have kinds."""
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        found: npt.NDArray[np.float32] = self._session.run(
            None, {name: given[name] for name in self._inputs}
        )[0]
        return found


def exported(
    model: PreTrainedModel, inputs: Sequence[str], output: str, name: str, folder: Path
) -> OnnxModel:
    """A model as ONNX Runtime computes it, from `folder` or, where it is not there yet, exported into it.

    `inputs` are what the model's tokenizer gives, `output` the name of what is wanted of the model's answer. Raises
    LinkerError where the extra is missing, the model cannot be exported or the folder cannot be written.
    """
    own = folder / export_name(name, model)
    if not own.is_dir():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as made:
                _export(model, inputs, output, name, Path(made) / "whole" / MODEL_FILE)
                (Path(made) / "whole").rename(own)
        except OSError as error:
            # Another process may have been faster; what it has put there is the same.
            if not own.is_dir():
                raise LinkerError(
                    f"The {name} cannot be exported into {folder} ({error.strerror or error}); "
                    "run `enlace index --runtime onnx` where that folder can be written."
                ) from None
    return OnnxModel(own / MODEL_FILE)


def _export(model: PreTrainedModel, inputs: Sequence[str], output: str, name: str, path: Path) -> None:
    try:
        import onnxruntime  # noqa: F401 - told before the minutes that an export may take
        import onnxscript  # noqa: F401
    except ImportError:
        raise LinkerError(_NEEDED) from None
    path.parent.mkdir()
    traced = _Traced(model, output).eval()
    count = 3 if "token_type_ids" in inputs else 2
    open_shape = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    try:
        with _quietly():
            torch.onnx.export(
                traced,
                _sample(model, 3, 7)[:count],
                str(path),
                input_names=["input_ids", "attention_mask", "token_type_ids"][:count],
                output_names=["answer"],
                dynamic_shapes=(open_shape,) * count,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # the exporter raises many kinds for one thing: it does not know the model
        raise LinkerError(
            f"The {name} cannot be exported to ONNX ({first_line(error)}); index with the runtime torch."
        ) from error
    _check(OnnxModel(path), traced, model, count, name)


def _check(made: OnnxModel, traced: _Traced, model: PreTrainedModel, count: int, name: str) -> None:
    for strings, length in ((1, 3), (2, 9), (5, 16)):
        ids, mask, kinds = _sample(model, strings, length)
        with torch.inference_mode():
            right = traced(*(ids, mask, kinds)[:count]).numpy()
        found = made(ids.numpy(), mask.numpy(), kinds.numpy())
        read = mask.bool().numpy() if right.ndim == 3 else slice(None)
        apart = float(np.abs(found[read] - right[read]).max()) / max(1.0, float(np.abs(right[read]).max()))
        if not apart <= TOLERANCE:
            raise LinkerError(
                f"The {name} gives other numbers in ONNX Runtime than in torch ({apart:.2g} of the largest); "
                "index with the runtime torch."
            )


class _Traced(torch.nn.Module):
    """A model whose answer is one tensor."""

    def __init__(self, model: PreTrainedModel, output: str) -> None:
        super().__init__()
        self._model = model
        self._output = output

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
    ) -> torch.Tensor:
        kinds = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        answer = self._model(input_ids=input_ids, attention_mask=attention_mask, **kinds)
        found: torch.Tensor = answer[self._output]
        return found


def _sample(
    model: PreTrainedModel, strings: int, length: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens of strings of different lengths, the first the shortest."""
    pad = int(getattr(model.config, "pad_token_id", None) or 0)
    numbers = np.random.default_rng(0).integers(pad + 1, model.config.vocab_size, (strings, length))
    lengths = np.linspace(max(1, length // 2), length, strings).astype(np.int64)
    mask = (np.arange(length) < lengths[:, None]).astype(np.int64)
    ids = np.where(mask, numbers, pad).astype(np.int64)
    return torch.from_numpy(ids), torch.from_numpy(mask), torch.zeros_like(torch.from_numpy(ids))


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """The exporter tells of libraries that are not there and of its own plans; none of it is the user's business."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def export_name(name: str, model: PreTrainedModel) -> str:
    """The folder of an exported model: with the digest of its shape and all its weights, the pooler's too."""
    config: dict[str, Any] = model.config.to_dict()
    shape = {key: value for key, value in config.items() if not key.startswith(("_", "transformers_version"))}
    digest = hashlib.sha256(json.dumps([_FORMAT, shape], sort_keys=True, default=str).encode())
    for key, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().float().numpy()
        digest.update(f"{key}{values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return f"{name}-{digest.hexdigest()[:16]}"
