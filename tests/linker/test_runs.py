"""Figures as a file, and two of them compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clinic import ASTHMA, COLIC, INFARCTION, RENAL_COLIC

from linker.errors import RunFileError
from linker.evaluation.evaluation import OURS, Evaluation, evaluate
from linker.evaluation.runs import Run, compare, run_text
from linker.mentions import GoldMention
from linker.pipeline import Linker

GOLD = (
    GoldMention("asma", (ASTHMA,), "d1"),
    GoldMention("cólico", (RENAL_COLIC,), "d1"),
    GoldMention("infartos", (INFARCTION,), "d2"),
    GoldMention("asma y cólico", (f"{ASTHMA}+{COLIC}",), "d3"),
)


@pytest.fixture(scope="module")
def report(linker: Linker) -> Evaluation:
    return evaluate(linker, GOLD, top=25)


@pytest.fixture
def path(report: Evaluation, tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_text(run_text(report, {"mention_file": {"name": "gold.tsv", "sha256": "ab"}}), "utf-8")
    return path


def test_the_text_is_the_evaluation(report: Evaluation) -> None:
    text = run_text(report)
    expected = json.loads(json.dumps(report.as_json()))
    found = json.loads(text)
    assert found["rows"] == expected["rows"]
    assert found["index"] == expected["index"]
    figure = expected["subsets"][0]["systems"][0]["accuracies"]["mrr"]["value"]
    assert found["subsets"][0]["systems"][0]["accuracies"]["mrr"]["value"] == pytest.approx(figure, abs=1e-6)
    assert max(map(len, text.splitlines())) < 3000


def test_a_run_is_read_again(report: Evaluation, path: Path) -> None:
    run = Run.read(path)
    assert (run.measured_on, run.release, run.top, run.gold_sha256) == (
        "gold.tsv", "clinic", 25, report.gold_sha256,
    )  # fmt: skip
    assert run.document_of.tolist() == report.document_of.tolist()
    assert list(run.membership) == list(report.membership)
    for name, rows in report.membership.items():
        assert np.array_equal(run.membership[name], rows)
    for name, outcomes in report.outcomes.items():
        assert run.outcomes[name].as_json() == outcomes.as_json()


def test_two_systems_of_one_run(path: Path) -> None:
    run = Run.read(path)
    whole, cleaned, *_ = compare(run, run, OURS, "exact or folded")
    assert (whole.subset, whole.mentions, whole.documents) == ("all rows", 4, 3)
    assert (cleaned.subset, cleaned.mentions, cleaned.documents) == ("cleaned", 3, 2)
    assert cleaned.second == {1: pytest.approx(1 / 3), 5: pytest.approx(2 / 3), 10: pytest.approx(2 / 3),
                              25: pytest.approx(2 / 3)}  # fmt: skip
    for k, estimate in cleaned.difference.accuracy.items():
        assert estimate.value == pytest.approx(cleaned.first[k] - cleaned.second[k])
        assert estimate.low <= estimate.value <= estimate.high


def test_a_run_is_no_better_than_itself(path: Path) -> None:
    run = Run.read(path)
    for one in compare(run, run):
        assert one.difference.mrr.value == one.difference.mrr.low == one.difference.mrr.high == 0


def test_cutoffs_are_those_of_both(path: Path) -> None:
    run = Run.read(path)
    assert list(compare(run, replace(run, top=5))[0].first) == [1, 5]


def test_sets_with_other_mentions_are_not_compared(path: Path) -> None:
    run = Run.read(path)
    other = replace(run, membership={**run.membership, "cleaned": ~run.membership["cleaned"]})
    names = [one.subset for one in compare(run, other)]
    assert "all rows" in names
    assert "cleaned" not in names


def test_runs_on_other_mentions_are_refused(path: Path, linker: Linker, tmp_path: Path) -> None:
    other = tmp_path / "b.json"
    other.write_text(run_text(evaluate(linker, GOLD[:2], top=25)), "utf-8")
    with pytest.raises(RunFileError) as caught:
        compare(Run.read(path), Run.read(other))
    told = str(caught.value)
    assert told.startswith(f"{path} (gold.tsv, ")
    assert told.endswith(" were measured on different mentions; compare runs on one mention file.")


def test_a_system_that_is_not_there_is_named(path: Path) -> None:
    run = Run.read(path)
    with pytest.raises(
        RunFileError, match="no outcomes of 'x'; it has those of enlace, exact or folded, TF-IDF"
    ):
        compare(run, run, "x")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"rows": 1}', '{"rows": {"subset_bits": ["x"]}}', "\x00"]
)
def test_a_file_that_is_no_run_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, "utf-8")
    with pytest.raises(RunFileError, match=r"x\.json does not hold the figures of an evaluation"):
        Run.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"none\.json cannot be read: No such file"):
        Run.read(tmp_path / "none.json")
