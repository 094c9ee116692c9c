"""What the words of a mention say of the parts of a code, where the codes of a release are made of parts.

Some classifications have axes: in eCIE-O, ICD-O-3 as Spanish hospitals use it, `8140/33` is a morphology (8140), its
behaviour (3) and its grade (3), and few of the 58,062 valid codes have a name. A regular expression names the axes of
a release's codes as its groups; the first is the stem, which the others qualify. For each axis a linear classifier over
the character n-grams of the lexical index learns, from the terms and the annotated mentions of the index, which
words go with which value: multinomial logistic regression for what qualifies, and one against the rest for the stem,
which has many values. A pattern with a single group makes of every code a stem, and completes nothing.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graph.model import CURIE
from linker.errors import IndexDamaged, LinkerError
from linker.lexical import LexicalIndex
from linker.senses import Senses

FOLDER = "code_axes"
"""Of an index that knows them."""
MOST_STEMS = 5_000
"""Stems that are told apart at most: one against the rest takes a second for some hundred of them."""
MOST_QUALIFIERS = 100
"""Values of any other axis at most."""
LEAST = -12.0
"""The logarithm of a probability is no less: a value that no term or mention has is unlikely, not impossible."""

_STEM_EPOCHS, _STEM_DECAY = 15, 1e-5
_QUALIFIER_C = 10.0
#: An n-gram that a single string has says nothing of another.
_LEAST_STRINGS = 2

Ordinals = npt.NDArray[np.int64]
LogProbabilities = npt.NDArray[np.float32]


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern of codes. Raises LinkerError if it is no regular expression, or has no group."""
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise LinkerError(f"The code axes '{pattern}' are no regular expression: {error}.") from None
    if not found.groups:
        raise LinkerError(
            f"The code axes '{pattern}' have no group; put each part of a code in brackets, the stem first, as in "
            r"'(\d{4})/(\d)(\d)?(/H)?'."
        )
    return found


def read_axes(ids: Sequence[CURIE], pattern: re.Pattern[str]) -> list[tuple[str, ...] | None]:
    """The axes of each code, an empty text where a group is absent; None where the whole code is not of the pattern."""
    matches = (pattern.fullmatch(id.partition(":")[2] or id) for id in ids)
    return [tuple(match.groups("")) if match else None for match in matches]


