"""Cursors: places in lists, as short texts that mean nothing to a client.

A cursor holds a place and the digests of the release and of the list that it was given for: field, concept
and arguments. Lists of a release never change, so a place in one is stable: the same in every process, and
for as long as the release is served.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass
from hashlib import blake2b

from api.errors import ArgumentRejected
from graph.model import Release

_LAYOUT = struct.Struct(">B4s4sII")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ListMark:
    """What a list is told apart by: digests of its release and of all that decides what is in it."""

    release: bytes
    list: bytes
    name: str
    """The release's name, for messages."""

    @classmethod
    def of(cls, release: Release, *parts: object) -> ListMark:
        """The mark of a list of a release, which `parts` tell apart from its others."""
        # A name may be given to another import; when it was made tells them apart.
        return cls(_digest(release.name, release.created), _digest(*map(str, parts)), release.name)

    def cursor(self, place: int) -> str:
        """The cursor of the item at `place`, counted from 0."""
        said = _LAYOUT.pack(_VERSION, self.release, self.list, place, 0)[:-4]
        return base64.urlsafe_b64encode(said + struct.pack(">I", zlib.crc32(said))).rstrip(b"=").decode()

    def place_after(self, cursor: str | None) -> int:
        """The place that follows a cursor's; 0 without one. Raises ArgumentRejected."""
        if cursor is None:
            return 0
        try:
            said = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            version, release, list_, place, check = _LAYOUT.unpack(said)
        except (ValueError, binascii.Error, struct.error):
            raise _refused("is no cursor of this server") from None
        if version != _VERSION or check != zlib.crc32(said[:-4]) or self._written(said) != cursor:
            raise _refused("is no cursor of this server")
        if release != self.release:
            raise _refused(
                f"was given for another release than {self.name!r}, which answers; name the former one "
                "with `release`"
            )
        if list_ != self.list:
            raise _refused("was given for another list, or for other arguments of this one")
        return int(place) + 1

    @staticmethod
    def _written(said: bytes) -> str:
        return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


def _digest(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=4).digest()


def _refused(why: str) -> ArgumentRejected:
    return ArgumentRejected(
        "after", f"The cursor given as `after` {why}; take `pageInfo.endCursor`, or begin without one."
    )
