"""Linear layers in 8-bit integers, for encoding on a processor.

Weights are rounded once, each output channel on a scale of its own; the rows of what comes in (tokens) are rounded as
they come, each on a scale of its own too. So a token's result depends on no other token of the batch, and sums of
integers are the same in any order. Everything between the linear layers stays float32.
"""

from __future__ import annotations

import torch

_LARGEST = 127.0
_SMALLEST_SCALE = 1e-12


class Int8Linear(torch.nn.Module):
    """A `torch.nn.Linear` with weights and inputs of 8 bits; only for inference."""

    weight: torch.Tensor
    scale: torch.Tensor
    bias: torch.Tensor

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        rounded, scale = _rounded(linear.weight.detach().float())
        self.out_features = linear.out_features
        # Shape (in, out), as the product wants it.
        self.register_buffer("weight", rounded.t().contiguous())
        self.register_buffer("scale", scale.t().contiguous())
        bias = linear.bias
        self.register_buffer(
            "bias", torch.zeros(self.out_features) if bias is None else bias.detach().float()
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Shape (..., in) to (..., out), float32."""
        rounded, scale = _rounded(inputs.reshape(-1, inputs.shape[-1]))
        # The sums are exact: 127 · 127 · (a few thousand inputs) is far below 2^31.
        found = torch._int_mm(rounded, self.weight).float().mul_(scale)
        torch.addcmul(self.bias, found, self.scale, out=found)
        return found.reshape(*inputs.shape[:-1], self.out_features)


def to_int8(model: torch.nn.Module) -> None:
    """Put an `Int8Linear` in the place of each linear layer of a model."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Linear):
                setattr(module, name, Int8Linear(child))


def _rounded(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of integers in [-127, 127], and what to multiply each with: shape (rows, 1)."""
    # One buffer for all: fresh memory of this size costs more than the sums.
    buffer = rows.abs()
    scale = buffer.amax(1, keepdim=True).clamp_min_(_SMALLEST_SCALE * _LARGEST).div_(_LARGEST)
    return torch.div(rows, scale, out=buffer).round_().to(torch.int8), scale
