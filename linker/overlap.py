"""How far a mention and a term say the same words: the two sides of specificity.

A term wholly said by the mention (`carcinoma` in `carcinoma pobremente diferenciado`) is a broader
concept and often the right one; a mention that the term adds words to (`crisis convulsivas` and
`crisis convulsivas bilaterales`) should not become its narrowest child. A symmetric similarity cannot
tell the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linker.normalization import fold_words

STEM = 5
"""Letters. Words that begin alike are taken for forms of one word (`derecho`, `derecha`)."""

FUNCTION_WORDS = frozenset(
    [
        "a",
        "al",
        "con",
        "de",
        "del",
        "e",
        "el",
        "en",
        "la",
        "las",
        "lo",
        "los",
        "o",
        "por",
        "que",
        "se",
        "su",
        "sus",
        "un",
        "una",
        "y",
        "and",
        "in",
        "of",
        "the",
        "with",
    ]
)


def word_overlaps(pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
    """For each (mention, term): the share of the term that the mention says, and the reverse.

    Shape (len(pairs), 2), in [0, 1], by letters of content words.
    """
    # A mention comes with many terms.
    words = {text: content_words(text) for text in {text for pair in pairs for text in pair}}
    overlaps = [
        (_share_said(words[term], words[mention]), _share_said(words[mention], words[term]))
        for mention, term in pairs
    ]
    return np.array(overlaps, dtype=np.float32).reshape(len(pairs), 2)


def content_words(text: str) -> list[str]:
    """The folded words of a text without function words; of one that has no others, all."""
    words = fold_words(text).split()
    return [word for word in words if word not in FUNCTION_WORDS] or words


def _share_said(said: Sequence[str], by: Sequence[str]) -> float:
    stems = {word[:STEM] for word in by}
    letters = sum(map(len, said))
    return sum(len(word) for word in said if word[:STEM] in stems) / letters if letters else 0.0
