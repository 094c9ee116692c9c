"""Settings: arguments before environment before defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import ApiError, ServerNotStarted
from api.server import listening_socket
from api.settings import Settings


def test_defaults_are_safe() -> None:
    settings = Settings.of("demo", environment={})
    assert settings.host == "127.0.0.1"
    assert settings.port == 8000
    assert settings.max_mentions == 200


def test_arguments_win_over_the_environment() -> None:
    environment = {"ENLACE_PORT": "9000", "ENLACE_WORKERS": "3", "ENLACE_GRAPHIQL": "no"}
    settings = Settings.of("demo", environment=environment, port=7000, workers=None)
    assert (settings.port, settings.workers, settings.graphiql) == (7000, 3, False)


def test_the_environment_names_no_release() -> None:
    settings = Settings.of("demo", environment={"ENLACE_RELEASE": "other"}, home=Path("/tmp"))
    assert settings.release == "demo"


@pytest.mark.parametrize(
    ("name", "value"), [("ENLACE_PORT", "http"), ("ENLACE_PORT", "-1"), ("ENLACE_GRAPHIQL", "perhaps")]
)
def test_a_value_that_cannot_be_read_is_told(name: str, value: str) -> None:
    with pytest.raises(ApiError, match=name):
        Settings.of("demo", environment={name: value})


def test_a_port_in_use_is_told() -> None:
    with listening_socket("127.0.0.1", 0) as taken, pytest.raises(ServerNotStarted, match="--port"):
        listening_socket("127.0.0.1", taken.getsockname()[1])


def test_an_unknown_host_is_told() -> None:
    with pytest.raises(ServerNotStarted, match=r"host\.invalid"):
        listening_socket("host.invalid", 0)
