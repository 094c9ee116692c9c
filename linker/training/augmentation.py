"""Made-up variants of a term, as clinicians write them: more words, fewer, another order, a slip of the pen.

The added words are data: `modifiers.txt` beside this module, one phrase a line.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from linker.normalization import fold

MODIFIERS_FILE = Path(__file__).with_name("modifiers.txt")

ADD_WORDS, DROP_WORD, SHUFFLE, SLIP = 0.35, 0.15, 0.10, 0.20
"""Chance of each kind of change; the rest leaves the string as it is."""


@dataclass(frozen=True, slots=True)
class Augmenter:
    """Varies folded strings with a seeded generator."""

    modifiers: tuple[str, ...]
    random: random.Random

    @classmethod
    def open(cls, seed: int) -> Augmenter:
        """With the modifiers that come with Enlace."""
        lines = MODIFIERS_FILE.read_text("utf-8").splitlines()
        phrases = tuple(fold(line) for line in lines if line.strip() and not line.startswith("#"))
        return cls(phrases, random.Random(seed))

    def vary(self, string: str) -> str:
        """A variant of `string`, or `string` itself."""
        words = string.split()
        draw = self.random.random()
        if draw < ADD_WORDS:
            return self._with_modifiers(words)
        if draw < ADD_WORDS + DROP_WORD:
            if len(words) > 2:
                words.pop(self.random.randrange(len(words)))
        elif draw < ADD_WORDS + DROP_WORD + SHUFFLE:
            self.random.shuffle(words)
        elif draw < ADD_WORDS + DROP_WORD + SHUFFLE + SLIP:
            place = self.random.randrange(len(words)) if words else 0
            if words and len(words[place]) > 4:
                words[place] = self._slip(words[place])
        return " ".join(words)

    def _with_modifiers(self, words: list[str]) -> str:
        if self.random.random() < 0.8:
            return " ".join([*words, *self.random.sample(self.modifiers, self.random.randint(1, 2))])
        return " ".join([self.random.choice(self.modifiers), *words])

    def _slip(self, word: str) -> str:
        place = self.random.randrange(1, len(word))
        return self.random.choice(
            (
                word[:place] + word[place + 1 :],
                word[:place] + word[place - 1] + word[place:],
                word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :],
                word[:-1],
                word + "s",
                word[:-1] + "a",
                word[:-1] + "o",
            )
        )
