"""The optimiser's loop, the same for every model: AdamW, a warm-up, then a linear way down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int, float], None]
"""Told (step, steps, loss)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`steps` updates; the rate rises to `learning_rate` over the share `warm_up` of them, and falls to zero."""

    steps: int
    learning_rate: float
    warm_up: float

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        share = step / self.steps
        return self.learning_rate * min(1.0, (share + 1e-3) / self.warm_up) * (1.0 - share)


def optimise(
    model: torch.nn.Module, schedule: Schedule, loss_of: Callable[[int], torch.Tensor], progress: Progress
) -> None:
    """Train `model` in place on `loss_of(step)`, gradients clipped at norm 1; leaves it in evaluation mode."""
    import torch
    from torch.nn.utils import clip_grad_norm_

    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=0.01)
    model.train()
    for step in range(schedule.steps):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        loss = loss_of(step)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress(step + 1, schedule.steps, float(loss.detach()))
    model.eval()
