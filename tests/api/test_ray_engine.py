"""Workers of Ray Data on this machine give what one process gives, row for row; their errors are told as ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
    assert (tmp_path / "two.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()
    again = enlace(*command, tmp_path / "two.jsonl", "--engine", "ray")
    assert "is complete: 300 mentions." in again.err


DIABETES, ASTHMA, FEVER = "32019999999106", "23099999999106", "40029999999104"
VARIABLES = f"""\
variables:
  - {{id: diabetes, label: Diabetes, concepts: [{DIABETES}]}}
  - {{id: asma, label: Asma, concepts: [{ASTHMA}]}}
  - {{id: fiebre, label: Fiebre, concepts: [{FEVER}]}}
"""


@pytest.fixture
def harmonize(in_home: ReleaseHome, enlace: Enlace, tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """Harmonise into a folder of its own; answer with all that was written there."""
    variables = tmp_path / "v.yaml"
    variables.write_text(VARIABLES, "utf-8")

    def run(folder: str, *more: object) -> dict[str, bytes]:
        (tmp_path / folder).mkdir()
        output = tmp_path / folder / "out.csv"
        ran = enlace("harmonize", "--release", "demo", "--variables", variables, "--output", output, *more)
        assert ran.code == 0, ran.err
        return {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}

    return run


def test_rows_are_harmonised_alike(
    cluster: Any,
    harmonize: Callable[..., dict[str, bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linker.harmonization.run.ROWS_A_PART_WITH_TEXT", 25)
    table = tmp_path / "rows.csv"
    given = [(DIABETES, ""), ("", "asma grave"), ("77", "fiebre alta"), ("", ""), ("77", ""), (FEVER, "asma")]
    lines = [f"{place},{','.join(given[place % 6])} {place // 30 or ''}\n" for place in range(110)]
    table.write_text("patient,code,text\n" + "".join(lines), "utf-8")
    asked = (
        "--input", table, "--code-column", "code", "--system", "SNOMEDCT", "--text-column", "text", "--keep",
        "patient",
    )  # fmt: skip
    here = harmonize("one", *asked)
    assert sorted(here) == ["out.csv", "out.map.csv", "out.summary.html", "out.summary.json"]
    assert harmonize("two", *asked, "--engine", "ray", "--workers", 2) == here
    statuses = {line.split(",")[5] for line in here["out.csv"].decode().splitlines()[1:]}
    assert len(statuses) > 1


def test_notes_are_harmonised_alike(
    cluster: Any, harmonize: Callable[..., dict[str, bytes]], tmp_path: Path
) -> None:
    notes = tmp_path / "notes.jsonl"
    lines = [{"doc": f"n{place}", "text": TEXTS[place % 4] * (1 + place % 3)} for place in range(50)]
    notes.write_text("".join(json.dumps(line) + "\n" for line in lines) + "broken\n", "utf-8")
    asked = ("--notes", notes, "--recognizer", "dictionary")
    here = harmonize("one", *asked)
    assert sorted(here) == ["out.csv", "out.summary.json"]
    assert b"absent" in here["out.csv"]
    assert harmonize("two", *asked, "--engine", "ray", "--workers", 2) == here


def test_an_error_of_a_worker_is_told_as_ours(cluster: Any, tmp_path: Path) -> None:
    work = AnnotateWork(str(tmp_path), "demo", AnnotateOptions(("dictionary",)))
    staging = staging_folder(tmp_path / "out.jsonl")
    told = (
        f"The worker on .* failed: {tmp_path} has no release 'demo' there; copy it to that path, or put it on"
    )
    with pytest.raises(EngineFailed, match=told):
        list(answers(work, ["[]"], Cluster(workers=2), staging))
    assert not staging.exists()


def test_nothing_to_do_is_done(cluster: Any, tmp_path: Path) -> None:
    work = AnnotateWork("none", "none", AnnotateOptions())
    assert list(answers(work, [], Cluster(workers=2), staging_folder(tmp_path / "out"))) == []
