"""What computes the models' forward pass: torch, or ONNX Runtime (the extra `onnx`).

A release's index names it, and everything that opens the index follows. ONNX Runtime reads models that were exported
into `onnx/` beside the index (`linker.onnx_export`), and computes in float32 alone: its 8-bit products round a whole
batch on one scale, so that a vector would depend on what it was encoded with.
"""

from __future__ import annotations

from pathlib import Path

from linker.errors import LinkerError

TORCH, ONNX = "torch", "onnx"
RUNTIMES = (TORCH, ONNX)

_FULL = "float32"


def check_runtime(runtime: str, precision: str) -> None:
    """Raise LinkerError for a runtime that is not known, or that does not compute in a precision."""
    if runtime not in RUNTIMES:
        raise LinkerError(f"There is no runtime {runtime!r}; choose {' or '.join(RUNTIMES)}.")
    if runtime == ONNX and precision != _FULL:
        raise LinkerError(
            f"The runtime onnx computes in {_FULL} and {precision} was asked for; "
            "leave the precision out, or choose the runtime torch."
        )


def exports_folder(index_folder: Path) -> Path:
    """Where the models of an index are exported to for ONNX Runtime: beside it."""
    return index_folder.with_name("onnx")
