"""The server that tests start ends with whoever started it, and where none can be started tests say so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from neo4j_server import NoServer, fetch, server_given

STARTING = """
import sys, time
from pathlib import Path
import neo4j_server
folder = Path(sys.argv[1])
watcher = neo4j_server._watch(["sleep", "600"], folder, folder)
print(watcher.stdout.readline().decode(), flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_server_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, "-c", STARTING, str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    ) as starter:
        assert starter.stdout is not None
        process_id = int(starter.stdout.readline())
        os.kill(process_id, 0)
        assert (folder / "logs").is_dir()
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)


def test_without_java_there_is_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoServer, match="Java 17 is not installed, and NEO4J_URI names no server"):
        fetch()


def test_without_maven_the_server_cannot_be_brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("Java is not installed")
    (tmp_path / "java").symlink_to(java)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(NoServer, match="Maven is not installed"):
        fetch()


def test_a_server_may_be_named_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    assert server_given() is None
    monkeypatch.setenv("NEO4J_URI", "bolt://db:7687")
    monkeypatch.setenv("NEO4J_USER", "ana")
    monkeypatch.setenv("NEO4J_PASSWORD", "s3cret")
    server = server_given()
    assert server
    assert server.uri_with_credentials == "bolt://ana:s3cret@db:7687"
    assert "s3cret" not in repr(server)


@pytest.mark.parametrize(("ci", "told"), [("", "1 skipped"), ("true", "1 error")])
def test_without_a_server_tests_are_skipped_and_a_pipeline_fails(ci: str, told: str, tmp_path: Path) -> None:
    one = "tests/graph/test_neo4j_outages.py::test_no_password"
    environment = {key: value for key, value in os.environ.items() if key != "NEO4J_URI"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", one],
        env={**environment, "PATH": str(tmp_path), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert told in ran.stdout
    assert "Java 17 is not installed, and NEO4J_URI names no server" in ran.stdout
