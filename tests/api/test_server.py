"""`enlace serve` as real processes, from a folder made to be imported by mistake."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from interrupts import hearing_interrupts

from graph.importing import import_release
from graph.model import Concept
from graph.release import ReleaseHome

SCRIPT = Path(sys.executable).with_name("enlace")


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    """A folder whose own packages end any process that imports them."""
    for name in (
        "api",
        "graph",
        "loaders",
        "linker",
        "uvicorn",
        "strawberry",
        "numpy",
        "encodings",
        "asyncio",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('imported {name} from here')\n")
    return tmp_path


@dataclass(frozen=True)
class Serving:
    """A server process that said where it listens."""

    url: str
    process: subprocess.Popen[str]

    def ask(self, query: str) -> Any:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def name(self) -> str:
        return str(self.ask("{ release { name } }")["data"]["release"]["name"])


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def serving(
    home: ReleaseHome, folder: Path, *options: str, release: str | None = "demo"
) -> Iterator[Serving]:
    process = subprocess.Popen(
        hearing_interrupts(
            [SCRIPT, "serve", *(("--release", release) if release else ()), "--port", "0", *options]
        ),
        cwd=folder,
        env={**os.environ, "ENLACE_HOME": str(home.path), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        told = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/graphql", told)
        assert found, process.stderr and process.stderr.read()
        yield Serving(found[0], process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stop(server: Serving, how: signal.Signals) -> tuple[int, str]:
    server.process.send_signal(how)
    _, err = server.process.communicate(timeout=60)
    return server.process.returncode, err


def test_one_process_from_a_hostile_folder(home: ReleaseHome, hostile_folder: Path) -> None:
    with serving(home, hostile_folder) as server:
        assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
        linked = server.ask(
            '{ link(mentions: ["HTA"], top: 1) { candidates { concept { preferredTerm } } } }'
        )
        assert (
            linked["data"]["link"][0]["candidates"][0]["concept"]["preferredTerm"] == "hipertensión arterial"
        )
        assert stop(server, signal.SIGTERM) == (0, "")


def test_several_processes_from_a_hostile_folder(bare_home: ReleaseHome, hostile_folder: Path) -> None:
    with serving(bare_home, hostile_folder, "--workers", "2") as server:
        for _ in range(10):
            assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
        code, err = stop(server, signal.SIGTERM)
        assert code == 0
        assert "imported" not in err


def test_an_interrupt_stops_it(bare_home: ReleaseHome, tmp_path: Path) -> None:
    with serving(bare_home, tmp_path) as server:
        server.ask("{ release { name } }")
        code, err = stop(server, signal.SIGINT)
        assert code == 130
        assert err.startswith("Linking is not available: Release 'demo' has no index")
        assert err.count("\n") == 1


def test_a_release_imported_anew_is_taken_up_without_a_restart(
    bare_home: ReleaseHome, tmp_path: Path
) -> None:
    own_home = ReleaseHome(shutil.copytree(bare_home.path, tmp_path / "home"))
    with serving(own_home, tmp_path) as server:
        assert server.ask('{ concept(id: "X:2") { id } }')["errors"]
        import_release(own_home, "demo", [Concept("X:2")], sources=())
        wait_for(lambda: "errors" not in server.ask('{ concept(id: "X:2") { id } }'))
        stop(server, signal.SIGTERM)


def test_workers_follow_the_current_release(bare_home: ReleaseHome, tmp_path: Path) -> None:
    own_home = ReleaseHome(shutil.copytree(bare_home.path, tmp_path / "home"))
    import_release(own_home, "next", [Concept("X:2")], sources=())
    with serving(own_home, tmp_path, "--workers", "2", release=None) as server:
        assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
        for name in ("next", "demo"):
            own_home.set_current(name)
            # Which of the two workers answers is chance.
            wait_for(lambda name=name: {server.name() for _ in range(20)} == {name})
        stop(server, signal.SIGTERM)


def test_every_command_from_a_hostile_folder(home: ReleaseHome, hostile_folder: Path) -> None:
    told = subprocess.run(
        [SCRIPT, "releases", "--json"],
        cwd=hostile_folder,
        env={**os.environ, "ENLACE_HOME": str(home.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout)[0]["name"] == "demo"
