"""Workers of Ray Data on this machine give what one process gives, row for row; their errors are told as ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api import ray_engine
from api.annotating import AnnotateOptions, AnnotateWork
from api.errors import EngineFailed
from api.ray_engine import Cluster, answers, staging_folder
from graph.release import ReleaseHome

if TYPE_CHECKING:
    from conftest import Enlace

pytestmark = [
    pytest.mark.long,
    # Of Ray's own.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TEXTS = ["Infarto de miocardio.", "Sin asma 😀.", "Diabetes mellitus y asma.\r\n", "Nada que decir."]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One cluster of two workers for the module: starting one takes longer than the tests."""
    pytest.importorskip("ray")
    with ray_engine.connected(Cluster(workers=2)) as ray:
        yield ray


def test_two_workers_answer_as_one_process(
    cluster: Any, in_home: ReleaseHome, enlace: Enlace, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.jsonl"
    lines = [{"doc": f"n{place}", "text": TEXTS[place % 4] * (1 + place % 3)} for place in range(100)]
    notes.write_text("".join(json.dumps(line) + "\n" for line in lines) + "broken\n", "utf-8")
    command = ("annotate", "--release", "demo", "--recognizer", "dictionary", "--input", notes, "--output")
    one = enlace(*command, tmp_path / "one.jsonl")
    two = enlace(*command, tmp_path / "two.jsonl", "--engine", "ray", "--workers", 2)
    assert (one.code, two.code) == (0, 0), two.err
    assert (tmp_path / "two.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()
    assert two.err == one.err.replace("one.jsonl", "two.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.jsonl", "one.jsonl", "two.jsonl"]


def _rows(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _same(there: Any, here: Any) -> bool:
    """Equal but for the last digit of a score: the pairs that a worker has read before are in none of its batches."""
    if isinstance(there, float) and isinstance(here, float):
        return abs(there - here) < 2.5e-6
    if isinstance(there, dict) and isinstance(here, dict):
        return list(there) == list(here) and all(_same(there[key], here[key]) for key in there)
    if isinstance(there, list) and isinstance(here, list):
        return len(there) == len(here) and all(map(_same, there, here))
    return bool(there == here)


def test_mentions_are_linked_alike(
    cluster: Any, in_home: ReleaseHome, enlace: Enlace, tmp_path: Path
) -> None:
    table, texts = tmp_path / "mentions.tsv", tmp_path / "texts.jsonl"
    texts.write_text('{"doc": "a", "text": "Insuficiencia renal aguda (IRA)."}\n{"doc": "b", "text": "ñ"}\n')
    rows = "".join(f"a\tIRA\na\tasma {place}\nb\tinfarto\n" for place in range(100))
    table.write_text("doc\tspan\n" + rows, "utf-8")
    command = ("link", "--release", "demo", "--input", table, "--texts", texts, "--top", 3, "--output")
    one = enlace(*command, tmp_path / "one.jsonl")
    two = enlace(*command, tmp_path / "two.jsonl", "--engine", "ray", "--workers", 2)
    assert (one.code, two.code) == (0, 0), two.err
    for there, here in zip(*(_rows(tmp_path / f"{name}.jsonl") for name in ("two", "one")), strict=True):
        assert _same(there, here), (there, here)
    again = enlace(*command, tmp_path / "two.jsonl", "--engine", "ray")
    assert "is complete: 300 mentions." in again.err


def test_an_error_of_a_worker_is_told_as_ours(cluster: Any, tmp_path: Path) -> None:
    work = AnnotateWork(str(tmp_path / "demo" / "none"), AnnotateOptions(("dictionary",)))
    staging = staging_folder(tmp_path / "out.jsonl")
    with pytest.raises(EngineFailed, match="A worker of Ray failed: Release 'demo' has no index; make one"):
        list(answers(work, ["[]"], Cluster(workers=2), staging))
    assert not staging.exists()


def test_nothing_to_do_is_done(cluster: Any, tmp_path: Path) -> None:
    work = AnnotateWork("none", AnnotateOptions())
    assert list(answers(work, [], Cluster(workers=2), staging_folder(tmp_path / "out"))) == []


def test_options_of_the_cluster_go_with_it(in_home: ReleaseHome, enlace: Enlace, tmp_path: Path) -> None:
    command = ("annotate", "--release", "demo", "--input", tmp_path, "--output")
    assert "it goes with --engine ray" in enlace(*command, tmp_path / "o.jsonl", "--workers", 2).err
    assert "give a file" in enlace(*command, "-", "--engine", "ray").err
    assert "it goes with --input" in enlace("link", "--release", "demo", "asma", "--engine", "ray").err


def test_ray_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with (
        pytest.raises(EngineFailed, match=r"pip install 'enlace\[ray\]'"),
        ray_engine.connected(Cluster()),
    ):
        pass
