"""Training a checkpoint to tell hidden words of raw text (masked language modelling, Devlin et al. 2019).

What is learned so is what a recogniser starts from: text without annotations there is more of.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linker.annotation.recognizer import MOST_TOKENS, positions
from linker.encoder import weights_digest
from linker.errors import ModelNotFound, TrainingError, first_line
from linker.training.checkpoint import Checkpoint
from linker.training.model_folder import replaced
from linker.training.optimization import Progress, Schedule, Watch, optimise
from linker.training.recognizer_batches import WindowBatch, WindowBatches
from linker.training.recognizer_start import read_as_trained

if TYPE_CHECKING:
    import torch

_DIGEST_FILE = "trained.sha256"


@dataclass(frozen=True, slots=True)
class LanguageRecipe:
    """How it is trained. Lengths are in tokens, special ones included.

    Of the tokens a share is `hidden`: of ten eight behind the mask, one behind another token, and one not at all.
    """

    steps: int = 2000
    learning_rate: float = 1e-4
    warm_up: float = 0.06
    batch_tokens: int = 4096
    window: int = 128
    hidden: float = 0.15
    bfloat16: bool = True
    seed: int = 0


def learned_language(
    start: str | Path,
    texts: Sequence[str],
    folder: Path,
    recipe: LanguageRecipe,
    *,
    device: str = "cpu",
    save_steps: int = 500,
    progress: Progress = lambda step, steps, loss: None,
) -> Path:
    """Train `start` on `texts` into `folder`, a plain one of transformers, and return it.

    Where `folder` has what the same training gave, nothing is done; where one was killed, it goes on. Raises
    TrainingError where the tokeniser has no mask or there is no text, ModelNotFound.
    """
    import torch
    from transformers import AutoTokenizer

    torch.manual_seed(recipe.seed)
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(start))
        model = _with_language_head(start).to(device)
    except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
        raise ModelNotFound(
            f"The model {str(start)!r} cannot be trained on raw text ({first_line(error)}); leave the texts out, "
            "or start from a BERT, RoBERTa or XLM-R."
        ) from error
    if tokenizer.mask_token_id is None:
        raise TrainingError(
            f"The tokeniser of {str(start)!r} has no mask token, so no words can be hidden; leave the texts out."
        )
    reader = read_as_trained(tokenizer, str(start))
    reads = reader.read(texts)
    if not any(len(read.first) for read in reads):
        raise TrainingError("There is no raw text to train on; give texts, or leave the option out.")
    digest = _digest(tokenizer, model, texts, recipe)
    if (folder / _DIGEST_FILE).is_file() and (folder / _DIGEST_FILE).read_text("utf-8") == digest:
        return folder
    window = min(recipe.window, positions(model.config), MOST_TOKENS)
    batches = WindowBatches(
        reader,
        reads,
        None,
        size=window - reader.special_tokens,
        batch_tokens=recipe.batch_tokens,
        padding=int(tokenizer.pad_token_id or 0),
        seed=recipe.seed,
    )

    def loss_of(step: int) -> torch.Tensor:
        return _loss(model, tokenizer, batches.batch(), recipe)

    kept = Checkpoint(folder, digest, save_steps)
    schedule = Schedule(recipe.steps, recipe.learning_rate, recipe.warm_up)
    optimise(model, schedule, loss_of, progress, batches, Watch(every=recipe.steps), kept)
    with replaced(folder) as staging:
        model.save_pretrained(staging)
        tokenizer.save_pretrained(staging)
        (staging / _DIGEST_FILE).write_text(digest, "utf-8")
    kept.remove()
    return folder


def forget_language(folder: Path) -> None:
    """Remove what `learned_language` left, once nothing starts from it any more."""
    shutil.rmtree(folder, ignore_errors=True)


def _loss(model: Any, tokenizer: Any, batch: WindowBatch, recipe: LanguageRecipe) -> torch.Tensor:
    import torch

    ids = batch.given["input_ids"]
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    chosen = (torch.rand(ids.shape) < recipe.hidden) & ~special
    if not chosen.any():
        # One token at least, so that there is something to tell.
        chosen.view(-1)[int(torch.nonzero(~special.view(-1))[0, 0])] = True
    turn = torch.rand(ids.shape)
    shown = ids.masked_fill(chosen & (turn < 0.8), tokenizer.mask_token_id)
    others = torch.randint(0, model.config.vocab_size, ids.shape)
    shown = torch.where(chosen & (turn >= 0.9), others, shown)
    given = {key: value.to(model.device) for key, value in {**batch.given, "input_ids": shown}.items()}
    at = chosen.to(model.device)
    head = getattr(model, "cls", None) or getattr(model, "lm_head", None)
    with torch.autocast(model.device.type, torch.bfloat16, enabled=recipe.bfloat16):
        # The vocabulary is large, and only hidden tokens are asked for.
        told = head(model.base_model(**given).last_hidden_state[at]) if head else model(**given).logits[at]
    return torch.nn.functional.cross_entropy(told.float(), ids.to(model.device)[at])


def _with_language_head(start: str | Path) -> Any:
    """The model of `start`; a head that it lacks gets random values."""
    import torch
    from transformers import AutoModelForMaskedLM

    with torch.device("cpu"):
        model = AutoModelForMaskedLM.from_pretrained(str(start), dtype=torch.float32)
        if any(one.is_meta for one in model.parameters()):
            # The library may leave a head that the checkpoint lacks without any values.
            whole = AutoModelForMaskedLM.from_config(model.config)
            there = {name: one for name, one in model.state_dict().items() if not one.is_meta}
            whole.load_state_dict(there, strict=False)
            model = whole.float()
    return model


def _digest(tokenizer: Any, model: Any, texts: Sequence[str], recipe: LanguageRecipe) -> str:
    digest = hashlib.sha256(weights_digest(tokenizer.get_vocab(), model.state_dict()).encode())
    digest.update(json.dumps(asdict(recipe), sort_keys=True).encode())
    for text in texts:
        digest.update(json.dumps(text).encode())
    return digest.hexdigest()
