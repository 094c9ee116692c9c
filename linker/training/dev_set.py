"""Mentions of held-out documents, as what a model in training is measured on.

Those whose string is a training string are left out: a look-up answers them. So are those whose codes no
string has, which nothing could answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from graph.model import CURIE
from linker.encoder import Vectors
from linker.mentions import GoldMention
from linker.training.corpus import TrainingCorpus, holders_of

STRINGS = 20_000
"""Strings to search among, about: all that are right for some mention, and an even choice of the others."""
CANDIDATES = 10
"""Of a mention's, that a cross-encoder orders."""


@dataclass(frozen=True, slots=True)
class DevSet:
    """`right` (mentions, strings) bool: which of `strings` each of `mentions` is right with."""

    mentions: tuple[str, ...]
    codes: tuple[tuple[CURIE, ...], ...]
    strings: tuple[str, ...]
    right: np.ndarray

    @classmethod
    def of(
        cls, corpus: TrainingCorpus, mentions: Iterable[GoldMention], normalise: Callable[[str], str]
    ) -> DevSet:
        """The mentions that can be measured; each distinct string with each distinct set of codes once."""
        holders = holders_of(corpus.names)
        kept = sorted(
            {
                (string, mention.codes)
                for mention in mentions
                if not mention.composite
                and (string := normalise(mention.span))
                and string not in holders
                and any(code in corpus.names for code in mention.codes)
            }
        )
        needed = {s for _, codes in kept for code in codes for s in corpus.names.get(code, ())}
        others = sorted(holders.keys() - needed) if kept else []
        strings = sorted(needed | set(others[:: max(1, -(-len(others) // STRINGS))]))
        place = {string: column for column, string in enumerate(strings)}
        right = np.zeros((len(kept), len(strings)), dtype=bool)
        for row, (_, codes) in enumerate(kept):
            for code in codes:
                right[row, [place[s] for s in corpus.names.get(code, ())]] = True
        return cls(tuple(s for s, _ in kept), tuple(c for _, c in kept), tuple(strings), right)

    def __len__(self) -> int:
        return len(self.mentions)

    def reciprocal_rank(self, embed: Callable[[Sequence[str]], Vectors]) -> float:
        """The mean over mentions of 1 / (1 + strings that are wrong and nearer than all right ones)."""
        found = self._similarity(embed)
        best = np.where(self.right, found, -np.inf).max(1, keepdims=True)
        return float((1 / (1 + ((found > best) & ~self.right).sum(1))).mean())

    def pairs(self, embed: Callable[[Sequence[str]], Vectors]) -> CandidatePairs:
        """The CANDIDATES nearest strings of each mention that has right and wrong ones among them."""
        found = self._similarity(embed)
        near = np.argsort(-found, axis=1, kind="stable")[:, :CANDIDATES]
        right = np.take_along_axis(self.right, near, axis=1)
        rows = np.flatnonzero(right.any(1) & ~right.all(1))
        pairs = [(self.mentions[row], self.strings[column]) for row in rows for column in near[row]]
        codes = [self.codes[row] for row in rows for _ in near[row]]
        return CandidatePairs(pairs, codes, right[rows])

    def _similarity(self, embed: Callable[[Sequence[str]], Vectors]) -> np.ndarray:
        vectors = embed([*self.mentions, *self.strings])
        similarity: np.ndarray = vectors[: len(self)] @ vectors[len(self) :].T
        return similarity


@dataclass(frozen=True, slots=True)
class CandidatePairs:
    """Mentions with their candidates, row by row of `right` (mentions, candidates) bool; `codes` of each mention."""

    pairs: list[tuple[str, str]]
    codes: list[tuple[CURIE, ...]]
    right: np.ndarray

    def __len__(self) -> int:
        return len(self.right)

    def reciprocal_rank(self, logits: np.ndarray) -> float:
        """As that of `DevSet`, in the order of the logits of `pairs`."""
        scores = logits.reshape(self.right.shape)
        best = np.where(self.right, scores, -np.inf).max(1, keepdims=True)
        return float((1 / (1 + ((scores > best) & ~self.right).sum(1))).mean())
