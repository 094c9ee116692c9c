"""The texts of documents, beside the mentions that are marked in them: one `{"doc": …, "text": …}` a line.

JSON Lines, plain or gzip. A mention's context is cut out of its document's text by its offsets, and only
where the text there is the mention.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linker.errors import MentionFileError
from linker.mentions import GoldMention
from linker.pair_text import Context

_GZIP = b"\x1f\x8b"


def read_texts(paths: Iterable[Path]) -> dict[str, str]:
    """The text of each document; of one that several files have, the first. Raises MentionFileError."""
    texts: dict[str, str] = {}
    for path in paths:
        for document, text in _lines(path):
            texts.setdefault(document, text)
    return texts


def _lines(path: Path) -> Iterable[tuple[str, str]]:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError:  # of what is no UTF-8 too
                    row = None
                if not isinstance(row, dict) or not all(isinstance(row.get(k), str) for k in ("doc", "text")):
                    raise MentionFileError(
                        f'{path}:{number} is no JSON object with the texts "doc" and "text"; correct the line.'
                    )
                yield row["doc"], row["text"]
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MentionFileError(f"{path} cannot be read: {reason}.") from None


@dataclass(slots=True)
class Misplaced:
    """How many mentions have no context, by why, with the first of those whose text is another."""

    without_text: int = 0
    without_offsets: int = 0
    elsewhere: int = 0
    first: str = ""

    def __bool__(self) -> bool:
        return bool(self.without_text or self.without_offsets or self.elsewhere)

    def __str__(self) -> str:
        """What is amiss, in words."""
        found = (
            (self.without_text, "are of documents whose text is not given"),
            (self.without_offsets, "have no start and end"),
            (self.elsewhere, f"are not what their document has at their place ({self.first})"),
        )
        return "; ".join(f"{count:,} {what}" for count, what in found if count)


@dataclass(frozen=True, slots=True)
class Contexts:
    """The contexts of mentions in `texts`, by document; `misplaced` counts what was asked for in vain."""

    texts: Mapping[str, str]
    misplaced: Misplaced = field(default_factory=Misplaced)

    def of(self, mention: GoldMention, characters: int) -> Context | None:
        """So many characters on each side of a mention, in whole words; None where it has no place in a text."""
        place = self.place(mention.span, mention.document, mention.start, mention.end)
        return None if place is None else Context.around(self.texts[mention.document], *place, characters)

    def place(self, span: str, document: str, start: int | None, end: int | None) -> tuple[int, int] | None:
        """Where a span stands in its document's text; None, and counted, where what stands there is not the span."""
        text = self.texts.get(document)
        if text is None:
            self.misplaced.without_text += 1
            return None
        if start is None or end is None:
            self.misplaced.without_offsets += 1
            return None
        there = text[start:end]
        if there.split() != span.split():
            self.misplaced.elsewhere += 1
            self.misplaced.first = (
                self.misplaced.first or f"{document} {start}–{end}: {span!r} is {there[:80]!r}"
            )
            return None
        return start, end
