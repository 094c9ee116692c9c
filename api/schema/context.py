"""What every resolver of one request can reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from api.errors import ScopeMissing
from api.lookups import Allowance, Lookups
from api.served_releases import Leases
from api.service import Service
from api.settings import Settings
from graph.model import Release


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A release as one request sees it: the service that answers, and what the request knows so far."""

    service: Service
    lookups: Lookups

    @property
    def release(self) -> Release:
        """The record of the release."""
        return self.service.release


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The releases that a request asks, and its limits."""

    settings: Settings
    leases: Leases
    scopes: frozenset[str]
    """What the request may do, of `api.tokens.SCOPES`."""
    allowance: Allowance
    """How many concepts the request may yet be answered with, of all releases together."""
    asked: dict[int, Asked] = field(default_factory=dict)
    """What was asked so far, by the identity of its service."""
    selections: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    """The names of the fields selected at each path of the query, kept by `selection`."""

    @classmethod
    def of(
        cls, leases: Leases, settings: Settings, scopes: frozenset[str] = frozenset({"read", "link"})
    ) -> RequestContext:
        """The context of a new request that may do what `scopes` tell. Raises NotReady."""
        leases.current()
        return cls(settings, leases, scopes, Allowance(settings.max_concepts))

    def need(self, scope: str) -> None:
        """Raise ScopeMissing where the request's token does not allow something."""
        if scope not in self.scopes:
            raise ScopeMissing(scope)

    async def release(self, name: str | None) -> Asked:
        """A release by name, or the current one: the same all through the request.

        Raises NotReady, ServerBusy, ArgumentRejected, ReleaseNotFound, ReleaseDamaged, StoreUnavailable.
        """
        service = await self.leases.service(name)
        # A release has one set of data loaders, whether it is named or not.
        if id(service) not in self.asked:
            lookups = Lookups(service.look_up, self.allowance, service.remembered)
            self.asked[id(service)] = Asked(service, lookups)
        return self.asked[id(service)]


Info: TypeAlias = strawberry.Info[RequestContext, None]
