"""The benchmarks of latency and of a large index, on tiny ones: what is measured, and how it is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks import large_index, latency
from benchmarks.results_page import large_section, latency_section

MENTIONS = ["infarto del corazón", "asma", "colico renal", "una angina"]


def quiet(stage: str, done: int, total: int | None) -> None:
    pass


def test_latency_is_measured_and_shown_beside_its_aim(index_folder: Path) -> None:
    found = latency.measured(index_folder, MENTIONS, MENTIONS[:3], 1, quiet)
    figures = found["figures"]
    assert set(latency.AIMS) <= set(figures)
    assert (figures["mentions linked alone"], figures["mentions in a batch"]) == (4, 3)
    assert all(value > 0 for value in figures.values())
    assert figures["one mention, enlace, median, ms"] <= figures[latency.ONE_P95]
    page = latency_section(found, {**found, "figures": {latency.BATCH: 151.0}})
    assert (
        f"| {latency.BATCH} | {latency.shown(figures[latency.BATCH])} | 151 | at least 150: reached |" in page
    )
    assert all(f"| {what} |" in page for what in figures)


def test_a_missed_aim_is_called_missed() -> None:
    assert latency.aim(latency.ONE_P95, 30.1) == "at most 30: missed"
    assert latency.aim(latency.BATCH, 149) == "at least 150: missed"
    assert large_index.aim(large_index.RECALL, 0.979) == "at least 0.98: missed"
    assert large_index.aim(large_index.OPENING, 0.5) == "at most 1: reached"
    assert latency.aim("other", 1) == large_index.aim("other", 1) == ""


def test_a_large_index_is_measured_from_its_files(tmp_path: Path) -> None:
    figures = large_index.measured(tmp_path, 3000, 32, 20, quiet)
    assert figures[large_index.RECALL] > 0.95
    assert figures["strings"] == 3000
    assert all(value > 0 for value in figures.values())
    page = large_section({"figures": figures, "cores": 2, "software": "0"})
    assert all(f"| {what} | {large_index.shown(value)} |" in page for what, value in figures.items())


def test_synthetic_terms_have_near_synonyms() -> None:
    terms = large_index.SyntheticTerms(2000, 64)
    vectors = terms.all(2000, quiet)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    nearest = np.sort(terms.some(50, seed=7) @ vectors.T, axis=1)[:, ::-1]
    assert nearest[:, 0].mean() > 0.8
    assert nearest[:, 500].mean() < 0.6
