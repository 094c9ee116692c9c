"""Bearer tokens: who may ask what of a server. `ENLACE_HOME/tokens.json` holds their digests, never the tokens.

A token is 256 random bits, so one SHA-256 keeps it: a slow, salted hash protects words that people choose,
which could be guessed one after the other, and nobody guesses 256 bits.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.errors import TokensUnusable

#: What a token may allow: reading, linking (and harmonising), and switching releases.
SCOPES = ("read", "link", "admin")
_FILE = "tokens.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_PREFIX = "enlace_"


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    name: str
    scopes: tuple[str, ...]
    sha256: str
    created: str
    """UTC, ISO 8601."""


class TokenFile:
    """The tokens of a home. Raises TokensUnusable where the file cannot be read, or others may read it."""

    def __init__(self, home: Path) -> None:
        self.path = home / _FILE
        self._read: tuple[tuple[int, int] | None, tuple[Token, ...]] = (None, ())

    def tokens(self) -> tuple[Token, ...]:
        """All tokens by name, read again where the file has changed."""
        try:
            said = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise TokensUnusable(f"{self.path} cannot be read: {error.strerror}.") from None
        stamp = (said.st_ino, said.st_mtime_ns)
        if self._read[0] != stamp:
            if said.st_mode & 0o077:
                raise TokensUnusable(f"Others may read or write {self.path}; run `chmod 600` on it.")
            self._read = (stamp, self._parse())
        return self._read[1]

    def who(self, token: str) -> Token | None:
        """The token that this is; None where it is none. Takes as long whichever it is."""
        digest = _digest(token)
        found = None
        for one in self.tokens():
            if hmac.compare_digest(one.sha256, digest):
                found = one
        return found

    def add(self, name: str, scopes: Sequence[str]) -> str:
        """Make a token; it is told here and never again. Raises TokensUnusable for a name or scope that cannot be."""
        if not _NAME.fullmatch(name):
            raise TokensUnusable(
                f"{name[:100]!r} is not a name for a token; use up to 100 letters, digits, '.', '_' and '-'."
            )
        for scope in scopes:
            if scope not in SCOPES:
                raise TokensUnusable(f"{scope[:100]!r} is not a scope; there are {', '.join(SCOPES)}.")
        if not scopes:
            raise TokensUnusable(
                f"A token allows at least one of {', '.join(SCOPES)}; name it with --scopes."
            )
        made = _PREFIX + secrets.token_urlsafe(32)
        with self._alone() as there:
            if any(token.name == name for token in there):
                raise TokensUnusable(
                    f"There is a token {name!r} already; remove it first, or take another name."
                )
            kept = tuple(scope for scope in SCOPES if scope in scopes)
            created = datetime.now(UTC).isoformat(timespec="seconds")
            self._write([*there, Token(name, kept, _digest(made), created)])
        return made

    def remove(self, name: str) -> None:
        """Forget a token; servers refuse it from then on. Raises TokensUnusable where there is none of that name."""
        with self._alone() as there:
            left = [token for token in there if token.name != name]
            if len(left) == len(there):
                known = ", ".join(token.name for token in there) or "none"
                raise TokensUnusable(f"There is no token {name[:100]!r}; there are: {known}.")
            self._write(left)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[tuple[Token, ...]]:
        """The tokens, while nobody else changes them."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            held = (self.path.parent / f".{_FILE}.lock").open("w")
        except OSError as error:
            raise TokensUnusable(f"{self.path} cannot be written: {error.strerror}.") from None
        with held as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.tokens()

    def _write(self, tokens: Sequence[Token]) -> None:
        made = self.path.with_name(f".{_FILE}-{os.getpid()}")
        made.unlink(missing_ok=True)
        text = json.dumps([asdict(token) for token in sorted(tokens, key=lambda token: token.name)], indent=2)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(self.path)

    def _parse(self) -> tuple[Token, ...]:
        try:
            said = json.loads(self.path.read_text("utf-8"))
            return tuple(Token(**{**one, "scopes": tuple(one["scopes"])}) for one in said)
        except (OSError, ValueError, TypeError, KeyError):
            raise TokensUnusable(
                f"{self.path} is not what `enlace tokens` writes; remove it and add the tokens again."
            ) from None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
