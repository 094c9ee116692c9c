"""What the service of one release may take, and what it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import Settings


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """Limits of one release in one process; the defaults remember nothing and set no time."""

    waiting_links: int = 64
    """Link requests under way or waiting; more are refused."""
    linked_together: int = 32
    """Mentions of several requests in one batch."""
    link_wait_s: float = 0.003
    """How long a link request waits for others."""
    ecl_seconds: float | None = None
    """For the evaluation of one expression."""
    variables_seconds: float | None = None
    """For those of one request's variables, all together."""
    remembered: int = 0
    """Facts of each kind kept in memory."""
    recognizer: str = "both"
    """What finds mentions, as `enlace annotate` names it."""

    @classmethod
    def of(cls, settings: Settings) -> ServiceLimits:
        """Those that the settings tell."""
        return cls(
            waiting_links=settings.max_waiting_links,
            linked_together=max(1, settings.max_link_batch),
            link_wait_s=settings.link_wait_ms / 1000,
            ecl_seconds=settings.ecl_seconds,
            variables_seconds=settings.request_seconds,
            remembered=settings.remembered_facts,
            recognizer=settings.recognizer,
        )
