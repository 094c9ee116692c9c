"""Batches of windows for training: windows of like length together, in another order and cut elsewhere every epoch."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from linker.annotation.recognizer_outputs import padded
from linker.annotation.recognizer_reading import ReadText, TextReader, Window, windows_over
from linker.training.recognizer_targets import Allowed

if TYPE_CHECKING:
    import torch

_SHORTEST = 0.75
"""Of the longest windows: an epoch's are at most between so many and all of the tokens asked for."""
_SORTED_TOGETHER = 50
"""Batches' worth of windows that are put in the order of their lengths."""


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """`given` is what the model is called with; of its tokens end to end, `first` up to `stop` are those of each word.

    `first` and `stop` have shape (words,), `allowed` (words, labels); without targets all three are empty.
    """

    given: dict[str, torch.Tensor]
    first: torch.Tensor
    stop: torch.Tensor
    allowed: torch.Tensor


class WindowBatches:
    """Draws batches without end; `linker.training.optimization.Sampler`. The same seed gives the same ones."""

    def __init__(
        self,
        reader: TextReader,
        reads: Sequence[ReadText],
        allowed: Sequence[Allowed] | None,
        *,
        size: int,
        batch_tokens: int,
        padding: int,
        seed: int,
        every: Sequence[int] | None = None,
    ) -> None:
        """`size` in tokens, without the special ones; `batch_tokens` with them and with padding.

        An epoch reads a text whose `every` is n in one epoch of n.
        """
        self._every = every or [1] * len(reads)
        self._reader = reader
        self._reads = reads
        self._allowed = allowed
        self._size = size
        self._batch_tokens = batch_tokens
        self._padding = padding
        self._seed = seed
        self._epoch = self._at = 0
        self._batches = self._drawn(0)
        self.batches_an_epoch = len(self._batches)

    def batch(self) -> WindowBatch:
        """The next one."""
        if self._at == len(self._batches):
            self._epoch, self._at = self._epoch + 1, 0
            self._batches = self._drawn(self._epoch)
        self._at += 1
        return self._built(self._batches[self._at - 1])

    def state(self) -> dict[str, Any]:
        """Plain containers and numbers."""
        return {"epoch": self._epoch, "at": self._at}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._epoch, self._at = state["epoch"], state["at"]
        self._batches = self._drawn(self._epoch)

    def _drawn(self, epoch: int) -> list[list[Window]]:
        chance = random.Random(f"{self._seed} {epoch}")
        size = chance.randint(max(1, round(_SHORTEST * self._size)), self._size)
        windows = [
            window
            for window in windows_over(self._reads, size, min(self._size // 8, size // 2))
            if (epoch + window.text) % self._every[window.text] == 0
        ]
        chance.shuffle(windows)
        around = self._reader.special_tokens
        together = _SORTED_TOGETHER * max(1, self._batch_tokens // (size + around))
        batches: list[list[Window]] = []
        for start in range(0, len(windows), together):
            batch: list[Window] = []
            for window in sorted(windows[start : start + together], key=lambda w: w.stop - w.start):
                length = window.stop - window.start + around
                if batch and (len(batch) + 1) * length > self._batch_tokens:
                    batches.append(batch)
                    batch = []
                batch.append(window)
            batches.append(batch)
        chance.shuffle(batches)
        return batches

    def _built(self, windows: Sequence[Window]) -> WindowBatch:
        import torch

        before, after = self._reader.before, self._reader.after
        ids = [np.concatenate([before, self._reads[w.text].ids[w.start : w.stop], after]) for w in windows]
        given = padded(ids, self._padding)
        width = given["input_ids"].shape[1]
        first, stop, allowed = [], [], []
        for row, window in enumerate(windows):
            if self._allowed is None:
                continue
            words = slice(window.first_word, window.stop_word)
            read = self._reads[window.text]
            moved = row * width + len(before) - window.start
            first.append(read.first[words] + moved)
            stop.append(np.minimum(read.stop[words], window.stop) + moved)
            allowed.append(self._allowed[window.text][words])
        if not first:
            nothing = torch.zeros(0, dtype=torch.int64)
            return WindowBatch(given, nothing, nothing, nothing)
        return WindowBatch(
            given,
            torch.from_numpy(np.concatenate(first)),
            torch.from_numpy(np.concatenate(stop)),
            torch.from_numpy(np.concatenate(allowed)),
        )
