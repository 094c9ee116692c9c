"""Training a bi-encoder on pairs of strings that name one concept or, if asked, a concept and a broader one.

The rest of a batch serves as negatives (`linker.training.losses`; `linker.training.pairs` draws batches).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from linker.errors import TrainingError
from linker.training.checkpoint import Checkpoint
from linker.training.choices import BiEncoderLoss
from linker.training.corpus import TrainingCorpus
from linker.training.losses import contrastive, multi_similarity
from linker.training.optimization import Course, Progress, Schedule, Watch, optimise
from linker.training.pairs import BiEncoderRecipe, Pair, PairSampler, related_pairs, same_things
from linker.training.repeated_runs import train_repeatedly

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

__all__ = ["BiEncoderRecipe", "embed_all", "loss_of_pairs", "train_bi_encoder"]


def train_bi_encoder(
    model: SentenceTransformer,
    corpus: TrainingCorpus,
    recipe: BiEncoderRecipe,
    progress: Progress = lambda step, steps, loss: None,
    watch: Watch = Watch(),  # noqa: B008 - frozen
    checkpoint: Checkpoint | None = None,
) -> Course:
    """Train `model` in place; `progress` counts the steps of all runs.

    The same seed, data and machine give the same weights. Raises TrainingError.
    """
    if len(corpus.groups) < 2:
        raise TrainingError(
            "There are fewer than two groups of synonyms to train on; name a release with synonyms."
        )
    if recipe.runs == 1:
        return _run(model, corpus, recipe, progress, watch, checkpoint)

    def train(run: int) -> Course:
        return _run(
            model,
            corpus,
            replace(recipe, seed=recipe.seed + run),
            lambda step, steps, loss: progress(run * steps + step, recipe.runs * steps, loss),
            watch,
            checkpoint.of_run(run) if checkpoint else None,
        )

    return train_repeatedly(model, recipe.runs, train, watch.measure)


def _run(
    model: SentenceTransformer,
    corpus: TrainingCorpus,
    recipe: BiEncoderRecipe,
    progress: Progress,
    watch: Watch,
    checkpoint: Checkpoint | None,
) -> Course:
    import torch

    torch.manual_seed(recipe.seed)
    sampler = PairSampler(corpus, recipe)

    def loss_of(step: int) -> torch.Tensor:
        hard = step - recipe.easy_steps if recipe.hard_neighbours else -1
        if hard >= 0 and hard % recipe.refresh_steps == 0:
            sampler.find_neighbours(lambda strings: embed_all(model, strings, recipe))
        return loss_of_pairs(model, sampler.batch(), recipe)

    schedule = Schedule(recipe.steps, recipe.learning_rate, recipe.warm_up)
    return optimise(model, schedule, loss_of, progress, sampler, watch, checkpoint)


def loss_of_pairs(model: SentenceTransformer, pairs: Sequence[Pair], recipe: BiEncoderRecipe) -> torch.Tensor:
    """The loss of one batch of pairs."""
    import torch

    vectors = _embed([p.left for p in pairs] + [p.right for p in pairs], model, recipe)
    ignored = torch.from_numpy(related_pairs(pairs)).to(vectors.device)
    if recipe.loss is BiEncoderLoss.CONTRASTIVE:
        return contrastive(vectors, ignored, recipe.temperature)
    same = torch.from_numpy(same_things(pairs)).to(vectors.device)
    return multi_similarity(vectors, same, ~(ignored.tile(2, 2) | same))


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


def embed_all(model: SentenceTransformer, strings: Sequence[str], recipe: BiEncoderRecipe) -> np.ndarray:
    """Unit vectors of any number of strings, by the model as it is now."""
    import torch

    training = model.training
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
    model.train(training)
    assert vectors is not None
    return vectors
