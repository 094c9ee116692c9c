"""What the server may be told, with safe defaults: by arguments, else by the environment, else as written here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from api.errors import ApiError
from graph.release import default_home

_PREFIX = "ENLACE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a server. Each but `home` can be given as ENLACE_<NAME> in the environment."""

    home: Path
    release: str | None = None
    """The release that is current whatever is chosen later; None: what ENLACE_HOME/current names."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    graphiql: bool = True
    """Whether browsers get GraphiQL at /graphql."""
    max_mentions: int = 200
    """Mentions a `link` request, and rows a `harmonize` request."""
    max_top: int = 200
    """Candidates a mention."""
    max_ids: int = 1000
    """Ids, or pairs of them, in one argument."""
    max_page: int = 1000
    """What `first` may ask for, in every list."""
    max_text_length: int = 1000
    """Characters of a search text."""
    max_ecl_length: int = 20_000
    """Characters of an expression constraint."""
    max_variables: int = 200
    """Variables of a `harmonize` or `checkVariables` request."""
    max_variables_length: int = 100_000
    """Characters of their definitions."""
    max_concepts: int = 20_000
    """Concepts that one request may ask for, in all its lists together."""
    max_depth: int = 16
    """Levels of a query."""
    max_aliases: int = 30
    max_tokens: int = 2000
    """Tokens of a query's text; variables do not count."""
    max_body_bytes: int = 1_000_000
    max_waiting_links: int = 64
    """Link requests under way or waiting in one process; more are refused."""
    max_open_releases: int = 4
    """Releases that one process has open at once, the current one among them."""
    verify: bool = True
    """Whether every file of a release is compared with its checksum before it is served."""
    stop_seconds: int = 10
    """How long requests under way may take once the server is told to stop."""

    @classmethod
    def of(
        cls, release: str | None = None, *, environment: Mapping[str, str] | None = None, **given: object
    ) -> Settings:
        """Settings from arguments (those that are not None), else from the environment.

        Raises ApiError naming the variable whose value cannot be read.
        """
        found: dict[str, Any] = {}
        environment = os.environ if environment is None else environment
        for field in fields(cls):
            name = _PREFIX + field.name.upper()
            if field.name not in ("home", "release") and environment.get(name):
                found[field.name] = _read(name, environment[name], type(field.default))
        found |= {name: value for name, value in given.items() if value is not None}
        return cls(**{"home": default_home().path, "release": release, **found})


_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _read(name: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        raise ApiError(f"The environment variable {name} is {text!r}; write true or false.")
    if kind is int:
        if text.isascii() and text.isdigit():
            return int(text)
        raise ApiError(f"The environment variable {name} is {text!r}; write a whole number.")
    return text
