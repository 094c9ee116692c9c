"""Text normalisation: the one place where it is defined, for training, indexing and querying alike.

The original is always kept for display. An index's manifest names the normaliser it was made with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from linker.errors import LinkerError

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
_WORD = re.compile(r"[^\W_]+")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_])")
_ENYE_HELD = "\ue000"
_FIRST_COMBINING = "\u0300"


def compose(text: str) -> str:
    """Canonical composition (Unicode NFC) and single spaces: for models that keep case and accents."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold(text: str) -> str:
    """Lower case without accents, tokens apart, ñ kept: `Año  post-Quirúrgico` → `año post - quirurgico`.

    Compatibility forms are unfolded (`ﬁ`, `²`), Greek letters and symbols stay. ñ is a letter of
    Spanish and not an accented n, so `ano` and `año` stay apart.
    """
    if text.isascii():
        return " ".join(_TOKEN.findall(text.lower()))
    held = unicodedata.normalize("NFC", text).lower().replace("ñ", _ENYE_HELD)
    # Lower case once more: `№` and `℃` have none until they are unfolded.
    unfolded = unicodedata.normalize("NFKD", held).lower()
    # Every linking folds hundreds of terms, and most of their characters come before the first combining one.
    bare = "".join([c for c in unfolded if c < _FIRST_COMBINING or not unicodedata.combining(c)])
    return " ".join(_TOKEN.findall(bare.replace(_ENYE_HELD, "ñ")))


def fold_words(text: str) -> str:
    """`fold` without punctuation: what two strings share when they differ only in case, accents and marks."""
    return " ".join(_WORD.findall(fold(text)))


def unhyphenated(text: str) -> str:
    """Without the hyphens between letters, which not all write (`anti-coagulación`); that of `COVID-19` stays."""
    return _HYPHEN.sub("", text)


def fold_letter(letter: str) -> str:
    """One character in lower case without its accent, ñ kept; itself where folding gives no single one."""
    folded = fold(letter)
    return folded if len(folded) == 1 else letter


NORMALISERS: dict[str, Callable[[str], str]] = {"compose-1": compose, "fold-1": fold}
"""Normalisers by the name that manifests pin. A change of behaviour is a new name."""


def normaliser(name: str) -> Callable[[str], str]:
    """The normaliser of that name. Raises LinkerError naming the known ones."""
    try:
        return NORMALISERS[name]
    except KeyError:
        known = ", ".join(sorted(NORMALISERS))
        raise LinkerError(f"There is no text normaliser {name!r}; this version knows {known}.") from None
