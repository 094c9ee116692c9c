"""The optimiser's loop, the same for every model: AdamW, a warm-up, then a linear way down.

On the way the model is measured on held-out documents, its training can stop early, and its state is kept. Weights can
be averaged over the last steps (Izmailov et al. 2018, *Averaging weights leads to wider optima and better
generalization*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from linker.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    import torch
    from torch.optim.swa_utils import AveragedModel

Progress = Callable[[int, int, float], None]
"""Told (step, steps, loss)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`steps` updates; the rate rises to `learning_rate` over the share `warm_up` of them, and falls to zero.

    The rate of a model's head is `head_factor` times that of the rest. The trained model has the mean of the weights
    after each of the last steps, the share `averaged` of all; with 0 it has the last.
    """

    steps: int
    learning_rate: float
    warm_up: float
    head_factor: float = 1.0
    averaged: float = 0.0

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        share = step / self.steps
        return self.learning_rate * min(1.0, (share + 1e-3) / self.warm_up) * (1.0 - share)


class Sampler(Protocol):
    """What draws batches, and can be put back to where it was."""

    def state(self) -> dict[str, Any]:
        """Plain containers and numbers."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """A reading every `every` steps and at the last one. `measure` scores the model, more being better.

    With a `patience` above 0, training stops after so many readings without a better score, and the weights of
    the best are kept; otherwise the last are.
    """

    every: int = 500
    patience: int = 0
    measure: Callable[[], float] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """After `step` steps: the mean loss since the reading before, and the score where one is measured."""

    step: int
    loss: float
    score: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """How a training went; `kept` is the step whose weights the model has.

    Where it has the mean of several runs' weights, `runs` are theirs, `kept` is the steps of all, and the one reading
    is of the mean.
    """

    readings: tuple[Reading, ...]
    kept: int
    runs: tuple[Course, ...] = ()


def optimise(
    model: torch.nn.Module,
    schedule: Schedule,
    loss_of: Callable[[int], torch.Tensor],
    progress: Progress,
    sampler: Sampler,
    watch: Watch,
    checkpoint: Checkpoint | None = None,
    head: torch.nn.Module | None = None,
) -> Course:
    """Train `model` in place on `loss_of(step)`, gradients clipped at norm 1; leaves it in evaluation mode.

    Goes on from `checkpoint` where there is one. Raises TrainingError if that is another training's.
    """
    import torch
    from torch.nn.utils import clip_grad_norm_

    device = next(model.parameters()).device
    apart = {id(parameter) for parameter in head.parameters()} if head else set()
    groups = [
        {"params": [p for p in model.parameters() if (id(p) in apart) == is_head], "factor": factor}
        for is_head, factor in ((False, 1.0), (True, schedule.head_factor))
    ]
    optimizer = torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=schedule.learning_rate, weight_decay=0.01
    )
    mean = _Mean(model) if schedule.averaged else None
    averaged_from = round(schedule.steps * (1.0 - schedule.averaged))
    course = _Course(watch, mean)
    first = 0
    if checkpoint and (saved := checkpoint.load(str(device))):
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        sampler.restore(saved["sampler"])
        course.restore(saved["course"])
        if mean:
            mean.weights.load_state_dict(saved["mean"])
        first = saved["step"]
        _restore_random(saved["random"], device)
    model.train()
    for step in range(first, schedule.steps):
        if course.over:
            break
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step) * group.get("factor", 1.0)
        loss = loss_of(step)
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if mean and step >= averaged_from:
            mean.weights.update_parameters(model)
        done = step + 1
        course.note(done, float(loss.detach()), model, last=done == schedule.steps)
        progress(done, schedule.steps, float(loss.detach()))
        if checkpoint and (done % checkpoint.every == 0 or done == schedule.steps or course.over):
            checkpoint.save(
                {
                    "step": done,
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "sampler": sampler.state(),
                    "course": course.state(),
                    "mean": mean.weights.state_dict() if mean else None,
                    "random": _random(device),
                }
            )
    if course.best:
        model.load_state_dict(course.best)
    elif mean:
        mean.give(model)
    model.eval()
    return Course(tuple(Reading(*reading) for reading in course.readings), course.kept)


class _Mean:
    """The mean of a model's weights over steps."""

    def __init__(self, model: torch.nn.Module) -> None:
        from torch.optim.swa_utils import AveragedModel

        self.weights: AveragedModel = AveragedModel(model)

    def give(self, model: torch.nn.Module) -> None:
        """Set the model's weights to the mean, where there is one yet."""
        if self.weights.n_averaged:
            model.load_state_dict(self.weights.module.state_dict())

    @contextmanager
    def lent(self, model: torch.nn.Module) -> Iterator[None]:
        """The model has the mean for so long."""
        own = {key: value.clone() for key, value in model.state_dict().items()}
        self.give(model)
        try:
            yield
        finally:
            model.load_state_dict(own)


class _Course:
    """Takes readings, and keeps the best weights where training may stop early.

    Readings are of the mean of weights from when there is one.
    """

    def __init__(self, watch: Watch, mean: _Mean | None = None) -> None:
        self._watch = watch
        self._mean = mean
        self._losses: list[float] = []
        self.readings: list[list[Any]] = []
        self.kept = 0
        self.best: dict[str, torch.Tensor] = {}

    @property
    def over(self) -> bool:
        """Whether patience is at its end."""
        since = len([reading for reading in self.readings if reading[0] > self.kept])
        return 0 < self._watch.patience <= since

    def note(self, step: int, loss: float, model: torch.nn.Module, *, last: bool) -> None:
        self._losses.append(loss)
        if step % self._watch.every and not last:
            if not self._watch.patience:
                self.kept = step
            return
        with self._mean.lent(model) if self._mean else nullcontext():
            self._read(step, model)

    def _read(self, step: int, model: torch.nn.Module) -> None:
        score = self._measure(model)
        best = max((reading[2] for reading in self.readings if reading[2] is not None), default=None)
        self.readings.append([step, sum(self._losses) / len(self._losses), score])
        self._losses = []
        if not self._watch.patience:
            self.kept = step
        elif best is None or (score is not None and score > best):
            self.kept = step
            self.best = {key: value.detach().cpu().clone() for key, value in model.state_dict().items()}

    def _measure(self, model: torch.nn.Module) -> float | None:
        import torch

        if self._watch.measure is None:
            return None
        model.eval()
        with torch.no_grad():
            score = self._watch.measure()
        model.train()
        return score

    def state(self) -> dict[str, Any]:
        return {"losses": self._losses, "readings": self.readings, "kept": self.kept, "best": self.best}

    def restore(self, state: dict[str, Any]) -> None:
        self._losses, self.readings = state["losses"], state["readings"]
        self.kept, self.best = state["kept"], state["best"]


def _random(device: torch.device) -> list[torch.Tensor]:
    import torch

    states = [torch.get_rng_state()]
    return states if device.type != "cuda" else [*states, torch.cuda.get_rng_state(device)]


def _restore_random(states: list[torch.Tensor], device: torch.device) -> None:
    import torch

    torch.set_rng_state(states[0].cpu())
    if device.type == "cuda":
        torch.cuda.set_rng_state(states[1].cpu(), device)
