"""Training a cross-encoder on lists: a string, one that names the same concept, and near misses.

Negatives are what the bi-encoder finds close and no group ties to the query (`top` negatives of
ClinLinker). The loss is the list-wise softmax over one positive and its negatives.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss
import numpy as np

from linker.encoder import Vectors
from linker.errors import TrainingError
from linker.training.augmentation import Augmenter
from linker.training.corpus import TrainingCorpus
from linker.training.optimization import Progress, Schedule, optimise

if TYPE_CHECKING:
    import torch
    from sentence_transformers import CrossEncoder


@dataclass(frozen=True, slots=True)
class CrossEncoderRecipe:
    """How to train. A step reads `lists` lists of one positive and `negatives` near misses each.

    Negatives are drawn from the `depth` nearest strings; annotated mentions are drawn as queries
    `mention_share` of the time, terms otherwise; `augmentation` is the share of queries that are varied.
    """

    steps: int = 3000
    lists: int = 32
    negatives: int = 7
    depth: int = 40
    learning_rate: float = 3e-4
    warm_up: float = 0.06
    mention_share: float = 0.4
    augmentation: float = 0.3
    max_length: int = 48
    bfloat16: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class NearMisses:
    """For each query string: strings that name the same concept, and close ones that do not."""

    queries: tuple[str, ...]
    positives: tuple[tuple[str, ...], ...]
    negatives: tuple[tuple[str, ...], ...]


def find_near_misses(corpus: TrainingCorpus, vectors: Vectors, depth: int) -> NearMisses:
    """Search every string among all of them; `vectors` has shape (len(corpus.strings), dimensions)."""
    strings = corpus.strings
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    queries, positives, negatives = [], [], []
    for start in range(0, len(strings), 4096):
        rows = flat.search(vectors[start : start + 4096], min(depth + 1, len(strings)))[1]
        for string, found in zip(strings[start : start + 4096], rows, strict=True):
            own = corpus.groups_of[string]
            same = tuple(sorted({s for group in own for s in corpus.groups[group]} - {string}))
            around = corpus.related(string)
            close = (strings[row] for row in found)
            misses = tuple(s for s in close if s != string and not corpus.groups_of[s] & around)
            if same and misses:
                queries.append(string)
                positives.append(same)
                negatives.append(misses)
    return NearMisses(tuple(queries), tuple(positives), tuple(negatives))


def train_cross_encoder(
    model: CrossEncoder,
    corpus: TrainingCorpus,
    misses: NearMisses,
    recipe: CrossEncoderRecipe,
    progress: Progress = lambda step, steps, loss: None,
) -> None:
    """Train `model` in place. The same seed, data and machine give the same weights. Raises TrainingError."""
    import torch
    from torch.nn.functional import cross_entropy

    if not misses.queries:
        raise TrainingError("No string has both a synonym and a near miss; name a release with synonyms.")
    torch.manual_seed(recipe.seed)
    lists = _Lists(corpus, misses, recipe)

    def loss_of(step: int) -> torch.Tensor:
        pairs = [pair for _ in range(recipe.lists) for pair in lists.draw()]
        logits = _logits(model, pairs, recipe).reshape(recipe.lists, -1)
        return cross_entropy(logits, torch.zeros(recipe.lists, dtype=torch.long, device=logits.device))

    optimise(model, Schedule(recipe.steps, recipe.learning_rate, recipe.warm_up), loss_of, progress)


def _logits(
    model: CrossEncoder, pairs: Sequence[tuple[str, str]], recipe: CrossEncoderRecipe
) -> torch.Tensor:
    import torch

    body, tokenizer = model.model, model.tokenizer
    assert body is not None
    order = np.argsort([len(a) + len(b) for a, b in pairs], kind="stable")
    parts = []
    with torch.autocast(body.device.type, torch.bfloat16, enabled=recipe.bfloat16):
        for chunk in np.array_split(order, max(1, len(pairs) // 64)):
            features = tokenizer(
                [pairs[i][0] for i in chunk],
                [pairs[i][1] for i in chunk],
                padding=True,
                truncation=True,
                max_length=recipe.max_length,
                return_tensors="pt",
            )
            parts.append(body(**features.to(body.device)).logits.squeeze(-1))
    return torch.cat(parts).float()[torch.from_numpy(np.argsort(order))]


class _Lists:
    """Draws training lists: the positive pair first, then the negative pairs."""

    def __init__(self, corpus: TrainingCorpus, misses: NearMisses, recipe: CrossEncoderRecipe) -> None:
        self._misses = misses
        self._recipe = recipe
        self._random = random.Random(recipe.seed)
        self._augmenter = Augmenter.open(recipe.seed)
        every = range(len(misses.queries))
        self._mentions = [i for i in every if misses.queries[i] in corpus.mentions] or list(every)

    def draw(self) -> list[tuple[str, str]]:
        """One list of 1 + `negatives` pairs."""
        from_text = self._random.random() < self._recipe.mention_share
        place = (
            self._random.choice(self._mentions)
            if from_text
            else self._random.randrange(len(self._misses.queries))
        )
        query = self._misses.queries[place]
        positive = self._random.choice(self._misses.positives[place])
        negatives = self._random.choices(self._misses.negatives[place], k=self._recipe.negatives)
        if self._random.random() < self._recipe.augmentation:
            query = self._augmenter.vary(query)
        return [(query, positive), *((query, negative) for negative in negatives)]
