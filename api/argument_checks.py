"""Checks of arguments that requests of several kinds have: GraphQL's fields and the flat tables."""

from __future__ import annotations

from collections.abc import Sequence

from api.errors import ArgumentRejected
from api.link_options import LinkOptions
from api.settings import Settings

MOST_SEMANTIC_TAGS = 50
"""Of one request."""
MOST_ANNOTATION_CANDIDATES = 10
"""Of a mention that was found: those that the cross-encoder reads."""
_MAXIMUM_ID_LENGTH = 255


def check_count(settings: Settings, argument: str, count: int) -> None:
    """Raise ArgumentRejected for more ids, or pairs of them, than one request takes."""
    if count > settings.max_ids:
        raise ArgumentRejected(
            argument,
            f"{count:,} {argument} were given and one request takes at most {settings.max_ids:,}; "
            "send them in several requests.",
        )


def check_mentions(settings: Settings, mentions: Sequence[str], top: int, budget_ms: float | None) -> None:
    """Raise ArgumentRejected for what `link` does not take."""
    if len(mentions) > settings.max_mentions:
        raise ArgumentRejected(
            "mentions",
            f"{len(mentions):,} mentions were given and one request takes at most {settings.max_mentions:,}; "
            "send them in several requests.",
        )
    if not 1 <= top <= settings.max_top:
        raise ArgumentRejected("top", f"top is {top}; give a number from 1 to {settings.max_top:,}.")
    if budget_ms is not None and budget_ms < 0:
        raise ArgumentRejected("budgetMs", f"budgetMs is {budget_ms:g}; give 0 or more.")


def check_link_options(settings: Settings, text: str, options: LinkOptions) -> None:
    """Raise ArgumentRejected for a document, a scope or a least probability that `link` does not take."""
    _check_length("text", text, settings.max_document_length)
    check_ecl(settings, options.ecl)
    if len(options.semantic_tags) > MOST_SEMANTIC_TAGS:
        raise ArgumentRejected(
            "semanticTags", f"{len(options.semantic_tags):,} were given; give at most {MOST_SEMANTIC_TAGS}."
        )
    for tag in options.semantic_tags:
        check_text(settings, "semanticTags", tag)
    minimum = options.min_probability
    if minimum is not None and not 0 <= minimum <= 1:
        raise ArgumentRejected("minProbability", f"minProbability is {minimum:g}; give a number from 0 to 1.")


def check_annotated(settings: Settings, text: str, top: int) -> None:
    """Raise ArgumentRejected for what `annotate` does not take."""
    _check_length("text", text, settings.max_annotated_length)
    if not 1 <= top <= MOST_ANNOTATION_CANDIDATES:
        raise ArgumentRejected("top", f"top is {top}; give a number from 1 to {MOST_ANNOTATION_CANDIDATES}.")


def check_ids(argument: str, ids: Sequence[str]) -> None:
    """Raise ArgumentRejected for an id that no release can hold; whether one holds it is another question."""
    for id in ids:
        check_unicode(argument, id)
        if not 0 < len(id) <= _MAXIMUM_ID_LENGTH:
            raise ArgumentRejected(
                argument,
                f"An id of {len(id):,} characters was given; ids have 1 to {_MAXIMUM_ID_LENGTH}, "
                "as SNOMEDCT:22298006.",
            )


def check_text(settings: Settings, argument: str, text: str) -> None:
    """Raise ArgumentRejected for a search text that is too long or no text."""
    _check_length(argument, text, settings.max_text_length)


def check_ecl(settings: Settings, ecl: str) -> None:
    """Raise ArgumentRejected for an expression that is too long or no text."""
    _check_length("ecl", ecl, settings.max_ecl_length)


def check_unicode(argument: str, text: str) -> None:
    """Raise ArgumentRejected for a lone surrogate, which JSON can write and no text contains."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentRejected(
            argument, f"{argument} has half a character in it; send Unicode text."
        ) from None


def _check_length(argument: str, text: str, most: int) -> None:
    if len(text) > most:
        raise ArgumentRejected(
            argument, f"{argument} has {len(text):,} characters and at most {most:,} are accepted."
        )
    check_unicode(argument, text)
