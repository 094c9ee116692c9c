"""The comparison with the published loop, on the tiny models: what is measured, and against which vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from clinic import ANSWERABLE, ASTHMA, INFARCTION, RECORDS, imported, indexed

from benchmarks.against_published_loop import (
    AIMS,
    LEAST_COSINE,
    LEAST_LEAD,
    cosines,
    paced,
    side_by_side,
)
from benchmarks.results_page import loop_section
from benchmarks.speed_figures import aim, figures_table, shown
from graph.release import ReleaseHome
from linker.encoder import BFLOAT16, INT8, BiEncoder
from linker.evaluation.published_loop import PublishedLoop
from linker.mentions import GoldMention

GOLD = [
    GoldMention("infarto del corazón", (INFARCTION,)),
    GoldMention("asma", (ASTHMA,)),
    GoldMention("tos", ("X:0",)),
]
STRINGS = ["asma", "angina inestable de reciente comienzo", "cólico nefrítico", "tos"]


def test_both_do_the_same_work_in_turns() -> None:
    done: list[str] = []
    pace = paced(lambda: done.append("published"), lambda: done.append("enlace"), rounds=3)
    assert done == ["published", "enlace"] * 3
    assert pace.ratio == pace.published_s / pace.enlace_s > 0


def test_vectors_are_compared_with_those_of_strings_alone(encoder: BiEncoder, tiny_bi_encoder: Path) -> None:
    loop = PublishedLoop([("asma", "A:1")], encoder)
    in_int8 = BiEncoder.open(tiny_bi_encoder, precision=INT8)
    in_bfloat16 = BiEncoder.open(tiny_bi_encoder, precision=BFLOAT16)
    found = cosines(encoder, in_bfloat16, in_int8, loop, STRINGS)
    assert found["cosine to the right vector, enlace, least"] == pytest.approx(1, abs=1e-5)
    assert 0.99 < found[LEAST_COSINE] < 1 - 1e-6
    # Its shorter strings are padded to the longest.
    assert found["cosine to the right vector, published loop, least"] < 0.99
    alone = cosines(encoder, in_bfloat16, in_int8, loop, STRINGS[:1])
    assert alone["cosine to the right vector, published loop, least"] == pytest.approx(1, abs=1e-5)


def test_all_is_measured_and_shown_beside_its_aim(
    index_folder: Path, tiny_bi_encoder: Path, tiny_cross_encoder: Path, tmp_path: Path
) -> None:
    home = ReleaseHome(tmp_path)
    in_int8 = imported(home, "clinic", RECORDS)
    encoder = BiEncoder.open(tiny_bi_encoder, precision=INT8)
    indexed(home, "clinic", encoder, bi_encoder=tiny_bi_encoder, cross_encoder=tiny_cross_encoder)
    found = side_by_side(index_folder, in_int8, 10, GOLD, 1, lambda stage, done, total: None)
    figures = found["figures"]
    assert set(AIMS) <= set(figures)
    assert figures["strings encoded"] == 10
    assert figures["mentions linked"] == len(GOLD)
    assert figures["strings in the index"] >= len(ANSWERABLE)
    shares = {what: value for what, value in figures.items() if what.endswith("share")}
    assert all(value > 0 for what, value in figures.items() if what not in shares and "lead" not in what)
    assert shares["right among the first 1, enlace, share"] >= 1 / 3, "asma is a term"
    assert max(shares.values()) <= 2 / 3, "no concept is X:0"
    for k in (1, 200):
        lead = (
            shares[f"right among the first {k}, enlace, share"]
            - shares[f"right among the first {k}, published loop, share"]
        )
        assert figures[LEAST_LEAD.format("enlace")] <= lead + 1e-9
    assert found["index"]["release"] == "clinic"
    page = loop_section(found)
    for what, value in figures.items():
        assert (
            f"| {what} | {shown(what, value)} | {aim(AIMS, what, value).replace('missed', '**missed**')} |"
            in page
        )
    assert figures_table(found, AIMS).row_count == len(figures)


def test_a_missed_aim_is_called_missed() -> None:
    assert aim(AIMS, LEAST_COSINE, 0.9989) == "at least 0.999: missed"
    assert aim(AIMS, LEAST_COSINE, 0.999) == "at least 0.999: reached"
    assert aim(AIMS, "strings encoded", 1) == ""
