"""Mentions found by a token-classification model of transformers: any folder or Hugging Face id with a fast tokeniser.

Whole documents are read, in windows that overlap; each word's answer is that of the window that shows the most around
it. Of the label sequences that the scheme allows the best is taken (`linker.annotation.recognizer_labels`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from linker.annotation.model import Source, Span
from linker.annotation.recognizer_labels import Floats, LabelScheme
from linker.annotation.recognizer_outputs import TokenOutputs, outputs_of
from linker.annotation.recognizer_reading import ReadText, TextReader, windows_over
from linker.encoder import FULL, PRECISIONS, check_folder, model_settings
from linker.errors import LinkerError, ModelNotFound, first_line

MOST_TOKENS = 512
"""Of a window, where neither the folder nor the model says less."""


@dataclass(frozen=True, slots=True)
class RecognizerSettings:
    """What `enlace.json` of a recogniser's folder may say, all of it optional.

    `window` and `overlap` in tokens, special ones included in the first; 0 for what the model can read, and a quarter
    of it. `mean_pieces`: a word's logits are the mean of its tokens', not those of the first. `types` renames types.
    """

    window: int = 0
    overlap: int = 0
    mean_pieces: bool = False
    types: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, settings: Mapping[str, Any], name: str) -> RecognizerSettings:
        """Of the file's object. Raises ModelNotFound for a value of another kind."""
        given = {
            key: settings[key] for key in ("window", "overlap", "mean_pieces", "types") if key in settings
        }
        for key, value in given.items():
            kind = {"mean_pieces": bool, "types": dict}.get(key, int)
            if not isinstance(value, kind):
                raise ModelNotFound(
                    f"enlace.json of {name!r} has {value!r} as {key!r}; correct or remove it."
                )
        return cls(**given)


