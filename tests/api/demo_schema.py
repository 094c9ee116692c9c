"""The schema over the demonstration release, in process, and the mentions that tests ask it about."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from api.schema.build import build_schema
from api.schema.context import RequestContext
from api.served_releases import Leases, ServedReleases
from api.service import Service
from api.settings import Settings
from graph.counting import CountingStore
from graph.release import OpenRelease, ReleaseHome

RELEASE = "demo"

#: Ten mentions, some of them terms of the release and some not.
MENTIONS = (
    "HTA",
    "diabetes tipo II",
    "FA",
    "Sintrom",
    "ahogo al caminar",
    "Rx tórax",
    "derrame pleural bilateral",
    "fracaso renal agudo prerrenal",
    "anemia por falta de hierro",
    "insuficiencia cardiaca",
)


class Api:
    """The schema over the demonstration release, with a store that counts what it is asked."""

    def __init__(self, home: ReleaseHome, **limits: int) -> None:
        def open_counting(name: str) -> OpenRelease:
            opened = home.open(name)
            self.store = CountingStore(opened.store)
            return replace(opened, store=self.store)

        self.settings = Settings.of(RELEASE, environment={}, home=home.path, **limits)
        self.served = ServedReleases(home, Service, pinned=RELEASE, open_release=open_counting)
        self._schema = build_schema(self.settings)
        self._loop = asyncio.Runner()
        self._loop.run(self.served.follow())
        assert not self.served.state.problem
        self.service = Leases(self.served).current()

    def execute(self, query: str, **variables: object) -> tuple[Any, list[dict[str, Any]]]:
        """The data and the errors of an answer; the count of store calls begins at zero."""
        self.store.reset()
        answer = self._loop.run(self._execute(query, variables))
        return answer.data, [dict(error.formatted) for error in answer.errors or ()]

    async def _execute(self, query: str, variables: dict[str, object]) -> Any:
        async with self.served.leases() as leases:
            context = RequestContext.of(leases, self.settings)
            return await self._schema.execute(query, variable_values=variables, context_value=context)

    def ask(self, query: str, **variables: object) -> Any:
        """The data of an answer that has no errors."""
        data, errors = self.execute(query, **variables)
        assert not errors, errors[0]
        return data

    def close(self) -> None:
        self._loop.run(self.served.close())
        self._loop.close()
