"""The schema over the demonstration release, in process, and the mentions that tests ask it about."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from api.schema.build import build_schema
from api.schema.context import RequestContext
from api.service import Service
from api.settings import Settings
from graph.counting import CountingStore
from graph.release import ReleaseHome

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
        opened = home.open(RELEASE)
        self.store = CountingStore(opened.store)
        self.settings = Settings.of(RELEASE, environment={}, home=home.path, **limits)
        self.service = Service(replace(opened, store=self.store))
        self._schema = build_schema(self.settings)
        self._loop = asyncio.Runner()

    def execute(self, query: str, **variables: object) -> tuple[Any, list[dict[str, Any]]]:
        """The data and the errors of an answer; the count of store calls begins at zero."""
        self.store.reset()
        context = RequestContext.of(self.service, self.settings)
        answer = self._loop.run(self._schema.execute(query, variable_values=variables, context_value=context))
        return answer.data, [dict(error.formatted) for error in answer.errors or ()]

    def ask(self, query: str, **variables: object) -> Any:
        """The data of an answer that has no errors."""
        data, errors = self.execute(query, **variables)
        assert not errors
        return data

    def close(self) -> None:
        self._loop.run(self.service.close())
        self._loop.close()
