"""The texts of documents, beside the mentions that are marked in them: one `{"doc": …, "text": …}` a line.

JSON Lines, plain or gzip.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from linker.errors import MentionFileError

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
