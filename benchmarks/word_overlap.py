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

from linker.content_words import STEM, content_words


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


def _share_said(said: Sequence[str], by: Sequence[str]) -> float:
    stems = {word[:STEM] for word in by}
    letters = sum(map(len, said))
    return sum(len(word) for word in said if word[:STEM] in stems) / letters if letters else 0.0
