"""The one shape of an answer that is an error: that of GraphQL, whatever went wrong and wherever."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import orjson
from starlette.responses import Response

from api import errors
from api.error_codes import extensions_of
from graph.errors import ConceptNotFound, EnlaceError, ReleaseNotFound, StoreUnavailable

#: The status of errors that end a whole request; of others it is 400.
_STATUS: MappingProxyType[type[EnlaceError], int] = MappingProxyType(
    {
        errors.TokenRefused: 401,
        errors.ScopeMissing: 403,
        ReleaseNotFound: 404,
        ConceptNotFound: 404,
        errors.ClientTooSlow: 408,
        errors.RequestTooLarge: 413,
        errors.HostRefused: 421,
        errors.ServerBusy: 429,
        errors.NotReady: 503,
        errors.TokensUnusable: 503,
        StoreUnavailable: 503,
        errors.RequestTooSlow: 504,
    }
)
#: Seconds after which it is worth trying again.
_RETRY_AFTER = "2"


def refusal(error: EnlaceError) -> Response:
    """The answer to a request that an error ended."""
    return refusal_of(str(error), extensions_of(error), _STATUS.get(type(error), 400))


def refusal_of(message: str, extensions: Mapping[str, str | int], status: int) -> Response:
    """An answer that is an error, of a sentence and what its `extensions` say."""
    said = {"data": None, "errors": [{"message": message, "extensions": extensions}]}
    answer = Response(orjson.dumps(said), status_code=status, media_type="application/json")
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="enlace"'
    if status in (429, 503):
        answer.headers["Retry-After"] = _RETRY_AFTER
    if status in (408, 413):
        # What the client still sends is not read.
        answer.headers["Connection"] = "close"
    return answer
