"""The words of a term or a mention that say something: without articles, prepositions and conjunctions."""

from __future__ import annotations

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


def word_stems(text: str) -> tuple[str, ...]:
    """The content words of a text, cut to STEM letters; of one without any, an empty word."""
    return tuple(word[:STEM] for word in content_words(text)) or ("",)


def content_words(text: str) -> list[str]:
    """The folded words of a text without function words; of one that has no others, all."""
    words = fold_words(text).split()
    return [word for word in words if word not in FUNCTION_WORDS] or words
