"""What a recogniser should answer for each word, and what it loses where it answers otherwise.

A word's target is the set of labels that what is known allows: one label where its type was searched for, all of them
where nothing is known. The loss is the negative logarithm of the probability of the whole set (Tsuboi et al. 2008), a
softmax each; in the layered scheme a type that nobody searched for costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from linker.annotation.recognizer_labels import OUTSIDE, LabelScheme, Layer
from linker.annotation.recognizer_reading import ReadText
from linker.training.recognizer_corpus import Mark, MarkedText

if TYPE_CHECKING:
    import torch

Allowed = npt.NDArray[np.bool_]


def allowed_labels(marked: MarkedText, read: ReadText, scheme: LabelScheme) -> Allowed:
    """Shape (words, labels). Of spans that one softmax cannot tell apart the longest counts."""
    allowed = np.zeros((len(read.first), len(scheme.labels)), np.bool_)
    for layer in scheme.layers:
        allowed[:, layer.columns] = _of_layer(marked, read, layer)
    return allowed


def _of_layer(marked: MarkedText, read: ReadText, layer: Layer) -> Allowed:
    unknown = [type not in marked.types and mark != OUTSIDE for mark, type in _labels(layer)]
    outside = [mark == OUTSIDE for mark in layer.marks]
    allowed = np.tile(np.array(unknown) | np.array(outside), (len(read.first), 1))
    types = set(layer.types)
    for mark in marked.doubtful:
        if mark.type in types:
            allowed[_words(mark, read)] = True
    taken = np.zeros(len(read.first), np.bool_)
    for mark in sorted(marked.marks, key=lambda mark: (mark.start - mark.end, mark.start)):
        words = _words(mark, read)
        if mark.type not in types or words.start == words.stop or taken[words].any():
            continue
        taken[words] = True
        count = words.stop - words.start
        for at in range(count):
            allowed[words.start + at] = [
                type == mark.type and label == _mark(at, count, layer) for label, type in _labels(layer)
            ]
    return allowed


def _labels(layer: Layer) -> list[tuple[str, str]]:
    return list(zip(layer.marks, layer.types, strict=True))


def _mark(at: int, count: int, layer: Layer) -> str:
    """The mark of a span's word, of those that the scheme has."""
    wanted = "S" if count == 1 else "B" if at == 0 else "E" if at == count - 1 else "I"
    if wanted in layer.marks:
        return wanted
    return "B" if at == 0 and "B" in layer.marks else "I"


def _words(mark: Mark, read: ReadText) -> slice:
    """The words that a mark has characters of."""
    return slice(
        int(np.searchsorted(read.ends, mark.start, "right")), int(np.searchsorted(read.starts, mark.end))
    )


def loss_of_words(logits: torch.Tensor, allowed: torch.Tensor, scheme: LabelScheme) -> torch.Tensor:
    """The mean over words and layers of which something is known; both have shape (words, labels)."""
    import torch

    total = logits.sum() * 0.0
    known_count = torch.zeros((), device=logits.device)
    for layer in scheme.layers:
        columns = torch.from_numpy(layer.columns).to(logits.device)
        fine = allowed[:, columns]
        known = ~fine.all(1)
        told = torch.log_softmax(logits[:, columns], dim=1)[known]
        right = told.masked_fill(~fine[known], torch.finfo(told.dtype).min)
        total = total - right.logsumexp(1).sum()
        known_count = known_count + known.sum()
    return total / known_count.clamp(min=1)
