"""A file for each document of a folder, named for the document."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TextIO

_UNSAFE = re.compile(r"[^\w.,+=@ -]|^[. ~-]|[. ]$")
_MOST_BYTES = 160


def file_stem(id: str) -> str:
    """A document's name as the name of a file: without what a path or a file system would take amiss.

    >>> file_stem("S0004-06142005000700014-1"), file_stem("../../etc/passwd"), file_stem("")
    ('S0004-06142005000700014-1', '%2E.%2F..%2Fetc%2Fpasswd', 'document')
    """
    stem = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), id)
    if len(stem.encode()) > _MOST_BYTES:
        begin = stem.encode()[: _MOST_BYTES - 17].decode(errors="ignore")
        stem = f"{begin}-{hashlib.sha256(id.encode()).hexdigest()[:16]}"
    return stem or "document"


class DocumentFiles:
    """The files of a folder. Documents of one name get files of several."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._repeated: dict[str, int] = {}

    def open(self, id: str, suffix: str) -> TextIO:
        """A new file for a document, its line ends written as they are. Raises OSError."""
        stem = file_stem(id)
        while True:
            # A file system that takes capitals for small letters has the last word on what is new.
            count = self._repeated.get(stem, 1)
            name = f"{stem}{suffix}" if count == 1 else f"{stem}-{count}{suffix}"
            try:
                return (self._folder / name).open("x", encoding="utf-8", newline="")
            except FileExistsError:
                self._repeated[stem] = count + 1
