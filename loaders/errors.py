"""What can be wrong with a source file. Every error is one sentence that names the file and what to do.

LoadError(EnlaceError)
├── SourceNotFound      nothing is at that path, or it may not be read
├── SourceEmpty         the file holds no bytes, or no row
├── SourceDamaged       the bytes stop short or are corrupt: gzip, zip, UTF-8 or JSON that breaks off
├── FormatUnknown       no format recognises the file, or none is called that
├── FormatMismatch      the file is not of the format it was read as
├── ColumnMissing       the header of a table lacks a column
├── RowMalformed        a row lacks fields, or holds a value that its column cannot have
└── OptionMismatch      an option is missing, or does not go with the format

A row that is well formed but cannot be used is no error: it is counted in `loaders.rejections`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from graph.errors import EnlaceError


class LoadError(EnlaceError):
    """A source file cannot be read as its format. `row` is a line from 1, or 0 where none is to blame."""

    def __init__(self, sentence: str, *, file: str | Path = "", row: int = 0) -> None:
        # Parsers' own words and paths may hold anything that a file or a folder does.
        super().__init__(
            "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in sentence)
        )
        self.file = str(file)
        self.row = row


class SourceNotFound(LoadError):
    """Nothing is at that path, or it may not be read."""

    def __init__(
        self,
        file: str | Path,
        why: str = "there is no such file or folder",
        todo: str = "check the path",
    ) -> None:
        super().__init__(f"Cannot open {str(file)!r}: {why}; {todo}.", file=file)


class SourceEmpty(LoadError):
    """The file holds no bytes, or no row."""

    def __init__(self, file: str | Path) -> None:
        super().__init__(f"{str(file)!r} is empty; download or export it again.", file=file)


class SourceDamaged(LoadError):
    """The bytes of the file stop short or are corrupt."""

    def __init__(
        self, file: str | Path, what: str, *, row: int = 0, todo: str = "download or export it again"
    ) -> None:
        super().__init__(f"{_place(file, row)} is damaged: {what}; {todo}.", file=file, row=row)


class FormatUnknown(LoadError):
    """No format recognises the file, or no format has the name that was asked for."""

    def __init__(self, file: str | Path, formats: Iterable[str], asked: str = "") -> None:
        names = ", ".join(formats)
        told = f"There is no format {asked!r}" if asked else f"No format recognises {str(file)!r}"
        super().__init__(f"{told}; name one of: {names}.", file=file)


class FormatMismatch(LoadError):
    """The file is not of the format it was read as."""

    def __init__(
        self,
        file: str | Path,
        format: str,
        why: str,
        *,
        row: int = 0,
        todo: str = "check the file, or name its format",
    ) -> None:
        super().__init__(
            f"{_place(file, row)} is not {format}: {why}; {todo}.",
            file=file,
            row=row,
        )


class ColumnMissing(LoadError):
    """The header of a table lacks columns that its format requires."""

    def __init__(self, file: str | Path, missing: Sequence[str], found: Sequence[str]) -> None:
        shown = ", ".join(name[:40] or "(blank)" for name in found[:20]) + ("…" if len(found) > 20 else "")
        super().__init__(
            f"The header of {str(file)!r} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
            f"(it has: {shown}); add a header row with them, separated by tabs.",
            file=file,
            row=1,
        )
        self.missing = tuple(missing)


class RowMalformed(LoadError):
    """A row lacks fields, has too many, or holds a value that its column cannot have."""

    def __init__(
        self, file: str | Path, row: int, what: str, todo: str = "correct the row or export the file again"
    ) -> None:
        super().__init__(f"{_place(file, row)} {what}; {todo}.", file=file, row=row)


class OptionMismatch(LoadError):
    """An option is missing, or does not go with the format."""

    def __init__(self, file: str | Path, sentence: str) -> None:
        super().__init__(sentence, file=file)


def _place(file: str | Path, row: int) -> str:
    return f"Row {row} of {str(file)!r}" if row else f"{str(file)!r}"
