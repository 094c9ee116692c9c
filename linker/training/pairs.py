"""The batches of pairs that a bi-encoder is trained on.

Batches are neighbourhoods: a seed group and groups whose strings the present model finds close to it,
refreshed as the model learns (ANCE, Xiong et al. 2021), so that the negatives stay hard. Pairs of a concept
and a broader one follow ClinLinker-KB (Gallego et al. 2024).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from graph.model import CURIE
from linker.errors import TrainingError
from linker.faiss_library import faiss
from linker.training.augmentation import Augmenter
from linker.training.choices import BiEncoderLoss, Pairs
from linker.training.corpus import TrainingCorpus, holders_of


@dataclass(frozen=True, slots=True)
class BiEncoderRecipe:
    """How to train. `steps` optimiser steps of `batch_size` pairs each; `temperature` divides cosines.

    `hard_neighbours` groups join each seed group of a batch; neighbourhoods of `seeds` groups are found again
    every `refresh_steps` steps, and the first `easy_steps` use random batches; with no `hard_neighbours` all do.
    `augmentation` is the share of left-hand strings that are varied (half as many right-hand ones). With `pairs`
    beyond synonyms, at least the share `synonym_share` of each batch is true synonyms. `bfloat16` runs the model
    in mixed precision. Of several `runs`, each has the next `seed`.
    """

    steps: int = 4000
    batch_size: int = 192
    learning_rate: float = 5e-4
    warm_up: float = 0.05
    temperature: float = 0.05
    hard_neighbours: int = 7
    easy_steps: int = 600
    refresh_steps: int = 500
    seeds: int = 6000
    augmentation: float = 0.4
    max_length: int = 24
    bfloat16: bool = True
    seed: int = 0
    pairs: Pairs = Pairs.SYNONYMS
    synonym_share: float = 0.7
    loss: BiEncoderLoss = BiEncoderLoss.CONTRASTIVE
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Two strings to draw together, the groups of each, and what is right above any of these groups."""

    left: str
    right: str
    left_groups: frozenset[CURIE]
    right_groups: frozenset[CURIE]
    broader: frozenset[CURIE] = frozenset()

    @property
    def groups(self) -> frozenset[CURIE]:
        """Of either string."""
        return self.left_groups | self.right_groups


