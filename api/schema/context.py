"""What every resolver of one request can reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from api.errors import ScopeMissing
from api.lookups import Lookups
from api.served_releases import Leases
from api.service import Service
from api.settings import Settings


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The service of the current release, what this request knows so far, and its limits."""

    service: Service
    lookups: Lookups
    settings: Settings
    leases: Leases
    """Gives the services of other releases."""
    scopes: frozenset[str]
    """What the request may do, of `api.tokens.SCOPES`."""
    selections: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    """The names of the fields selected at each path of the query, kept by `selection`."""

    @classmethod
    def of(
        cls, leases: Leases, settings: Settings, scopes: frozenset[str] = frozenset({"read", "link"})
    ) -> RequestContext:
        """The context of a new request that may do what `scopes` tell. Raises NotReady."""
        service = leases.current()
        return cls(
            service,
            Lookups(service.look_up, settings.max_concepts, service.remembered),
            settings,
            leases,
            scopes,
        )

    def need(self, scope: str) -> None:
        """Raise ScopeMissing where the request's token does not allow something."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)


Info: TypeAlias = strawberry.Info[RequestContext, None]
