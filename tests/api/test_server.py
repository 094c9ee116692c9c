"""`enlace serve` as real processes, from a folder made to be imported by mistake."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from hostile import asking
from served_process import SCRIPT, Answer, Serving, raw, serving, wait_for

from graph.importing import import_release
from graph.model import Concept
from graph.release import ReleaseHome


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


def test_one_process_from_a_hostile_folder(home: ReleaseHome, hostile_folder: Path) -> None:
    with serving(home, hostile_folder) as server:
        assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
        wait_for(lambda: server.fetch("/health/ready").status == 200, 300)
        linked = server.ask(
            '{ link(mentions: ["HTA"], top: 1) { candidates { concept { preferredTerm } } } }'
        )
        assert (
            linked["data"]["link"][0]["candidates"][0]["concept"]["preferredTerm"] == "hipertensión arterial"
        )
        assert server.stop() == 0
        assert not [line for line in server.lines() if line["level"] != "info"]


def test_several_processes_from_a_hostile_folder(bare_home: ReleaseHome, hostile_folder: Path) -> None:
    with serving(bare_home, hostile_folder, "--workers", "2") as server:
        for _ in range(10):
            assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
        assert server.stop() == 0
        assert "imported" not in server.log.read_text()


def test_an_interrupt_stops_it(bare_home: ReleaseHome, tmp_path: Path) -> None:
    with serving(bare_home, tmp_path) as server:
        server.ask("{ release { name } }")
        assert server.stop(signal.SIGINT) == 130
        (line,) = [line for line in server.lines() if line["level"] != "info"]
        assert line["message"].startswith("Linking is not available: Release 'demo' has no index")


def test_a_release_imported_anew_is_taken_up_without_a_restart(
    bare_home: ReleaseHome, tmp_path: Path
) -> None:
    own_home = ReleaseHome(shutil.copytree(bare_home.path, tmp_path / "home"))
    with serving(own_home, tmp_path) as server:
        assert server.ask('{ concept(id: "X:2") { id } }')["errors"]
        import_release(own_home, "demo", [Concept("X:2")], sources=())
        wait_for(lambda: "errors" not in server.ask('{ concept(id: "X:2") { id } }'))
        assert server.stop() == 0


def test_workers_follow_the_current_release(bare_home: ReleaseHome, tmp_path: Path) -> None:
    own_home = ReleaseHome(shutil.copytree(bare_home.path, tmp_path / "home"))
    import_release(own_home, "next", [Concept("X:2")], sources=())
    with serving(own_home, tmp_path, "--workers", "2", release=None) as server:
        assert server.ask("{ release { name } }") == {"data": {"release": {"name": "demo"}}}
        for name in ("next", "demo"):
            own_home.set_current(name)
            # Which of the two workers answers is chance.
            wait_for(lambda name=name: {server.name() for _ in range(20)} == {name})
        assert server.stop() == 0


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


def test_the_settings_are_told_at_the_start(bare_home: ReleaseHome, tmp_path: Path) -> None:
    file = tmp_path / "enlace.toml"
    file.write_text('max_depth = 7\nmax_aliases = 3\nrelease = "demo"\n')
    with serving(
        bare_home,
        tmp_path,
        "--settings",
        str(file),
        release=None,
        ENLACE_MAX_ALIASES="4",
        NEO4J_PASSWORD="s3cret",
    ) as server:
        told = server.lines()[0]["settings"]
        assert (told["max_depth"], told["max_aliases"], told["release"]) == (7, 4, "demo")
        assert "s3cret" not in server.log.read_text()


def test_no_server_is_open_to_a_network_by_mistake(bare_home: ReleaseHome, tmp_path: Path) -> None:
    told = subprocess.run(
        [SCRIPT, "serve", "--host", "0.0.0.0", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "ENLACE_HOME": str(bare_home.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert "enlace tokens add" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_stop_lets_a_request_end(bare_home: ReleaseHome, tmp_path: Path) -> None:
    whole = asking("{ release { name } }")

    async def ask(server: Serving) -> Answer | None:
        slow = asyncio.create_task(raw(server.port, whole[:-3], 1.5, whole[-3:]))
        await asyncio.sleep(0.7)
        server.process.send_signal(signal.SIGTERM)
        return await slow

    with serving(bare_home, tmp_path) as server:
        answer = asyncio.run(ask(server))
        assert answer is not None
        assert json.loads(answer.body) == {"data": {"release": {"name": "demo"}}}
        assert server.process.wait(30) == 0