class PairSampler:
    """Draws batches of pairs; larger groups are drawn more often, by the square root of their size."""

    def __init__(self, corpus: TrainingCorpus, recipe: BiEncoderRecipe) -> None:
        self._corpus = corpus
        self._recipe = recipe
        self._random = random.Random(recipe.seed)
        self._numbers = np.random.default_rng(recipe.seed)
        self._augmenter = Augmenter.open(recipe.seed)
        self._keys = list(corpus.groups)
        weights = np.sqrt([min(len(strings), 12) for strings in corpus.groups.values()])
        self._cumulative = np.cumsum(weights / weights.sum())
        self._neighbours: dict[int, list[int]] = {}
        self._steps_up = recipe.pairs.steps_up
        self._upward = self._upward_pairs() if self._steps_up else []
        self._holders = holders_of(corpus.names) if self._steps_up else corpus.groups_of

    def batch(self) -> list[Pair]:
        """One batch of `batch_size` pairs, those of synonyms first."""
        size = self._recipe.batch_size
        synonyms = ceil(size * self._recipe.synonym_share) if self._upward else size
        return self._synonyms(synonyms) + [self._upward_pair() for _ in range(size - synonyms)]

    def state(self) -> dict[str, Any]:
        """Where its generators are, and the neighbourhoods."""
        return {
            "random": self._random.getstate(),
            "numbers": self._numbers.bit_generator.state,
            "augmenter": self._augmenter.random.getstate(),
            "neighbours": self._neighbours,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._random.setstate(state["random"])
        self._numbers.bit_generator.state = state["numbers"]
        self._augmenter.random.setstate(state["augmenter"])
        self._neighbours = state["neighbours"]

    def _synonyms(self, wanted: int) -> list[Pair]:
        if not self._neighbours:
            return [self._pair(key) for key in self._draw(wanted)]
        chosen: list[int] = []
        seeds = list(self._neighbours)
        while len(chosen) < wanted:
            seed = self._random.choice(seeds)
            close = self._neighbours[seed][: 4 * self._recipe.hard_neighbours]
            chosen += [seed, *self._random.sample(close, min(self._recipe.hard_neighbours, len(close)))]
        return [self._pair(key) for key in chosen[:wanted]]

    def find_neighbours(self, embed: Callable[[Sequence[str]], np.ndarray]) -> None:
        """Find, for a fresh sample of seed groups, the groups that the model now takes for close."""
        groups = self._corpus.groups
        shown = [self._random.choice(groups[key]) for key in self._keys]
        strings = sorted(set(shown))
        place = {string: i for i, string in enumerate(strings)}
        holders: dict[int, list[int]] = defaultdict(list)
        for key, string in enumerate(shown):
            holders[place[string]].append(key)
        vectors = embed(strings)
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        seeds = sorted(set(self._draw(self._recipe.seeds)))
        rows = flat.search(vectors[[place[shown[s]] for s in seeds]], min(48, len(strings)))[1]
        self._neighbours = {
            seed: list(self._strangers(seed, (key for row in found for key in holders[int(row)])))
            for seed, found in zip(seeds, rows, strict=True)
        }

    def _strangers(self, seed: int, keys: Iterator[int]) -> Iterator[int]:
        own = self._groups_around(seed)
        return (key for key in keys if key != seed and not own & self._groups_around(key))

    def _groups_around(self, key: int) -> frozenset[CURIE]:
        held = self._corpus.groups_of
        return frozenset().union(*(held[string] for string in self._corpus.groups[self._keys[key]]))

    def _draw(self, count: int) -> list[int]:
        drawn = np.searchsorted(self._cumulative, self._numbers.random(count))
        return [int(key) for key in np.minimum(drawn, len(self._keys) - 1)]

    def _pair(self, key: int) -> Pair:
        return self._varied(*self._random.sample(self._corpus.groups[self._keys[key]], 2))

    def _upward_pair(self) -> Pair:
        id, above = self._random.choice(self._upward)
        names = self._corpus.names
        return self._varied(
            self._random.choice(names[id]), self._random.choice(names[self._random.choice(above)])
        )

    def _varied(self, left: str, right: str) -> Pair:
        of_left, of_right = self._holders[left], self._holders[right]
        if self._random.random() < self._recipe.augmentation:
            left = self._augmenter.vary(left)
        if self._random.random() < self._recipe.augmentation / 2:
            right = self._augmenter.vary(right)
        return Pair(left, right, of_left, of_right, self._broader(of_left | of_right))

    def _broader(self, ids: frozenset[CURIE]) -> frozenset[CURIE]:
        if not self._steps_up:
            return frozenset()
        return frozenset().union(*(self._corpus.lineage.broader(id, self._steps_up) for id in ids))

    def _upward_pairs(self) -> list[tuple[CURIE, tuple[CURIE, ...]]]:
        """Each named concept with the named ones above it. Raises TrainingError where there is none."""
        names, lineage = self._corpus.names, self._corpus.lineage
        above = ((id, sorted(lineage.broader(id, self._steps_up) & names.keys())) for id in names)
        found = [(id, tuple(ids)) for id, ids in above if ids]
        if not found:
            raise TrainingError(
                f"No concept has a parent with a term, so there are no pairs of {self._recipe.pairs}; "
                "name a release with a hierarchy, or train on synonyms."
            )
        return found


def related_pairs(pairs: Sequence[Pair]) -> np.ndarray:
    """Shape (n, n), bool: pairs that share a group, or of which one holds what is right above the other.

    They are no negatives of one another: a string that several concepts share would be a false one.
    """
    holders: dict[CURIE, list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        for group in pair.groups:
            holders[group].append(i)
    related = np.eye(len(pairs), dtype=bool)
    for places in holders.values():
        if len(places) > 1:
            related[np.ix_(places, places)] = True
    for i, pair in enumerate(pairs):
        for id in pair.broader:
            if id in holders:
                related[i, holders[id]] = related[holders[id], i] = True
    return related


def same_things(pairs: Sequence[Pair]) -> np.ndarray:
    """Shape (2 n, 2 n), bool, left strings before right ones: partners, and strings that share a group."""
    n = len(pairs)
    holders: dict[CURIE, list[int]] = defaultdict(list)
    for i, pair in enumerate(pairs):
        for group in pair.left_groups:
            holders[group].append(i)
        for group in pair.right_groups:
            holders[group].append(n + i)
    same = np.zeros((2 * n, 2 * n), dtype=bool)
    for places in holders.values():
        same[np.ix_(places, places)] = True
    lefts = np.arange(n)
    same[lefts, lefts + n] = same[lefts + n, lefts] = True
    np.fill_diagonal(same, False)
    return same
