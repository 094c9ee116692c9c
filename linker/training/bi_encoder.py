"""Training a bi-encoder on pairs of strings that name one concept.

In-batch contrastive loss (InfoNCE, van den Oord et al. 2018) in both directions and within each side,
with every string that shares a group masked out of the negatives. Batches are neighbourhoods: a seed
group and groups whose strings the present model finds close to it, refreshed as the model learns
(ANCE, Xiong et al. 2021), so that the negatives stay hard.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss
import numpy as np

from graph.model import CURIE
from linker.errors import TrainingError
from linker.training.augmentation import Augmenter
from linker.training.corpus import TrainingCorpus
from linker.training.optimization import Progress, Schedule, optimise

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

Pair = tuple[str, str, frozenset[CURIE]]


@dataclass(frozen=True, slots=True)
class BiEncoderRecipe:
    """How to train. `steps` optimiser steps of `batch_size` pairs each; `temperature` divides cosines.

    `hard_neighbours` groups join each seed group of a batch; neighbourhoods of `seeds` groups are found again
    every `refresh_steps` steps, and the first `easy_steps` use random batches. `augmentation` is the share of
    left-hand strings that are varied (half as many right-hand ones). `bfloat16` runs the model in mixed precision.
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


def train_bi_encoder(
    model: SentenceTransformer,
    corpus: TrainingCorpus,
    recipe: BiEncoderRecipe,
    progress: Progress = lambda step, steps, loss: None,
) -> None:
    """Train `model` in place. The same seed, data and machine give the same weights. Raises TrainingError."""
    import torch

    if len(corpus.groups) < 2:
        raise TrainingError(
            "There are fewer than two groups of synonyms to train on; name a release with synonyms."
        )
    torch.manual_seed(recipe.seed)
    sampler = _Sampler(corpus, recipe)

    def loss_of(step: int) -> torch.Tensor:
        if step >= recipe.easy_steps and (step - recipe.easy_steps) % recipe.refresh_steps == 0:
            sampler.find_neighbours(lambda strings: _embed_all(model, strings, recipe))
        return contrastive_loss(model, sampler.batch(), recipe)

    optimise(model, Schedule(recipe.steps, recipe.learning_rate, recipe.warm_up), loss_of, progress)


def contrastive_loss(
    model: SentenceTransformer, pairs: Sequence[Pair], recipe: BiEncoderRecipe
) -> torch.Tensor:
    """The loss of one batch: each string finds its partner among all strings of the batch but its relatives."""
    import torch
    from torch.nn.functional import cross_entropy

    n = len(pairs)
    vectors = _embed([p[0] for p in pairs] + [p[1] for p in pairs], model, recipe)
    left, right = vectors[:n], vectors[n:]
    related = torch.from_numpy(_related(pairs)).to(vectors.device)
    own = torch.eye(n, dtype=torch.bool, device=vectors.device)
    forbidden = torch.finfo(torch.float32).min

    def logits(a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (a @ b.T / recipe.temperature).masked_fill(mask, forbidden)

    across = related & ~own
    within = related | own
    forward = torch.cat([logits(left, right, across), logits(left, left, within)], dim=1)
    backward = torch.cat([logits(right, left, across), logits(right, right, within)], dim=1)
    target = torch.arange(n, device=vectors.device)
    return (cross_entropy(forward, target) + cross_entropy(backward, target)) / 2


def _related(pairs: Sequence[Pair]) -> np.ndarray:
    holders: dict[CURIE, list[int]] = defaultdict(list)
    for i, (_, _, groups) in enumerate(pairs):
        for group in groups:
            holders[group].append(i)
    related = np.zeros((len(pairs), len(pairs)), dtype=bool)
    for places in holders.values():
        if len(places) > 1:
            related[np.ix_(places, places)] = True
    return related


def _embed(strings: Sequence[str], model: SentenceTransformer, recipe: BiEncoderRecipe) -> torch.Tensor:
    """Unit vectors with gradient. Strings of like length go through the model together, to pad little."""
    import torch
    from torch.nn.functional import normalize

    order = np.argsort([len(s) for s in strings], kind="stable")
    parts = []
    with torch.autocast(model.device.type, torch.bfloat16, enabled=recipe.bfloat16):
        for chunk in np.array_split(order, max(1, len(strings) // 64)):
            features = model.tokenizer(
                [strings[i] for i in chunk],
                padding=True,
                truncation=True,
                max_length=recipe.max_length,
                return_tensors="pt",
            )
            parts.append(model(dict(features.to(model.device)))["sentence_embedding"])
    vectors = torch.cat(parts).float()
    return normalize(vectors[torch.from_numpy(np.argsort(order))], dim=-1)


def _embed_all(model: SentenceTransformer, strings: Sequence[str], recipe: BiEncoderRecipe) -> np.ndarray:
    import torch

    model.eval()
    order = sorted(range(len(strings)), key=lambda i: len(strings[i]))
    vectors = None
    with torch.no_grad():
        for start in range(0, len(order), 2048):
            chunk = order[start : start + 2048]
            encoded = _embed([strings[i] for i in chunk], model, recipe).cpu().numpy()
            if vectors is None:
                vectors = np.empty((len(strings), encoded.shape[1]), dtype=np.float32)
            vectors[chunk] = encoded
    model.train()
    assert vectors is not None
    return vectors


class _Sampler:
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

    def batch(self) -> list[Pair]:
        """One batch of `batch_size` pairs."""
        wanted = self._recipe.batch_size
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
        left, right = self._random.sample(self._corpus.groups[self._keys[key]], 2)
        groups = self._corpus.groups_of[left] | self._corpus.groups_of[right]
        if self._random.random() < self._recipe.augmentation:
            left = self._augmenter.vary(left)
        if self._random.random() < self._recipe.augmentation / 2:
            right = self._augmenter.vary(right)
        return left, right, groups
