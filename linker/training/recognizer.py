"""Training a recogniser: a token-classification model of transformers, on windows of whole documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linker.annotation.recognizer import RecognizerSettings, TokenRecognizer, positions
from linker.annotation.recognizer_labels import LabelScheme
from linker.annotation.recognizer_outputs import PaddedOutputs
from linker.annotation.recognizer_reading import TextReader
from linker.training.checkpoint import Checkpoint
from linker.training.optimization import Course, Progress, Schedule, Watch, optimise
from linker.training.recognizer_batches import WindowBatch, WindowBatches
from linker.training.recognizer_corpus import MarkedText
from linker.training.recognizer_targets import allowed_labels, loss_of_words

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class RecognizerRecipe:
    """How a recogniser is trained. Lengths are in tokens, special ones included.

    `layered`: a softmax a type (`linker.annotation.recognizer_labels`). `mean_pieces`: a word is judged by all of its
    tokens and not by the first. `token_dropout` is the share of words whose first token training hides. The head learns
    at `head_learning_rate`, or as the rest where that is 0. `averaged`: of the steps, the share at the end over which
    weights are averaged.
    """

    epochs: int = 20
    learning_rate: float = 5e-5
    head_learning_rate: float = 0.0
    warm_up: float = 0.1
    batch_tokens: int = 4096
    window: int = 256
    dropout: float = 0.1
    token_dropout: float = 0.0
    averaged: float = 0.0
    layered: bool = True
    mean_pieces: bool = False
    bfloat16: bool = True
    seed: int = 0

    @property
    def settings(self) -> RecognizerSettings:
        """What a folder trained so says of reading."""
        return RecognizerSettings(window=self.window, mean_pieces=self.mean_pieces)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model in training with all that is around it."""

    model: Any
    tokenizer: Any
    reader: TextReader
    scheme: LabelScheme
    recipe: RecognizerRecipe

    @property
    def padding(self) -> int:
        """The id that windows are filled up with."""
        return int(self.tokenizer.pad_token_id or 0)

    def recognizer(self) -> TokenRecognizer:
        """What finds spans with the model as it is."""
        outputs = PaddedOutputs(self.model, self.padding, self.recipe.bfloat16)
        return TokenRecognizer(
            self.reader, outputs, self.scheme, self.recipe.settings, positions(self.model.config)
        )


def batches_of(
    trained: Trained, documents: Sequence[MarkedText], taught: Sequence[MarkedText] = (), every: int = 1
) -> WindowBatches:
    """The training documents as batches with their targets; an epoch has one in `every` of those `taught`."""
    known, documents = len(documents), [*documents, *taught]
    reads = trained.reader.read([one.text for one in documents])
    return WindowBatches(
        trained.reader,
        reads,
        [allowed_labels(one, read, trained.scheme) for one, read in zip(documents, reads, strict=True)],
        size=trained.recipe.window - trained.reader.special_tokens,
        batch_tokens=trained.recipe.batch_tokens,
        padding=trained.padding,
        seed=trained.recipe.seed,
        every=[1] * known + [every] * len(taught),
    )


def train_recognizer(
    trained: Trained,
    batches: WindowBatches,
    progress: Progress = lambda step, steps, loss: None,
    watch: Watch = Watch(),  # noqa: B008 - frozen
    checkpoint: Checkpoint | None = None,
) -> Course:
    """Train the model in place. The same seed, data and machine give the same weights. Raises TrainingError."""
    import torch

    recipe = trained.recipe
    torch.manual_seed(recipe.seed)
    hidden = hiding_token(trained.tokenizer)
    schedule = Schedule(
        recipe.epochs * batches.batches_an_epoch,
        recipe.learning_rate,
        recipe.warm_up,
        recipe.head_learning_rate / recipe.learning_rate if recipe.head_learning_rate else 1.0,
        recipe.averaged,
    )

    def loss_of(step: int) -> torch.Tensor:
        batch = batches.batch()
        given = {key: value.to(trained.model.device) for key, value in batch.given.items()}
        if recipe.token_dropout:
            given["input_ids"] = _hide(given["input_ids"], batch, recipe.token_dropout, hidden)
        with torch.autocast(trained.model.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            logits = trained.model(**given).logits
        return _loss(logits.float(), batch, trained)

    head = getattr(trained.model, "classifier", None)
    return optimise(trained.model, schedule, loss_of, progress, batches, watch, checkpoint, head)


def hiding_token(tokenizer: Any) -> int:
    """The id of what stands for a hidden token."""
    known = (tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id)
    return next((int(id) for id in known if id is not None), 0)


def _hide(ids: torch.Tensor, batch: WindowBatch, share: float, hidden: int) -> torch.Tensor:
    """The first tokens of so many of the batch's words hidden."""
    import torch

    chosen = torch.zeros(ids.numel(), dtype=torch.bool)
    words = torch.rand(len(batch.first)) < share
    chosen[batch.first[words]] = True
    return ids.masked_fill(chosen.view(ids.shape).to(ids.device), hidden)


def _loss(logits: torch.Tensor, batch: WindowBatch, trained: Trained) -> torch.Tensor:
    import torch

    device = logits.device
    flat = logits.reshape(-1, logits.shape[-1])
    first, stop = batch.first.to(device), batch.stop.to(device)
    if trained.recipe.mean_pieces:
        counts = stop - first
        word = torch.repeat_interleave(torch.arange(len(first), device=device), counts)
        begun = torch.repeat_interleave(torch.cumsum(counts, 0) - counts - first, counts)
        token = torch.arange(len(word), device=device) - begun
        sums = torch.zeros(len(first), flat.shape[1], device=device).index_add(0, word, flat[token])
        rows = sums / counts[:, None]
    else:
        rows = flat[first]
    return loss_of_words(rows, batch.allowed.to(device), trained.scheme)
