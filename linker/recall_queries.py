"""Strings that an index's recall is measured on: mentions, and its own strings as people mistype them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

HALF = 200
"""Strings of each of the two kinds, at most."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzñáéíóú"


def recall_queries(texts: Sequence[str], mentions: Sequence[str] = ()) -> list[str]:
    """Some of `mentions`, and of `texts` with a slip each: a letter wrong, missing or doubled, or two words swapped."""
    chance = np.random.default_rng(0)
    real = list(dict.fromkeys(mentions))
    chosen = [real[i] for i in chance.permutation(len(real))[:HALF]]
    return chosen + [mistyped(texts[i], chance) for i in chance.permutation(len(texts))[:HALF]]


def mistyped(text: str, chance: np.random.Generator) -> str:
    """A text with one slip; a text of one letter keeps it."""
    words = text.split()
    slip = chance.integers(4)
    if slip == 3 and len(words) > 1:
        at = int(chance.integers(len(words) - 1))
        words[at : at + 2] = words[at + 1], words[at]
        return " ".join(words)
    if len(text) < 2:
        return text
    at = int(chance.integers(len(text)))
    written = {0: _LETTERS[int(chance.integers(len(_LETTERS)))], 1: "", 2: text[at] * 2}
    return text[:at] + written.get(int(slip), "") + text[at + 1 :]
