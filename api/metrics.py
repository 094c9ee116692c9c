"""What a server measures of itself, for Prometheus.

Several workers add up: each keeps its figures in a shared folder.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from types import MappingProxyType

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from api.served_releases import ServedState

#: Where workers keep their figures; set before this module is imported, and only where there are several.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_ENDINGS = ("", ".csv", ".arrows")
#: The paths that are told apart; what a client makes up is `other`, or it could fill the server's memory.
_PATHS: MappingProxyType[str, str] = MappingProxyType(
    {
        path: path
        for path in (
            "/",
            "/graphql",
            "/health",
            "/health/live",
            "/health/ready",
            "/metrics",
            "/admin/releases",
            *(f"/tables/{name}{ending}" for name in ("expand", "concepts", "link") for ending in _ENDINGS),
        )
    }
)
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_MENTIONS = (1, 2, 5, 10, 20, 50, 100, 200)
_OF_A_PROCESS = re.compile(r"gauge_live\w+_(\d+)\.db")


class Metrics:
    """The metrics of one process; `text` tells those of all workers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        known = self._registry
        self._requests = Counter("enlace_requests", "Requests answered.", ("path", "status"), registry=known)
        self._errors = Counter(
            "enlace_errors", "Errors told to clients, by their code.", ("code",), registry=known
        )
        self._seconds = Histogram(
            "enlace_request_seconds", "What a request took.", ("path",), buckets=_SECONDS, registry=known
        )
        self.under_way = self._gauge("enlace_requests_under_way", "Requests being answered.")
        self.waiting_links = self._gauge("enlace_links_waiting", "Link requests under way or waiting.")
        self.link_batches = Histogram(
            "enlace_link_batch_mentions", "Mentions linked together.", buckets=_MENTIONS, registry=known
        )
        self._current = self._gauge(
            "enlace_current_release", "Workers in which a release is current.", ("release",)
        )
        self._problem = self._gauge(
            "enlace_release_problem", "Workers in which the release that should be current does not answer."
        )
        self._linker = self._gauge("enlace_linker_ready", "Workers whose linker is ready.")
        self._workers = self._gauge("enlace_workers", "Workers alive.")
        self._workers.set(1)
        self._release = ""

    def _gauge(self, name: str, said: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A figure that goes up and down; those of living workers are added up."""
        return Gauge(name, said, labels, multiprocess_mode="livesum", registry=self._registry)

    def answered(self, path: str, status: int, seconds: float, codes: list[str]) -> None:
        """Count a request."""
        known = _PATHS.get(path, "other")
        self._requests.labels(known, str(status)).inc()
        self._seconds.labels(known).observe(seconds)
        for code in codes:
            self._errors.labels(code).inc()

    def serving(self, state: ServedState) -> None:
        """Tell what is served now."""
        if self._release and self._release != state.current:
            self._current.labels(self._release).set(0)
        self._release = state.current or ""
        if self._release:
            self._current.labels(self._release).set(1)
        self._problem.set(bool(state.problem))
        self._linker.set(state.linker == "ready")

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            return generate_latest(self._registry)
        _forget_the_dead(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """Remove the gauges of workers that were killed: what they showed is no more."""
    for path in folder.glob("gauge_live*.db"):
        if found := _OF_A_PROCESS.fullmatch(path.name):
            try:
                os.kill(int(found[1]), 0)
            except ProcessLookupError:
                with contextlib.suppress(FileNotFoundError):
                    mark_process_dead(int(found[1]), str(folder))  # type: ignore[no-untyped-call]
            except PermissionError:
                continue
