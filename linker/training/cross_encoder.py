"""Training a cross-encoder on lists: a string, one that names the same concept, and wrong answers.

A model that reads more than strings (`linker.pair_text`) must not learn from it what it could not know when linking.
So a list in which the query is the right concept's preferred term shows no preferred terms; one whose right answer is
of no concept shows nothing beside its strings; and in the others the wrong answers are strings of
concepts too, where there are some.

`linker.training.negatives` finds the wrong answers, `linker.training.losses` has the losses.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from graph.model import CURIE
from linker.errors import TrainingError
from linker.pair_text import NO_CONTEXT, NO_GLOSS, PLAIN, Context, Gloss, PairForm, PairWriter
from linker.training.augmentation import Augmenter
from linker.training.checkpoint import Checkpoint
from linker.training.choices import CrossEncoderLoss, Negatives
from linker.training.corpus import TrainingCorpus, holders_of
from linker.training.losses import binary, list_wise
from linker.training.negatives import WrongAnswers
from linker.training.optimization import Course, Progress, Schedule, Watch, optimise
from linker.training.pair_details import PairDetails, Pairs

if TYPE_CHECKING:
    import torch
    from sentence_transformers import CrossEncoder


@dataclass(frozen=True, slots=True)
class CrossEncoderRecipe:
    """How to train. A step reads `lists` lists of one positive and `negatives` near misses each.

    Near misses are drawn from the `depth` nearest strings; with `kg` and `bkg` negatives the share `graph_share` is
    drawn from the hierarchy instead, where it has any. Annotated mentions are drawn as queries
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
    kind: Negatives = Negatives.TOP
    graph_share: float = 0.5
    loss: CrossEncoderLoss = CrossEncoderLoss.LIST_WISE
    form: PairForm = PLAIN


def train_cross_encoder(
    model: CrossEncoder,
    corpus: TrainingCorpus,
    wrong: WrongAnswers,
    recipe: CrossEncoderRecipe,
    progress: Progress = lambda step, steps, loss: None,
    watch: Watch = Watch(),  # noqa: B008 - frozen
    checkpoint: Checkpoint | None = None,
    details: PairDetails = PairDetails(),  # noqa: B008 - frozen
) -> Course:
    """Train `model` in place. The same seed, data and machine give the same weights. Raises TrainingError."""
    import torch

    if not wrong.queries:
        raise TrainingError("No string has both a synonym and a near miss; name a release with synonyms.")
    torch.manual_seed(recipe.seed)
    lists = Lists(corpus, wrong, recipe, details)
    writer = pair_writer(model, recipe)
    loss = list_wise if recipe.loss is CrossEncoderLoss.LIST_WISE else binary

    def loss_of(step: int) -> torch.Tensor:
        drawn = [lists.draw() for _ in range(recipe.lists)]
        pairs = writer.write(
            [pair for one in drawn for pair in one.pairs],
            [gloss for one in drawn for gloss in one.glosses],
            [context for one in drawn for context in one.contexts],
        )
        return loss(_logits(model, pairs, recipe).reshape(recipe.lists, -1))

    schedule = Schedule(recipe.steps, recipe.learning_rate, recipe.warm_up)
    return optimise(model, schedule, loss_of, progress, lists, watch, checkpoint)


def pair_writer(model: CrossEncoder, recipe: CrossEncoderRecipe) -> PairWriter:
    """Writes pairs of normalised texts for `model` as the recipe wants them."""
    return PairWriter(model.tokenizer, recipe.form, recipe.max_length, str)


def pair_logits(
    model: CrossEncoder, pairs: Sequence[tuple[str, str]], recipe: CrossEncoderRecipe
) -> np.ndarray:
    """The logits of any number of written pairs, shape (len(pairs),), as they are now."""
    parts = [
        _logits(model, pairs[start : start + 1024], recipe).cpu().numpy()
        for start in range(0, len(pairs), 1024)
    ]
    return np.concatenate(parts)


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


class Lists:
    """Draws training lists: the positive pair first, then the negative pairs."""

    def __init__(
        self,
        corpus: TrainingCorpus,
        wrong: WrongAnswers,
        recipe: CrossEncoderRecipe,
        details: PairDetails = PairDetails(),  # noqa: B008 - frozen
    ) -> None:
        self._wrong = wrong
        self._recipe = recipe
        self._details = details
        self._holders = {} if recipe.form.plain else holders_of(corpus.names)
        self._random = random.Random(recipe.seed)
        self._augmenter = Augmenter.open(recipe.seed)
        every = range(len(wrong.queries))
        self._mentions = [i for i in every if wrong.queries[i] in corpus.mentions] or list(every)

    def state(self) -> dict[str, Any]:
        """Where its generators are."""
        return {"random": self._random.getstate(), "augmenter": self._augmenter.random.getstate()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._random.setstate(state["random"])
        self._augmenter.random.setstate(state["augmenter"])

    def draw(self) -> Pairs:
        """One list of 1 + `negatives` pairs, the right one first."""
        from_text = self._random.random() < self._recipe.mention_share
        place = (
            self._random.choice(self._mentions)
            if from_text
            else self._random.randrange(len(self._wrong.queries))
        )
        query = self._wrong.queries[place]
        positive = self._random.choice(self._wrong.positives[place])
        right = self._ids(query) & self._ids(positive)
        gloss = self._details.gloss(right)
        close, graph = self._wrong.close[place], self._wrong.graph[place]
        if gloss != NO_GLOSS:
            close, graph = self._of_concepts(close), self._of_concepts(graph)
        from_graph = round(self._recipe.negatives * self._recipe.graph_share) if graph else 0
        negatives = [
            *self._random.choices(close, k=self._recipe.negatives - from_graph),
            *(self._random.choices(graph, k=from_graph) if graph else ()),
        ]
        glosses = self._glosses(query, gloss, negatives)
        context = self._context(query, right)
        if self._random.random() < self._recipe.augmentation:
            query = self._augmenter.vary(query)
        pairs = [(query, positive), *((query, negative) for negative in negatives)]
        return Pairs(pairs, glosses, [context] * len(pairs))

    def _ids(self, string: str) -> frozenset[CURIE]:
        return self._holders.get(string, frozenset())

    def _of_concepts(self, strings: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `strings` that have a gloss; all where none has."""
        found = tuple(s for s in strings if self._details.gloss(self._ids(s)) != NO_GLOSS)
        return found or strings

    def _glosses(self, query: str, right: Gloss, negatives: Sequence[str]) -> list[Gloss]:
        """Of the right answer and the wrong ones."""
        if right == NO_GLOSS:
            return [NO_GLOSS] * (1 + len(negatives))
        glosses = [right, *(self._details.gloss(self._ids(negative)) for negative in negatives)]
        if right.preferred == query:
            glosses = [replace(gloss, preferred="") for gloss in glosses]
        return glosses

    def _context(self, query: str, right: frozenset[CURIE]) -> Context:
        """One of the places where the query is marked as what it names here."""
        places = self._details.contexts_of(query, right)
        return self._random.choice(places) if places else NO_CONTEXT
