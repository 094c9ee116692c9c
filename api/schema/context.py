"""What every resolver of one request can reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from api.lookups import Lookups
from api.service import Service
from api.settings import Settings


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The service that answers, what this request knows so far, and its limits."""

    service: Service
    lookups: Lookups
    settings: Settings
    selections: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    """The names of the fields selected at each path of the query, kept by `selection`."""

    @classmethod
    def of(cls, service: Service, settings: Settings) -> RequestContext:
        """The context of a new request."""
        return cls(service, Lookups(service.look_up, settings.max_concepts), settings)


Info: TypeAlias = strawberry.Info[RequestContext, None]