class TokenRecognizer:
    """A `Recognizer`. Safe for several threads."""

    def __init__(
        self,
        reader: TextReader,
        outputs: TokenOutputs,
        scheme: LabelScheme,
        settings: RecognizerSettings,
        most_tokens: int = MOST_TOKENS,
    ) -> None:
        """Use `open`. `most_tokens` is what the model can read at once."""
        self._reader = reader
        self._outputs = outputs
        self._scheme = scheme
        self._settings = settings
        window = min(settings.window or MOST_TOKENS, most_tokens)
        self._size = max(2, window - reader.special_tokens)
        self._overlap = min(settings.overlap or self._size // 4, self._size // 2)

    @classmethod
    def open(cls, name: str | Path, *, precision: str = FULL, device: str | None = None) -> TokenRecognizer:
        """Load a folder, or an id from the local cache or the hub.

        `enlace.json` in the folder may say how to read and what labels cost (`RecognizerSettings`; `transitions` and
        `outside` as in `LabelScheme`). Raises ModelNotFound where there is no head, no fast tokeniser, or labels that
        are not BIO; LinkerError for another precision.
        """
        import torch
        from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

        import linker.annotation.bilstm  # noqa: F401 - transformers is told of it

        if precision not in PRECISIONS:
            known = f"{', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
            raise LinkerError(f"There is no precision {precision!r}; choose {known}.")
        check_folder("recogniser", name)
        settings = model_settings(name)
        try:
            config = AutoConfig.from_pretrained(str(name))
            tokenizer = AutoTokenizer.from_pretrained(str(name))
        except Exception as error:  # the libraries raise many kinds for one thing: it cannot be loaded
            raise _cannot_load(name, error) from error
        reader = TextReader(tokenizer, str(name))
        if not any("TokenClassification" in one for one in config.architectures or ()):
            raise ModelNotFound(
                f"{str(name)!r} has no token-classification head; fine-tune it with `enlace train recognizer "
                f"--from {name}`, or name a folder that has one."
            )
        labels = [config.id2label[at] for at in range(config.num_labels)]
        try:
            scheme = LabelScheme(labels, learned=settings.get("transitions"), outside=settings.get("outside"))
        except ModelNotFound as error:
            raise ModelNotFound(f"{str(name)!r}: {error}") from None
        try:
            model = AutoModelForTokenClassification.from_pretrained(str(name), dtype=torch.float32)
        except Exception as error:
            raise _cannot_load(name, error) from error
        model.eval()
        if precision == FULL and device:
            model.to(device)
        own = RecognizerSettings.read(settings, str(name))
        padding = tokenizer.pad_token_id
        outputs = outputs_of(model, 0 if padding is None else int(padding), precision)
        return cls(reader, outputs, scheme, own, positions(config))

    @property
    def types(self) -> tuple[str, ...]:
        """The types that its spans have."""
        return tuple(sorted({self._settings.types.get(type, type) for type in self._scheme.types}))

    @property
    def scheme(self) -> LabelScheme:
        """What the model's labels mean."""
        return self._scheme

    def read(self, texts: Sequence[str]) -> list[ReadText]:
        """Texts as `spans_of` and `word_logits` take them."""
        return self._reader.read(texts)

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text, in its order (by start, then longer first), without repetition."""
        return self.spans_of(self.read(texts))

    def spans_of(self, reads: Sequence[ReadText]) -> list[list[Span]]:
        """As `spans`, of texts that are read already."""
        logits = self.word_logits(reads)
        return [
            _spans(
                Span(
                    int(read.starts[one.first]),
                    int(read.ends[one.last]),
                    self._settings.types.get(one.type, one.type),
                    Source.RECOGNIZER,
                    round(min(1.0, one.score), 4),
                )
                for one in found
            )
            for read, found in zip(reads, self._scheme.decode(logits), strict=True)
        ]

    def word_logits(self, reads: Sequence[ReadText]) -> list[Floats]:
        """The logits of each text's words, shape (words, labels)."""
        windows = windows_over(reads, self._size, self._overlap)
        found = [np.zeros((len(read.first), len(self._scheme.labels)), np.float32) for read in reads]
        before = len(self._reader.before)
        given = [
            np.concatenate([self._reader.before, reads[w.text].ids[w.start : w.stop], self._reader.after])
            for w in windows
        ]
        for row, logits in self._outputs.of(given):
            window = windows[row]
            read = reads[window.text]
            words = slice(window.first_word, window.stop_word)
            # A word longer than a window has its first token in an earlier one.
            first = np.maximum(read.first[words], window.start) - window.start + before
            if not self._settings.mean_pieces:
                found[window.text][words] = logits[first]
                continue
            stop = np.minimum(read.stop[words], window.stop) - window.start + before
            sums = np.concatenate([np.zeros((1, logits.shape[1])), np.cumsum(logits, 0, dtype=np.float64)])
            found[window.text][words] = (sums[stop] - sums[first]) / (stop - first)[:, None]
        return found


def positions(config: Any) -> int:
    """How many tokens a model can read at once, special ones included; MOST_TOKENS where it does not say.

    RoBERTa and XLM-R number positions from after the padding token's id.
    """
    most = getattr(config, "max_position_embeddings", None)
    if not isinstance(most, int) or most <= 0:
        return MOST_TOKENS
    roberta = config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "longformer")
    return most - (int(config.pad_token_id) + 1 if roberta else 0)


def _spans(found: Any) -> list[Span]:
    """In the order of the text; of two that are alike but for their score, the surer."""
    best: dict[tuple[int, int, str], Span] = {}
    for span in found:
        key = (span.start, -span.end, span.type)
        if key not in best or best[key].score < span.score:
            best[key] = span
    return [best[key] for key in sorted(best)]


def _cannot_load(name: str | Path, error: Exception) -> ModelNotFound:
    return ModelNotFound(
        f"The recogniser {str(name)!r} cannot be loaded ({first_line(error)}); name a folder with a "
        "token-classification model, or a Hugging Face id that is on this machine or can be downloaded."
    )
