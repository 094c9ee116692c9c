"""Text folded character by character, so that every offset stays true."""

from __future__ import annotations

import re

from linker.normalization import fold_letter


class _Folded(dict[int, str]):
    """What each character folds to: itself in lower case without its accent, always one character."""

    def __missing__(self, code: int) -> str:
        self[code] = found = fold_letter(chr(code))
        return found


_FOLDED = _Folded()
_COMBINING = re.compile("[\u0300-\u036f]")


def fold_in_place(text: str) -> str:
    """Lower case without accents, ñ kept, as long as `text`: what stands at an offset stands there in both.

    Accents that are characters of their own (decomposed Unicode) stay; `bare` takes them off a word.
    """
    return text.translate(_FOLDED)


def bare(word: str) -> str:
    """A folded word without combining marks; `n` with a tilde of its own is ñ."""
    if word.isascii():
        return word
    return _COMBINING.sub("", word.replace("n\u0303", "ñ"))
