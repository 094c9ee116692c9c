"""A cluster that somebody else started, in another folder and with another environment, does the same work.

What it does not share with the command is a folder, an environment and a user's settings.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from killed_runs import Job, run
from recognizer_folders import make_recognizer

from graph.release import ReleaseHome

pytestmark = pytest.mark.long

TEXTS = ["Infarto de miocardio.", "Sin asma 😀.", "Diabetes mellitus y asma grave.\r\n", "Nada que decir."]
VARIABLES = "variables:\n  - {id: asma, label: Asma, concepts: [23099999999106]}\n"
_STARTED_SECONDS = 120


@dataclass(frozen=True)
class Head:
    """The head of a cluster, and the environment of who asks it."""

    address: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    """A head of two workers' cores on the loopback, with a token, as Ray has one where it was used before."""
    pytest.importorskip("ray")
    user, elsewhere = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("elsewhere")
    (user / ".ray").mkdir()
    (user / ".ray" / "auth_token").write_text(secrets.token_hex(16))
    bare = {"PATH": os.environ["PATH"], "HOME": str(user), "OMP_NUM_THREADS": "1"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    # Ray's sockets lie under it, and their names may have some hundred characters.
    sockets = Path("/tmp") / f"enlace-ray-{os.getpid()}"
    command = [
        sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats",
        "--include-dashboard=false", "--num-cpus=3", f"--port={port}",
        "--node-ip-address=127.0.0.1", "--object-store-memory=200000000", f"--temp-dir={sockets}",
    ]  # fmt: skip
    log = elsewhere / "head.log"
    with log.open("w") as told:
        started = subprocess.Popen(
            command,
            cwd=elsewhere,
            env={**bare, "RAY_worker_niceness": "0"},
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + _STARTED_SECONDS
        while "Ray runtime started" not in log.read_text():
            assert started.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield Head(f"127.0.0.1:{port}", bare)
    finally:
        # It ends what it started.
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
        subprocess.run(["rm", "-rf", str(sockets)], check=True)


@pytest.fixture
def folder(home: ReleaseHome, tmp_path: Path) -> Path:
    """A folder with all that is asked about, the home among it, so that everything is named relative to it."""
    (tmp_path / "home").symlink_to(home.path)
    lines = [{"doc": f"n{place}", "text": TEXTS[place % 4] * (1 + place % 3)} for place in range(54)]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    rows = "".join(f"d{place // 7}\tasma {place % 50}\n" for place in range(300))
    (tmp_path / "mentions.tsv").write_text("doc\tspan\n" + rows, "utf-8")
    (tmp_path / "v.yaml").write_text(VARIABLES, "utf-8")
    make_recognizer(tmp_path / "model", "roberta", ("O-symptom", "B-symptom", "I-symptom"))
    return tmp_path


COMMANDS: dict[str, tuple[object, ...]] = {
    "a.jsonl": ("annotate", "--recognizer", "model+dictionary", "--input", "notes.jsonl"),
    "l.jsonl": ("link", "--input", "mentions.tsv", "--top", 3),
    "n.csv": ("harmonize", "--variables", "v.yaml", "--notes", "notes.jsonl", "--recognizer", "dictionary"),
    "r.csv": ("harmonize", "--variables", "v.yaml", "--input", "mentions.tsv", "--text-column", "span"),
}


def test_a_cluster_of_somebody_else_does_the_same(head: Head, folder: Path) -> None:
    environment = {**head.environment, "ENLACE_HOME": "home"}
    there = ("--engine", "ray", "--address", head.address)
    here = [Job((*command, "--release", "demo", "--output", name)) for name, command in COMMANDS.items()]
    assert run(here, folder, environment).codes == [0] * 4
    asked = [
        (*command, "--release", "demo", "--output", f"there-{name}", *there)
        for name, command in COMMANDS.items()
    ]
    # The second is killed while it writes, and what the cluster did for it is asked for again.
    ran = run(
        [Job(asked[0]), Job(asked[1], 1), Job(asked[1]), Job(asked[2]), Job(asked[3])], folder, environment
    )
    assert ran.codes == [0, -9, 0, 0, 0], ran.err
    assert "Continuing there-l.jsonl after 133 of 300 mentions." in ran.err
    for name in COMMANDS:
        assert (folder / f"there-{name}").read_bytes() == (folder / name).read_bytes(), name
    assert not list(folder.glob("*.batches"))


def test_a_cluster_that_refuses_the_token_is_told(head: Head, folder: Path) -> None:
    (folder / ".ray").mkdir()
    (folder / ".ray" / "auth_token").write_text("0" * 32)
    environment = {**head.environment, "ENLACE_HOME": "home", "HOME": str(folder)}
    command = (*COMMANDS["a.jsonl"], "--release", "demo", "--output", "a.jsonl")
    ran = run([Job((*command, "--engine", "ray", "--address", head.address))], folder, environment)
    assert ran.codes == [1]
    assert ran.err.splitlines()[-1] == (
        f"enlace: The Ray cluster at {head.address} refuses this machine's token; copy ~/.ray/auth_token from the "
        "cluster's head."
    )
