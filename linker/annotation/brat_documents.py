"""Documents of a brat folder with the mentions that are marked in them.

Mentions in several pieces stay in several pieces, but for pieces that only line ends part: brat writes a mention
over two lines so.
"""

from __future__ import annotations

import re
from pathlib import Path

from linker import brat
from linker.annotation.model import Document, Source, Span
from linker.errors import MentionFileError

_BREAKS = re.compile(f"[{brat.LINE_BREAKS}]+")


def texts(folder: Path) -> list[Path]:
    """The texts of a folder, by name."""
    return sorted(folder.glob("*.txt"))


def read(path: Path) -> Document:
    """The document of a `.txt`, named as the file, with the mentions of the `.ann` beside it, if there is one.

    Spans are by start, then longer first. Raises MentionFileError for what is no UTF-8 or no brat, and for a
    mention that is not what the text has at its place.
    """
    try:
        # As it is: offsets count a byte order mark and both characters of a Windows line end.
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise MentionFileError(f"{path} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise MentionFileError(f"{path} cannot be read: {error.strerror or error}.") from None
    marked = path.with_suffix(".ann")
    return Document(path.stem, text, read_spans(marked, text) if marked.is_file() else ())


def read_spans(path: Path, text: str) -> tuple[Span, ...]:
    """The mentions that an `.ann` marks in a text, by start, then longer first. Raises MentionFileError."""
    return tuple(sorted({_span(path, one, text) for one in brat.read(path)}, key=_order))


def _order(span: Span) -> tuple[int, int, tuple[tuple[int, int], ...], str]:
    return span.start, -span.end, span.fragments, span.type


def _span(path: Path, mention: brat.Annotation, text: str) -> Span:
    there = " ".join(text[start:end] for start, end in mention.fragments)
    if any(start >= end for start, end in mention.fragments) or _letters(there) != _letters(mention.span):
        raise MentionFileError(
            f"{path}:{mention.line} marks {mention.span!r} where the text has {there[:80]!r}; correct the offsets."
        )
    fragments = _joined(mention.fragments, text)
    return Span(
        mention.start,
        mention.end,
        "" if mention.label == brat.UNTYPED else mention.label,
        Source.GIVEN,
        fragments=fragments if len(fragments) > 1 else (),
    )


def _letters(text: str) -> str:
    return "".join(text.split())


def _joined(fragments: tuple[tuple[int, int], ...], text: str) -> tuple[tuple[int, int], ...]:
    """The pieces in the order of the text, those that only line ends part made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(fragments):
        if joined and _BREAKS.fullmatch(text, joined[-1][1], start):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return tuple(joined)