@dataclass(frozen=True, slots=True)
class CodeAxes:
    """The axes of an index's concepts and the classifiers of their values.

    `values` (concepts, axes) are numbers of values, -1 where none is known; `members` are ordinals by stem, those of
    stem i in `members[starts[i]:starts[i + 1]]`. `features` (f,) are the n-gram buckets, rising, that the `weights` of
    each axis, (f, its values), are of; `biases` are (its values,).
    """

    values: npt.NDArray[np.int32]
    members: Ordinals
    starts: Ordinals
    features: npt.NDArray[np.int32]
    weights: tuple[npt.NDArray[np.float16], ...]
    biases: tuple[npt.NDArray[np.float32], ...]

    @classmethod
    def learned(
        cls, pattern: str, ids: Sequence[CURIE], texts: Sequence[str], senses: Senses, lexical: LexicalIndex
    ) -> CodeAxes:
        """From the strings of an index, by row, and what they name; `ids` by ordinal.

        Raises LinkerError for a pattern that is none or that no named code is of, and for a group with too many values.
        """
        codes = compiled(pattern)
        axes = read_axes(ids, codes)
        rows, ordinals, weight = senses.of_rows(np.arange(len(texts)))
        told = np.array([axes[ordinal] is not None for ordinal in ordinals], dtype=bool)
        if not told.any():
            raise LinkerError(
                f"The code axes '{pattern}' fit none of the codes that have a term, such as {ids[0]!r}; write the "
                "pattern of a whole code without its prefix."
            )
        rows, ordinals, weight = rows[told], ordinals[told], weight[told].astype(np.float64)
        counts = lexical.ngrams(texts)
        features = np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) >= _LEAST_STRINGS)
        counts = sparse.csr_matrix(counts[:, features])[rows]
        values = np.full((len(ids), codes.groups), -1, dtype=np.int32)
        weights, biases = [], []
        for axis in range(values.shape[1]):
            own = [axes[ordinal][axis] for ordinal in ordinals]
            known = sorted(set(own))
            most = MOST_QUALIFIERS if axis else MOST_STEMS
            if len(known) > most:
                raise LinkerError(
                    f"Group {axis + 1} of the code axes '{pattern}' has {len(known):,} values and at most {most:,} can "
                    "be told apart; make it a shorter part of the code, or index without code axes."
                )
            number = {value: place for place, value in enumerate(known)}
            values[:, axis] = [-1 if one is None else number.get(one[axis], -1) for one in axes]
            classes = np.array([number[value] for value in own])
            coefficients, bias = _classifier(counts, classes, len(known), weight / weight.mean(), axis == 0)
            weights.append(coefficients)
            biases.append(bias)
        order = np.argsort(values[:, 0], kind="stable")
        starts = np.searchsorted(values[order, 0], np.arange(values[:, 0].max() + 2))
        return cls(
            values, order.astype(np.int64), starts, features.astype(np.int32), tuple(weights), tuple(biases)
        )

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("values", "members", "starts", "features"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        for axis, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            np.save(folder / f"weights-{axis}.npy", weights)
            np.save(folder / f"bias-{axis}.npy", bias)

    @classmethod
    def open(cls, folder: Path) -> CodeAxes:
        """Open memory-mapped. Raises IndexDamaged."""
        try:
            values, members, starts, features = (
                _mapped(folder / f"{name}.npy") for name in ("values", "members", "starts", "features")
            )
            axes = range(values.shape[1])
            weights = tuple(_mapped(folder / f"weights-{axis}.npy") for axis in axes)
            biases = tuple(_mapped(folder / f"bias-{axis}.npy") for axis in axes)
        except (OSError, ValueError, IndexError) as error:
            raise IndexDamaged(
                f"The code axes in {folder} cannot be read ({error}); build the index again with `enlace index`."
            ) from None
        return cls(values, members, starts, features, weights, biases)

    def of_stems(self, ordinals: Ordinals) -> list[Ordinals]:
        """Of each ordinal's stem all concepts, itself among them; none where the code is of no stem."""
        stems = self.values[ordinals, 0]
        return [
            self.members[self.starts[stem] : self.starts[stem + 1]] if stem >= 0 else self.members[:0]
            for stem in stems.tolist()
        ]

    def log_probabilities(self, text: str, lexical: LexicalIndex) -> list[LogProbabilities]:
        """Of each axis, the logarithm of each value's probability in a mention `text`; each (values,)."""
        ngrams = lexical.ngrams([text])
        place = np.minimum(np.searchsorted(self.features, ngrams.indices), max(0, len(self.features) - 1))
        known = self.features[place] == ngrams.indices if len(self.features) else place > 0
        found = []
        for weights, bias in zip(self.weights, self.biases, strict=True):
            logits = bias + ngrams.data[known] @ weights[place[known]].astype(np.float32)
            logits = logits - logits.max()
            found.append(np.maximum(logits - np.log(np.exp(logits).sum()), LEAST).astype(np.float32))
        return found

    def log_of(self, ordinals: Ordinals, axes: Sequence[LogProbabilities]) -> LogProbabilities:
        """Of concepts the logarithms of their values' probabilities, shape (len(ordinals), axes)."""
        own = self.values[ordinals]
        columns = [
            np.where(own[:, axis] >= 0, logs[own[:, axis]], np.float32(LEAST))
            for axis, logs in enumerate(axes)
        ]
        return np.stack(columns, axis=1).astype(np.float32)


def _classifier(
    counts: sparse.csr_matrix,
    classes: npt.NDArray[np.int64],
    values: int,
    weight: npt.NDArray[np.float64],
    stem: bool,
) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float32]]:
    """Weights (features, values) and biases (values,) of a linear classifier."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, SGDClassifier

    if values == 1:
        return np.zeros((counts.shape[1], 1), np.float16), np.zeros(1, np.float32)
    fitted: Any
    if stem:
        fitted = SGDClassifier(
            loss="log_loss", alpha=_STEM_DECAY, max_iter=_STEM_EPOCHS, tol=None, random_state=0, n_jobs=-1
        )
    else:
        fitted = LogisticRegression(C=_QUALIFIER_C, max_iter=200)
    with warnings.catch_warnings():
        # It need not come to rest: two hundred steps rank as well as a thousand.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(counts, classes, sample_weight=weight)
    coefficients, bias = fitted.coef_, fitted.intercept_
    if values == 2:
        coefficients, bias = np.vstack([-coefficients, coefficients]) / 2, np.concatenate([-bias, bias]) / 2
    return np.ascontiguousarray(coefficients.T, np.float16), bias.astype(np.float32)


def _mapped(path: Path) -> npt.NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r"))
