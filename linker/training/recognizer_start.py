"""The model that a recogniser's training starts from: a checkpoint with a new head, or a small BERT from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linker.annotation.recognizer import MOST_TOKENS, positions
from linker.annotation.recognizer_labels import LabelScheme
from linker.annotation.recognizer_reading import TextReader
from linker.encoder import cannot_load, check_folder, model_settings
from linker.errors import TrainingError, first_line
from linker.normalization import normaliser
from linker.training.recognizer import RecognizerRecipe, Trained
from linker.training.scratch import ScratchSize, write_scratch_model

FOLDED, COMPOSED = "fold-1", "compose-1"


@dataclass(frozen=True, slots=True)
class BiLstmSize:
    """The shape of a `linker.annotation.bilstm`; `hidden` is the width of one direction."""

    layers: int = 2
    hidden: int = 200


def write_scratch(folder: Path, texts: Sequence[str], size: ScratchSize, folded: bool, seed: int) -> None:
    """A BERT with words and first vectors learned from `texts`; `folded`, it reads neither case nor accents."""
    name = FOLDED if folded else COMPOSED
    normalise = normaliser(name)
    lines = [normalise(line) for text in texts for line in text.splitlines() if line.strip()]
    write_scratch_model(folder, lines, size, name, seed, texts=lines)


def write_bilstm(folder: Path, start: str | Path, size: BiLstmSize, seed: int) -> None:
    """An LSTM over the word pieces of another model, with its tokeniser, and with their vectors to start from.

    Raises ModelNotFound where that cannot be loaded.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    from linker.annotation.bilstm import BiLstmConfig, BiLstmForTokenClassification

    check_folder("model", start)
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(start))
        vectors = AutoModel.from_pretrained(str(start), dtype=torch.float32).get_input_embeddings().weight
    except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
        raise cannot_load("model", start, first_line(error)) from error
    read_as_trained(tokenizer, str(start))
    torch.manual_seed(seed)
    config = BiLstmConfig(
        vocab_size=len(vectors),
        embedding_size=vectors.shape[1],
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        pad_token_id=tokenizer.pad_token_id or 0,
    )
    model = BiLstmForTokenClassification(config)
    with torch.no_grad():
        # As long as an LSTM's first weights expect.
        model.embeddings.weight.copy_(vectors / vectors.std() * 0.5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def open_start(
    start: str | Path, scheme: LabelScheme, recipe: RecognizerRecipe, device: str = "cpu"
) -> Trained:
    """A folder or an id with a head for the scheme's labels; one that has such a head already keeps it.

    The window is cut to what the model can read where it is 0; raises TrainingError where it is asked to be longer,
    ModelNotFound.
    """
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

    import linker.annotation.bilstm  # noqa: F401 - transformers is told of it

    torch.manual_seed(recipe.seed)
    labels = dict(enumerate(scheme.labels))
    check_folder("model", start)
    try:
        config = AutoConfig.from_pretrained(str(start))
        tokenizer = AutoTokenizer.from_pretrained(str(start))
    except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
        raise cannot_load("model", start, first_line(error)) from error
    name = str(start)
    reader = read_as_trained(tokenizer, name)
    most = positions(config)
    if recipe.window > most:
        raise TrainingError(
            f"The model reads at most {most} tokens and windows of {recipe.window} were asked; ask for smaller ones."
        )
    recipe = replace(recipe, window=recipe.window or min(most, MOST_TOKENS))
    if recipe.window < reader.special_tokens + 2:
        raise TrainingError(
            f"A window of {recipe.window} tokens has no room for words; ask for a larger one."
        )
    for key in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if hasattr(config, key):
            setattr(config, key, recipe.dropout)
    config.classifier_dropout = recipe.dropout
    keeps_head = [getattr(config, "id2label", {}).get(at) for at in labels] == list(scheme.labels)
    config.num_labels = len(labels)
    config.id2label = labels
    config.label2id = {label: at for at, label in labels.items()}
    try:
        model = AutoModelForTokenClassification.from_pretrained(
            str(start), config=config, dtype=torch.float32, ignore_mismatched_sizes=not keeps_head
        )
    except Exception as error:
        raise cannot_load("model", start, first_line(error)) from error
    return Trained(model.to(device), tokenizer, reader, scheme, recipe)


def read_as_trained(tokenizer: Any, start: str) -> TextReader:
    """A reader of raw text. What a folder's strings were folded beforehand, its tokeniser now does itself."""
    from tokenizers import normalizers

    reader = TextReader(tokenizer, start)
    backend = tokenizer.backend_tokenizer
    if backend.normalizer is None and model_settings(start).get("normalisation") == FOLDED:
        backend.normalizer = normalizers.Sequence(
            [
                normalizers.NFC(),
                normalizers.Lowercase(),
                # ñ is a letter, and no n with an accent.
                normalizers.Replace("ñ", "\ue000"),
                normalizers.NFKD(),
                normalizers.StripAccents(),
                normalizers.Lowercase(),
                normalizers.Replace("\ue000", "ñ"),
            ]
        )
        reader = TextReader(tokenizer, start)
    elif backend.normalizer is None and model_settings(start).get("normalisation") == COMPOSED:
        backend.normalizer = normalizers.NFC()
        reader = TextReader(tokenizer, start)
    return reader
