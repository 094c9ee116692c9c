"""What a recogniser's labels mean, and the best spans that its outputs allow.

Two schemes are told by the labels' names:

    plain     `O`, `B-x`, `I-x`: one softmax over all labels, so spans do not overlap
    layered   `O-x`, `B-x`, `I-x` for each type x: a softmax a type, so spans of different types may overlap

In either, `E-x` and `S-x` (or `L-x` and `U-x`) may mark the end of a span and a span of one word, and `B-x` may be
missing. The best sequence is found among those that the scheme allows (Viterbi 1967), so no span begins amiss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linker.errors import ModelNotFound

Floats = npt.NDArray[np.float32]

OUTSIDE = "O"
_LABEL = re.compile(r"([BIOESLU])(?:[-_](.+))?")
_SAME = {"L": "E", "U": "S"}
_FORBIDDEN = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class WordSpan:
    """Words `first` to `last`, both inclusive. `score` is the mean probability of their labels."""

    first: int
    last: int
    type: str
    score: float


@dataclass(frozen=True, slots=True)
class Layer:
    """Labels that exclude one another: their columns among the model's outputs, marks (`B`) and types.

    `steps` (labels, labels), `first` and `last` (labels,) hold 0 where one label may follow another, begin or end
    a text, or what was learned of it; elsewhere a number that nothing outweighs.
    """

    columns: npt.NDArray[np.int64]
    marks: tuple[str, ...]
    types: tuple[str, ...]
    steps: Floats
    first: Floats
    last: Floats


class LabelScheme:
    """The labels of a model, by the columns of its outputs."""

    def __init__(
        self,
        labels: Sequence[str],
        *,
        learned: Mapping[str, Mapping[str, float]] | None = None,
        outside: Mapping[str, float] | None = None,
    ) -> None:
        """`learned` adds to the score of one label after another; `outside` to the logit of `O-x`, by type.

        In the plain scheme the type of `O` is the empty string. Raises ModelNotFound for labels that are neither.
        """
        self.labels = tuple(labels)
        read = [self._read(label) for label in labels]
        if all(mark != OUTSIDE for mark, _ in read):
            raise ModelNotFound(
                f"The labels {_some(labels)} have no {OUTSIDE!r}; name a folder whose labels are BIO."
            )
        self.layered = any(mark == OUTSIDE and type for mark, type in read)
        self.types = tuple(sorted({type for mark, type in read if mark != OUTSIDE}))
        if self.layered and (lacking := set(self.types) - {type for mark, type in read if mark == OUTSIDE}):
            raise ModelNotFound(
                f"The labels {_some(labels)} have no 'O-{min(lacking)}'; give every type one, or all together one 'O'."
            )
        groups = [{type} for type in self.types] if self.layered else [{"", *self.types}]
        self.layers = tuple(
            _layer([(at, *one) for at, one in enumerate(read) if one[1] in group], self.labels, learned or {})
            for group in groups
        )
        self._outside = np.zeros(len(labels), np.float32)
        for at, (mark, type) in enumerate(read):
            if mark == OUTSIDE:
                self._outside[at] = (outside or {}).get(type, 0.0)

    @classmethod
    def of_types(cls, types: Sequence[str], layered: bool) -> LabelScheme:
        """The BIO labels of those types."""
        if layered:
            return cls([f"{mark}-{type}" for type in types for mark in "OBI"])
        return cls([OUTSIDE, *(f"{mark}-{type}" for type in types for mark in "BI")])

    def _read(self, label: str) -> tuple[str, str]:
        found = _LABEL.fullmatch(label)
        if not found:
            raise ModelNotFound(
                f"The label {label!r} is none of BIO (`O`, `B-x`, `I-x`); name a folder whose labels are."
            )
        return _SAME.get(found[1], found[1]), found[2] or ""

    def probabilities(self, logits: Sequence[Floats]) -> list[Floats]:
        """Of each text's words and labels, from their logits; both have shape (words, labels)."""
        found = []
        for one in logits:
            told = np.empty_like(one)
            for layer in self.layers:
                told[:, layer.columns] = np.exp(_log_softmax((one + self._outside)[:, layer.columns]))
            found.append(told)
        return found

    def begin_and_inside(self, probabilities: Floats, type: str) -> tuple[Floats, Floats]:
        """How likely each word begins a mention of a type, and how likely it goes on with one, shape (words,) each."""
        read = [self._read(label) for label in self.labels]
        begins = [at for at, (mark, own) in enumerate(read) if own == type and mark in "BS"]
        inside = [at for at, (mark, own) in enumerate(read) if own == type and mark in "IE"]
        return probabilities[:, begins].sum(1), probabilities[:, inside].sum(1)

    def decode(self, logits: Sequence[Floats]) -> list[list[WordSpan]]:
        """The spans of each text, of its words' logits, shape (words, labels) each; by first word."""
        found: list[list[WordSpan]] = [[] for _ in logits]
        texts = [row for row, one in enumerate(logits) if len(one)]
        if not texts:
            return found
        whole = np.concatenate([logits[row] for row in texts]) + self._outside
        lengths = np.array([len(logits[row]) for row in texts])
        for alike in _alike(self.layers):
            known = np.concatenate([_log_softmax(whole[:, layer.columns]) for layer in alike])
            paths = _best_paths(known, np.tile(lengths, len(alike)), alike[0])
            sure = np.exp(np.take_along_axis(known, paths[:, None], 1)[:, 0])
            ends = np.cumsum(np.tile(lengths, len(alike)))
            for at, end in enumerate(ends.tolist()):
                layer, row = alike[at // len(texts)], at % len(texts)
                part = slice(end - int(lengths[row]), end)
                found[texts[row]].extend(_spans(paths[part], sure[part], layer))
        return [sorted(spans, key=lambda span: (span.first, -span.last, span.type)) for spans in found]


def _layer(
    rows: Sequence[tuple[int, str, str]], labels: Sequence[str], learned: Mapping[str, Mapping[str, float]]
) -> Layer:
    marks, types = tuple(mark for _, mark, _ in rows), tuple(type for _, _, type in rows)
    there = set(zip(marks, types, strict=True))
    begins, closes = ([(mark, type) not in there for type in types] for mark in ("B", "E"))
    count = len(rows)
    steps = np.zeros((count, count), np.float32)
    first, last = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for b in range(count):
        inner = marks[b] in "IE" and not begins[b]
        first[b] = _FORBIDDEN if inner else 0
        last[b] = _FORBIDDEN if marks[b] in "BI" and not closes[b] else 0
        for a in range(count):
            open_before = marks[a] in "BI"
            goes_on = open_before and marks[b] in "IE" and types[a] == types[b]
            if (inner and not goes_on) or (open_before and not closes[a] and not goes_on):
                steps[a, b] = _FORBIDDEN
            else:
                steps[a, b] = learned.get(labels[rows[a][0]], {}).get(labels[rows[b][0]], 0.0)
    return Layer(np.array([at for at, _, _ in rows]), marks, types, steps, first, last)


def _alike(layers: Sequence[Layer]) -> Iterator[list[Layer]]:
    """Layers whose labels follow one another in the same way, which are computed together."""
    groups: dict[bytes, list[Layer]] = {}
    for layer in layers:
        key = b"".join(a.tobytes() for a in (layer.steps, layer.first, layer.last))
        groups.setdefault(key, []).append(layer)
    yield from groups.values()


def _best_paths(known: Floats, lengths: npt.NDArray[np.int64], layer: Layer) -> npt.NDArray[np.int64]:
    """The best label of each word, shape (words,), for texts end to end; all texts go forward together."""
    order = np.argsort(-lengths, kind="stable")
    starts = (np.cumsum(lengths) - lengths)[order]
    still = lengths[order]
    scores = known[starts] + layer.first
    best = np.zeros(len(known), np.int64)
    back: list[npt.NDArray[np.int8]] = []
    final = np.zeros(len(order), np.int64)
    active = len(order)
    for at in range(1, int(still[0]) + 1):
        going = int(np.searchsorted(-still, -at, "left"))
        ended = slice(going, active)
        final[ended] = (scores[ended] + layer.last).argmax(1)
        if not going:
            break
        reached = scores[:going, :, None] + layer.steps
        back.append(reached.argmax(1).astype(np.int8))
        scores = reached.max(1) + known[starts[:going] + at]
        active = going
    current = final.copy()
    for at in range(int(still[0]) - 1, -1, -1):
        going = int(np.searchsorted(-still, -at, "left"))
        best[starts[:going] + at] = current[:going]
        if at:
            current[:going] = back[at - 1][np.arange(going), current[:going]]
    return best


def _spans(path: npt.NDArray[np.int64], sure: Floats, layer: Layer) -> Iterator[WordSpan]:
    inside = np.flatnonzero(np.array([mark != OUTSIDE for mark in layer.marks])[path]).tolist()
    first = previous = -1
    type = ""
    for at in inside:
        mark, own = layer.marks[path[at]], layer.types[path[at]]
        after_end = previous >= 0 and layer.marks[path[previous]] in "ES"
        if first >= 0 and (at > previous + 1 or own != type or mark in "BS" or after_end):
            yield WordSpan(first, previous, type, float(sure[first : previous + 1].mean()))
            first = -1
        if first < 0:
            first, type = at, own
        previous = at
    if first >= 0:
        yield WordSpan(first, previous, type, float(sure[first : previous + 1].mean()))


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(1, keepdims=True)
    known: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return known


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:5]))
    return shown + (", …" if len(labels) > 5 else "")
