"""A model that is trained several times from one start, and gets the mean of the weights that the runs end with.

Wortsman et al. 2022, *Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from linker.training.optimization import Course, Reading

if TYPE_CHECKING:
    import torch


def train_repeatedly(
    model: torch.nn.Module,
    runs: int,
    train: Callable[[int], Course],
    measure: Callable[[], float] | None = None,
) -> Course:
    """Call `train(run)`, which trains `model` in place, with 0 to `runs` - 1, each from the weights that it has now.

    Leaves the model with the mean, in evaluation mode, which `measure` scores.
    """
    import torch

    start = {key: value.detach().clone() for key, value in model.state_dict().items()}
    total: dict[str, torch.Tensor] = {}
    courses = []
    for run in range(runs):
        model.load_state_dict(start)
        courses.append(train(run))
        for key, value in model.state_dict().items():
            if value.is_floating_point():
                total[key] = total[key] + value if run else value.detach().clone()
    model.load_state_dict({**start, **{key: value / runs for key, value in total.items()}})
    model.eval()
    with torch.no_grad():
        score = measure() if measure else None
    loss = sum(course.readings[-1].loss for course in courses) / runs
    steps = sum(course.kept for course in courses)
    return Course((Reading(steps, loss, score),), steps, tuple(courses))
