"""Settings: arguments before environment before defaults."""

from __future__ import annotations

import re
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


def test_an_argument_before_the_environment_before_a_file_before_the_default(tmp_path: Path) -> None:
    file = tmp_path / "enlace.toml"
    file.write_text('release = "filed"\nport = 1\nworkers = 2\ngraphiql = false\nmax_depth = 3\n')
    environment = {"ENLACE_RELEASE": "environment", "ENLACE_PORT": "2", "ENLACE_WORKERS": "3"}
    settings = Settings.of("given", environment=environment, file=file, port=4, workers=None)
    assert (settings.release, settings.port, settings.workers) == ("given", 4, 3)
    assert (settings.graphiql, settings.max_depth, settings.max_top) == (False, 3, 200)
    assert Settings.of(environment=environment, file=file).release == "environment"
    assert Settings.of(environment={}, file=file).release == "filed"
    assert Settings.of(environment={}).release is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1\n", "did you mean 'port'"),
        ("home = '/tmp'\n", "'home', which is no setting"),
        ("[server]\nport = 1\n", "'server', which is no setting"),
        ("port = '1'\n", "key 'port'"),
        ("port = -1\n", "key 'port'"),
        ("port = true\n", "key 'port'"),
        ("graphiql = 1\n", "key 'graphiql'"),
        ("release = 1\n", "key 'release'"),
        ("port = \n", "is not TOML"),
        ("\x00", "is not TOML"),
        ("allow_anonymous = 'perhaps'\n", "allow_anonymous"),
        ("recognizer = 'both+nobody'\n", "recognizer is 'both+nobody', and there is no recogniser 'nobody'"),
    ],
)
def test_what_a_file_says_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "enlace.toml"
    file.write_text(text)
    with pytest.raises(ApiError, match=re.escape(said)):
        Settings.of(environment={}, file=file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match=r"nothing\.toml"):
        Settings.of(environment={}, file=tmp_path / "nothing.toml")


def test_all_that_is_told_at_the_start_can_be_told() -> None:
    told = dict(Settings.of(environment={}).told())
    assert {"home", "port", "max_depth"} <= set(told)
    assert not [name for name in told if "token" in name.replace("max_tokens", "") or "password" in name]


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
