"""Errors of the ways in.

ApiError(EnlaceError)
├── NoReleaseChosen     no release is named and none is current
├── OutputMismatch      an output file is not the beginning of what is asked for
├── EngineFailed        the machines that were to do the work cannot
├── ArgumentRejected    an argument of a GraphQL request is outside its limits
├── QueryTooCostly      a query can cost more than one request may
├── RequestTooLarge     a request asks for more than one request may
├── ServerBusy          too much is waiting or in use
├── NotReady            no release is open yet
├── RequestTooSlow      a request takes longer than one request may
├── ClientTooSlow       a client takes too long to send its request
├── TokenRefused        a request has no token, or none that counts
├── ScopeMissing        a token does not allow what is asked
├── HostRefused         a request names a host that the server is not
├── TokensUnusable      the file of tokens, or a token to be made, cannot be
├── ServerNotStarted    the server cannot listen where it was told to
├── VariableNotFound    a file of variables has none of that id
└── ExampleNotUnderstood  an example is no concept of the release
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from graph.errors import EnlaceError


class ApiError(EnlaceError):
    """Something about a command or a request, not about what it is asked of."""


class NoReleaseChosen(ApiError):
    """No release is named and none is current."""

    def __init__(
        self,
        sentence: str = "No release is named and none is current; name one with --release, "
        "or import one with `enlace load` or `enlace demo`.",
    ) -> None:
        super().__init__(sentence)


class OutputMismatch(ApiError):
    """An output file is not the beginning of what is asked for, so it cannot be continued."""


class EngineFailed(ApiError):
    """The engine that was to do the work is not installed, cannot be reached, or failed."""


class ArgumentRejected(ApiError):
    """An argument of a GraphQL request is outside its limits; `argument` is its name."""

    def __init__(self, argument: str, sentence: str) -> None:
        super().__init__(sentence)
        self.argument = argument


class QueryTooCostly(ApiError):
    """A query can cost more than one request may; `api.schema.cost` says what costs how much."""


class RequestTooLarge(ApiError):
    """A request asks for more than one request may."""


class ServerBusy(ApiError):
    """Too much is waiting, or in use; try again soon."""


class NotReady(ApiError):
    """No release is open yet, so that nothing can be answered; try again soon."""


class RequestTooSlow(ApiError):
    """A request takes longer than one request may."""


class ClientTooSlow(ApiError):
    """A client takes too long to send its request."""


class TokenRefused(ApiError):
    """A request has no bearer token where one is needed, or one that is not known."""


class ScopeMissing(ApiError):
    """A token does not allow what is asked; `scope` would."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs a token with the scope {scope!r}; ask who runs the server for one.")
        self.scope = scope


class HostRefused(ApiError):
    """A request names a host that the server is not."""


class TokensUnusable(ApiError):
    """The file of tokens cannot be used, or a token cannot be made or removed."""


class ServerNotStarted(ApiError):
    """The server cannot listen where it was told to."""


class VariableNotFound(ApiError):
    """A file of variables has none of that id."""

    def __init__(self, id: str, file: str, known: Sequence[str]) -> None:
        close = get_close_matches(id, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known[:10])}."
        super().__init__(f"{file} has no variable {id!r}; {hint}")


class ExampleNotUnderstood(ApiError):
    """An example is no active concept of the release, and nothing stands for it."""
