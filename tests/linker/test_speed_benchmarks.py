"""The benchmarks of latency and of a large index, on tiny ones: what is measured, and how it is shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from clinic import ASTHMA, INFARCTION

from benchmarks import large_index, latency
from benchmarks.results_page import large_section, latency_section
from benchmarks.speed_figures import aim, distinct, found_here, publish, right_at, shown
from linker.mentions import GoldMention

MENTIONS = [
    GoldMention("infarto del corazón", (INFARCTION,)),
    GoldMention("asma", (ASTHMA,)),
    GoldMention("colico renal", ("X:0",)),
    GoldMention("una angina", ("X:0",)),
]


def quiet(stage: str, done: int, total: int | None) -> None:
    pass


@pytest.fixture
def onnx_folder(index_folder: Path, tmp_path: Path) -> Path:
    """The same index, of which the manifest says that ONNX Runtime computes the models."""
    folder = Path(shutil.copytree(index_folder, tmp_path / "index"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "runtime": "onnx"}), "utf-8")
    return folder


def test_latency_is_measured_and_shown_beside_its_aim(index_folder: Path, onnx_folder: Path) -> None:
    spans = [mention.span for mention in MENTIONS]
    found = latency.measured(index_folder, spans, MENTIONS[:3], 1, quiet, lambda: onnx_folder)
    figures = found["figures"]
    assert set(latency.AIMS) <= set(figures)
    assert (figures["mentions linked alone"], figures["mentions in a batch"]) == (4, 3)
    shares = {what: value for what, value in figures.items() if what.endswith("share")}
    assert all(value > 0 for what, value in figures.items() if what not in shares)
    assert figures["one mention, enlace, median, ms"] <= figures[latency.ONE_P95]
    assert shares[latency.ALIKE] == 1
    for k in (1, latency.TOP):
        name = f"right among the first {k}, {{}}, share"
        assert 1 / 3 <= shares[name.format(latency.OURS)] == shares[name.format(latency.ON_ONNX)] <= 2 / 3
    page = latency_section(found, {**found, "figures": {latency.BATCH: 151.0}})
    assert (
        f"| {latency.BATCH} | {shown(latency.BATCH, figures[latency.BATCH])} | 151 | at least 150: reached |"
        in page
    )
    assert all(f"| {what} |" in page for what in figures)


def test_a_missed_aim_is_called_missed() -> None:
    assert aim(latency.AIMS, latency.ONE_P95, 30.1) == "at most 30: missed"
    assert aim(latency.AIMS, latency.BATCH, 149) == "at least 150: missed"
    assert aim(large_index.AIMS, large_index.RECALL, 0.979) == "at least 0.98: missed"
    assert aim(large_index.AIMS, large_index.OPENING, 0.5) == "at most 1: reached"
    assert aim(latency.AIMS, "other", 1) == ""


def test_a_span_is_taken_once_with_all_its_codes() -> None:
    gold = [GoldMention("tos", ("X:1",)), GoldMention("asma", ("X:2",)), GoldMention("tos", ("X:3", "X:1"))]
    assert distinct(gold) == [GoldMention("tos", ("X:1", "X:3")), GoldMention("asma", ("X:2",))]
    assert distinct(gold, 1) == [GoldMention("tos", ("X:1", "X:3"))]
    assert right_at([["X:9", "X:3"], []], distinct(gold), (1, 2)) == {1: 0, 2: 0.5}


def test_figures_are_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(found_here({latency.BATCH: 149.5}, index={}), latency.AIMS, tmp_path / "there", "latency")
    printed = capsys.readouterr().out
    assert "149.50" not in printed
    assert "150" in printed
    assert "at least 150: missed" in printed
    assert json.loads((tmp_path / "there" / "latency.json").read_text("utf-8"))["figures"] == {
        latency.BATCH: 149.5
    }


def test_a_large_index_is_measured_from_its_files(tmp_path: Path) -> None:
    figures = large_index.measured(tmp_path, 3000, 32, 20, quiet)
    assert figures[large_index.RECALL] > 0.95
    assert figures["strings"] == 3000
    assert all(value > 0 for value in figures.values())
    page = large_section({"figures": figures, "cores": 2, "software": "0"})
    assert all(f"| {what} | {shown(what, value)} |" in page for what, value in figures.items())


def test_synthetic_terms_have_near_synonyms() -> None:
    terms = large_index.SyntheticTerms(2000, 64)
    vectors = terms.all(2000, quiet)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    nearest = np.sort(terms.some(50, seed=7) @ vectors.T, axis=1)[:, ::-1]
    assert nearest[:, 0].mean() > 0.8
    assert nearest[:, 500].mean() < 0.6
