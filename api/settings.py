"""What the server may be told, with safe defaults.

An argument of the command comes before the environment, the environment before a file, and a file before
what is written here.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from api.annotating import unknown_recognizer
from api.errors import ApiError
from graph.release import default_home

_PREFIX = "ENLACE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a server. Each but `home` can be given as ENLACE_<NAME>, or as a key of a TOML file."""

    home: Path
    release: str | None = None
    """The release that is current whatever is chosen later; without one, the one that is chosen."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    graphiql: bool = True
    """Whether browsers get GraphiQL at /graphql."""
    introspection: bool = True
    """Whether the schema may be asked for."""
    allow_anonymous: str = "loopback"
    """Who may read and link without a token: `loopback` (whoever reaches a server there), `always` or `never`."""
    allowed_hosts: str = "loopback"
    """Names that the Host header may have, separated by commas, or `any`; `loopback`: localhost's names on a server
    there, and any elsewhere."""
    recognizer: str = "both"
    """What finds mentions in texts to annotate, as `enlace annotate --recognizer`."""
    cors_origins: str = ""
    """Origins whose pages may ask, separated by commas, as `https://app.example.org`."""
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
    max_document_length: int = 100_000
    """Characters of the document that mentions come from."""
    max_annotated_length: int = 20_000
    """Characters of a text to annotate."""
    max_ecl_length: int = 20_000
    """Characters of an expression constraint."""
    max_variables: int = 200
    """Variables of a `harmonize` or `checkVariables` request."""
    max_variables_length: int = 100_000
    """Characters of their definitions."""
    max_concepts: int = 20_000
    """Concepts that one request may ask for, in all its lists together."""
    max_table_rows: int = 100_000
    """Rows of a flat table."""
    max_cost: int = 100_000
    """What a query can cost, as `api.schema.cost` computes it before it runs."""
    max_depth: int = 16
    """Levels of a query."""
    max_fields: int = 1000
    """Fields of a query, its fragments written out."""
    max_aliases: int = 30
    max_tokens: int = 2000
    """Tokens of a query's text; variables do not count."""
    max_body_bytes: int = 1_000_000
    max_waiting_links: int = 64
    """Link requests under way or waiting in one process; more are refused."""
    max_link_batch: int = 32
    """Mentions of several requests that are linked together."""
    link_wait_ms: int = 3
    """How long a link request waits for others to be linked with."""
    max_requests: int = 200
    """Requests under way in one process; more are refused."""
    max_connections: int = 1000
    """Connections to one process; more are closed at once."""
    request_seconds: int = 30
    """What a request may take."""
    ecl_seconds: int = 5
    """What the evaluation of one expression constraint may take."""
    receive_seconds: int = 10
    """What a client may take to send a request's head, and then its body."""
    keep_alive_seconds: int = 15
    """How long a connection without a request stays open."""
    remembered_facts: int = 20_000
    """Facts of each kind (concepts, terms, maps and so on) that a process keeps in memory for each release."""
    max_open_releases: int = 4
    """Releases that one process has open at once, the current one among them."""
    verify: bool = True
    """Whether every file of a release is compared with its checksum before it is served."""
    metrics: bool = True
    """Whether Prometheus may read /metrics."""
    log_requests: bool = True
    """Whether each request gets a line in the log."""
    log_queries: bool = False
    """Whether the log holds queries and their variables, which may be clinical text."""
    stop_seconds: int = 10
    """How long requests under way may take once the server is told to stop."""

    @classmethod
    def of(
        cls,
        release: str | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        file: Path | None = None,
        **given: object,
    ) -> Settings:
        """Settings from arguments (those that are not None), else from the environment, else from a file.

        Raises ApiError naming the variable, or the file and its key, whose value cannot be used.
        """
        environment = os.environ if environment is None else environment
        found: dict[str, Any] = _of_file(file) if file else {}
        for name, kind in _kinds():
            variable = _PREFIX + name.upper()
            if environment.get(variable):
                found[name] = _read(f"The environment variable {variable}", environment[variable], kind)
        found |= {name: value for name, value in given.items() if value is not None}
        if release is not None:
            found["release"] = release
        made = cls(**{"home": default_home().path, **found})
        _check_choice("allow_anonymous", made.allow_anonymous, ("loopback", "always", "never"))
        if unknown := unknown_recognizer([made.recognizer] if made.recognizer else []):
            raise ApiError(
                f"The setting recognizer is {made.recognizer!r}, and there is no recogniser {unknown!r}; write "
                "dictionary, shipped, both, a model's folder or its Hugging Face id."
            )
        return made

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the address to listen at."""
        return is_loopback(self.host)

    @property
    def anonymous(self) -> bool:
        """Whether requests without a token may read and link."""
        return self.allow_anonymous == "always" or (self.allow_anonymous == "loopback" and self.on_loopback)

    @property
    def hosts(self) -> frozenset[str] | None:
        """The names that the Host header may have, in lower case and without a port; None for any."""
        named = _listed(self.allowed_hosts)
        if named == ("loopback",):
            return (
                frozenset({"localhost", "127.0.0.1", "[::1]", self.host.lower()})
                if self.on_loopback
                else None
            )
        return None if "any" in named else frozenset(name.lower() for name in named)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may ask."""
        return _listed(self.cors_origins)

    def told(self) -> Iterator[tuple[str, object]]:
        """Each setting's name and value. There are no secrets among them: tokens are kept elsewhere."""
        for field in fields(self):
            yield field.name, getattr(self, field.name)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _kinds() -> Iterator[tuple[str, type]]:
    """The settings that can be given by name, and what they are."""
    for field in fields(Settings):
        if field.name != "home":
            yield field.name, str if field.default is None else type(field.default)


def _of_file(path: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ApiError(f"The settings in {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ApiError(f"{path} is not TOML: {error}.") from None
    kinds = dict(_kinds())
    for name, value in said.items():
        if name not in kinds:
            close = get_close_matches(name, kinds, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "docs/serving.md lists them."
            raise ApiError(f"{path} has the key {name!r}, which is no setting; {hint}")
        if type(value) is not kinds[name] or (isinstance(value, int) and value < 0):
            wanted = {bool: "true or false", int: "a whole number from 0", str: "text in quotes"}[kinds[name]]
            raise ApiError(f"{path}, key {name!r}: {value!r} is not {wanted}.")
    return said


_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _read(what: str, text: str, kind: type) -> object:
    if kind is bool:
        if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        raise ApiError(f"{what} is {text!r}; write true or false.")
    if kind is int:
        if text.isascii() and text.isdigit():
            return int(text)
        raise ApiError(f"{what} is {text!r}; write a whole number.")
    return text


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ApiError(f"The setting {name} is {value!r}; write {', '.join(choices[:-1])} or {choices[-1]}.")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
