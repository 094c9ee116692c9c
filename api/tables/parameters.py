"""What is given to a table: in the address, or as JSON in the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import orjson
from starlette.requests import Request

from api.argument_checks import check_unicode
from api.errors import ArgumentRejected


class Parameters:
    """Named values, each asked for once by the table; `end` refuses what nobody asked for."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = given
        self._asked: set[str] = {"release"}

    @classmethod
    async def of(cls, request: Request) -> Parameters:
        """The parameters of a GET or POST request. Raises ArgumentRejected."""
        if request.method != "POST":
            named = {name: request.query_params.getlist(name) for name in request.query_params}
            return cls({name: values if len(values) > 1 else values[0] for name, values in named.items()})
        try:
            said = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            raise ArgumentRejected(
                "body", "The body of a request is a JSON object with the table's parameters."
            )
        return cls(said)

    def has(self, name: str) -> bool:
        """Whether a parameter was given."""
        return self._given.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A text; an error where it is not given and has no default. Raises ArgumentRejected."""
        self._asked.add(name)
        value = self._given.get(name, default)
        if value is None:
            value = default
        if not isinstance(value, str):
            self.refuse(
                name, f"{name} is missing or no text; give one." if value is None else f"{name} is no text."
            )
        check_unicode(name, value)
        return value

    def texts(self, name: str) -> Sequence[str]:
        """Some texts: the parameter several times, or a JSON list. Raises ArgumentRejected."""
        self._asked.add(name)
        value = self._given.get(name)
        values = value if isinstance(value, list) else [value]
        texts = [one for one in values if isinstance(one, str)]
        if len(texts) < len(values):
            self.refuse(name, f"{name} is missing or no text; give {name}=… once or several times.")
        return texts

    def number(self, name: str, default: int) -> int:
        """A whole number. Raises ArgumentRejected."""
        self._asked.add(name)
        value = self._given.get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(name, f"{name} is {str(value)[:50]!r}; give a whole number.")
        return value

    def end(self) -> None:
        """Raise ArgumentRejected for a parameter that the table does not have."""
        for name in self._given.keys() - self._asked:
            self.refuse(
                name[:50], f"This table takes {', '.join(sorted(self._asked))}, and no {name[:50]!r}."
            )

    @staticmethod
    def refuse(name: str, sentence: str) -> NoReturn:
        """Raise ArgumentRejected."""
        raise ArgumentRejected(name, sentence)
