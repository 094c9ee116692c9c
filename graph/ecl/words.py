"""Terms as search sees them: lower case, composed, in words; and how a search text is compared with them.

As the specification has it (5.3, character collation), a letter without an accent matches it with any,
and one with an accent only itself. ñ is a letter of its own and no n with an accent.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

_NO_WORD = r"[^\p{L}\p{N}\p{M}]+"
_KEPT = {"ñ"}
#: Where the accented letters of the Latin script are.
_LATIN = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
_WILD = re.compile(r"\\(.)|(\*)|([^\\*]+)", re.DOTALL)


def normal(texts: pa.Array) -> pa.Array:
    """Each text in lower case and composed (NFC)."""
    return pc.utf8_normalize(pc.utf8_lower(texts), form="NFC")


def normal_text(text: str) -> str:
    """As `normal`, of one text."""
    return str(normal(pa.array([text], pa.string()))[0].as_py())


def in_words(normal_texts: pa.Array) -> pa.Array:
    """The words of each text: runs of letters, digits and marks. A list of text an entry."""
    spaced = pc.replace_substring_regex(normal_texts, pattern=_NO_WORD, replacement=" ")
    return pc.split_pattern(pc.ascii_trim(spaced, characters=" "), pattern=" ")


def words_in(normal_text: str) -> list[str]:
    """As `in_words`, of one normal text: compiling the pattern would take longer than most expressions do."""
    return "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in normal_text).split()


def words_of(text: str) -> list[str]:
    """The distinct words of a search text, as `in_words` splits terms."""
    return list(dict.fromkeys(words_in(normal_text(text))))


@cache
def _folded_letter(letter: str) -> str:
    if letter in _KEPT:
        return letter
    return "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))


def folded(word: str) -> str:
    """A normal text without accents."""
    return word if word.isascii() else "".join(map(_folded_letter, word))


def pattern_of(text: str) -> str:
    """The regular expression (RE2) of the normal texts that a normal search text matches, not anchored."""
    return "".join(_classes().get(c) or _literal(c) for c in text)


def wild_runs(text: str) -> list[str]:
    """What stands between the asterisks of a `wild` search text, normal; one run where there is no asterisk.

    >>> wild_runs("cardi*opathy")
    ['cardi', 'opathy']

    A backslash makes the asterisk or backslash after it an ordinary character.
    """
    runs = [""]
    for escaped, star, plain in _WILD.findall(text):
        if star:
            runs.append("")
        else:
            runs[-1] += escaped or plain
    return [normal_text(run) for run in runs]


def wild_pattern(runs: list[str]) -> str:
    """The regular expression (RE2) of the normal texts that such runs match as a whole."""
    return f"(?s)^{'.*'.join(map(pattern_of, runs))}$"


@cache
def _classes() -> dict[str, str]:
    """For each letter, the class of that letter with any accent."""
    variants: dict[str, list[str]] = {}
    for block in _LATIN:
        for code in block:
            letter = chr(code)
            base = folded(letter)
            if letter == letter.lower() and len(base) == 1 and base != letter:
                variants.setdefault(base, []).append(letter)
    return {base: f"[{base}{''.join(letters)}]" for base, letters in variants.items()}


def _literal(character: str) -> str:
    return "\\" + character if character in r"\.+*?()|[]{}^$" else character
