"""A run that is killed at any moment and started again ends in the files of a run that nobody killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from killed_runs import PLACING, Job, run

from graph.release import ReleaseHome

pytestmark = pytest.mark.long
TEXTS = ["Infarto de miocardio.", "Sin asma 😀.", "Diabetes mellitus y asma grave.\r\n", "Nada que decir."]
VARIABLES = "variables:\n  - {id: asma, label: Asma, concepts: [23099999999106]}\n"


@pytest.fixture
def folder(in_home: ReleaseHome, tmp_path: Path) -> Path:
    lines = [{"doc": f"n{place}", "text": TEXTS[place % 4] * (1 + place % 3)} for place in range(54)]
    (tmp_path / "notes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    rows = "".join(f"d{place // 7}\tasma {place % 50}\n" for place in range(300))
    (tmp_path / "mentions.tsv").write_text("doc\tspan\n" + rows, "utf-8")
    (tmp_path / "v.yaml").write_text(VARIABLES, "utf-8")
    return tmp_path


ANNOTATE = (
    "annotate",
    "--release",
    "demo",
    "--recognizer",
    "dictionary",
    "--input",
    "notes.jsonl",
    "--output",
)
LINK = ("link", "--release", "demo", "--input", "mentions.tsv", "--top", 3, "--output")
NOTES = (
    "harmonize", "--release", "demo", "--recognizer", "dictionary", "--variables", "v.yaml", "--notes", "notes.jsonl",
    "--output",
)  # fmt: skip


def test_killed_runs_end_as_runs_that_nobody_killed(folder: Path) -> None:
    """One process runs all, each command in one of its own: importing takes longer than the rest."""
    kills = [
        *((ANNOTATE, f"a{moment}.jsonl", moment) for moment in (0, 1, 3, PLACING)),
        *((LINK, f"l{moment}.jsonl", moment) for moment in (0, 1)),
        *((NOTES, f"h{moment}.csv", moment) for moment in (0, 2, PLACING)),
    ]
    whole = [Job((*ANNOTATE, "a.jsonl")), Job((*LINK, "l.jsonl")), Job((*NOTES, "h.csv"))]
    killed = [Job((*command, output), moment) for command, output, moment in kills]
    assert run([*whole, *killed], folder).codes == [0, 0, 0] + [-9] * len(killed)
    for command, output, moment in kills:
        # What is linked stands under its own name from the beginning, with what it belongs to beside it.
        assert (folder / output).exists() == (command is LINK), (output, moment)

    # The second of them is killed a second time.
    again = run([Job(killed[1].command, 1), *(Job(job.command) for job in killed)], folder)
    assert again.codes == [-9] + [0] * len(killed)
    for output, done in (("a1.jsonl", 16), ("a1.jsonl", 32), ("a3.jsonl", 48), ("a-1.jsonl", 48)):
        assert f"Continuing {output} after {done} documents." in again.err
    assert "Continuing l1.jsonl after 133 of 300 mentions." in again.err
    assert "h2.csv was continued after 32 documents." in again.err
    for _, output, _ in kills:
        whole_one = folder / f"{output[0]}{Path(output).suffix}"
        assert (folder / output).read_bytes() == whole_one.read_bytes(), output
    assert not [path.name for path in folder.iterdir() if ".part" in path.name or path.name.endswith(".tmp")]
