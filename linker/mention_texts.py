"""What the text of a mention may be."""

from __future__ import annotations

from linker.errors import MentionRejected

MAXIMUM_MENTION_LENGTH = 1000
"""Characters. A longer string is a document, and linking it as one mention would be meaningless."""


def check_mention(mention: str, place: int) -> str:
    """The mention without outer spaces. Raises MentionRejected naming its place, counted from 1."""
    text = mention.strip()
    if not text:
        raise MentionRejected(f"Mention {place} is empty; give the words as they stand in the text.")
    if len(text) > MAXIMUM_MENTION_LENGTH:
        raise MentionRejected(
            f"Mention {place} has {len(text):,} characters and at most {MAXIMUM_MENTION_LENGTH:,} are accepted; "
            "link the phrases of a document, not the document."
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise MentionRejected(f"Mention {place} holds half a character (a lone surrogate); send it as UTF-8.")
    return text
