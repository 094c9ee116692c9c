"""Reading a JSON document piece by piece, so that memory holds one array element and not the whole file."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, TextIO

from loaders.errors import FormatMismatch, SourceDamaged

CHUNK_CHARS = 1 << 20
_SPACE = " \t\r\n"
# A value cut by the end of the buffer fails this near to it: literals and escapes are shorter.
_CUT_MARGIN = 16
_NUMBER_MARGIN = 2


class JsonCursor:
    """A place in a JSON text that moves forward only. The caller consumes each member or element it is given.

    Raises SourceDamaged where the text breaks off or is not JSON, and FormatMismatch where an object or
    array is expected and something else stands.
    """

    def __init__(self, stream: TextIO, file: str, format: str, chunk_chars: int = CHUNK_CHARS) -> None:
        self._stream = stream
        self.file = file
        self._format = format
        self._chunk_chars = chunk_chars
        self._text = ""
        self._at = 0
        self._lines_before = 0
        self._decode = JSONDecoder().raw_decode

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; after each, the cursor is at its value."""
        self._enter("{", "an object")
        while self._next() != "}":
            key = self.value()
            self._take(":")
            yield str(key)
            if self._next() != "}":
                self._take(",")
        self._at += 1

    def elements(self) -> Iterator[int]:
        """The ordinals (from 1) of the array that begins here; after each, the cursor is at its element."""
        self._enter("[", "an array")
        ordinal = 0
        while self._next() != "]":
            ordinal += 1
            yield ordinal
            if self._next() != "]":
                self._take(",")
        self._at += 1

    def value(self) -> Any:
        """The value that begins here, whole."""
        self._next()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos + _CUT_MARGIN >= len(self._text)
                if not (cut and self._more()):
                    raise self._damaged(error.pos, cut) from error
                continue
            except RecursionError as error:
                raise self._damaged(self._at) from error
            # A number near the buffer's end may go on in the next chunk: `1`, and then `1e+`, begin `1e+5`.
            if end + _NUMBER_MARGIN >= len(self._text) and self._more():
                continue
            self._at = end
            return value

    def _enter(self, bracket: str, what: str) -> None:
        if self._next() != bracket:
            raise FormatMismatch(
                self.file, self._format, f"{what} is expected there", row=self._line(self._at)
            )
        self._at += 1

    def _take(self, mark: str) -> None:
        if self._next() != mark:
            raise self._damaged(self._at)
        self._at += 1

    def _next(self) -> str:
        """The next character that is no space, left in place."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                raise self._damaged(self._at)

    def _more(self) -> bool:
        """Read on; what is behind the cursor is let go. False at the end of the file."""
        kept = self._text[self._at :]
        # Reading at least as much as is held keeps a long value linear.
        chunk = self._stream.read(max(self._chunk_chars, len(kept)))
        if not chunk:
            return False
        self._lines_before += self._text.count("\n", 0, self._at)
        self._text = kept + chunk
        self._at = 0
        return True

    def _line(self, at: int) -> int:
        return self._lines_before + self._text.count("\n", 0, at) + 1

    def _damaged(self, at: int, cut: bool = False) -> SourceDamaged:
        what = "its JSON breaks off" if cut or at >= len(self._text) else "its JSON is malformed"
        return SourceDamaged(self.file, what, row=self._line(at))
