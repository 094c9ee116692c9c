"""What the scale page computes follows from what was measured."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchmarks.annotate import LinesReached, distinct, notes
from benchmarks.scale_page import EFFICIENCY, NODE_CORES, SITES, page

ROWS = [
    {
        "notes": count,
        "characters": 2000 * count,
        "mentions": 10 * count,
        "output_bytes": 10_000 * count,
        "seconds": 20 + count / 10,
        "processor_seconds": 20 + count / 5,
        "peak_mib": 1500,
    }
    for count in (1_000, 10_000)
]
FOUND = {"release": "r", "release_bytes": 2_000_000_000, "recognizer": ["both"], "cores": 2, "rows": ROWS}


def test_nodes_follow_from_the_rate() -> None:
    told = page(FOUND)
    # Ten notes a second with two cores busy are five a core.
    assert "**10.0 notes a second**, with 2.0 cores busy" in told
    assert "**5.0 notes a second and core**" in told
    rows = [
        line.split(" | ") for line in told.splitlines() if line.startswith(("| a hosp", "| a reg", "| a nat"))
    ]
    assert len(rows) == len(SITES)
    for (who, count, hours), row in zip(SITES, rows, strict=True):
        workers, nodes, taken = (float(row[place].replace(",", "")) for place in (2, 3, 4))
        assert row[0] == f"| {who}"
        assert taken <= hours
        assert workers * 5 * EFFICIENCY * hours * 3600 >= count
        assert (workers - 1) * 5 * EFFICIENCY * hours * 3600 < count
        assert (nodes - 1) * NODE_CORES < workers <= nodes * NODE_CORES


def test_bfloat16_is_told_beside_float32_for_as_many_notes() -> None:
    lower = {**FOUND, "rows": [{**ROWS[0], "seconds": 80}]}
    assert "1,000 notes took 80 seconds instead of\n120," in page(FOUND, lower)
    assert "bfloat16" not in page(FOUND).split("## Computed")[0].split("## Measured")[1]


def test_ray_is_told_where_it_was_measured() -> None:
    rows = [{**ROWS[0], "ray_seconds": 70, "ray_same": True}, ROWS[1]]
    told = page({**FOUND, "rows": rows})
    assert "| 70 | yes |" in told
    assert "|  |  |" in told


def test_more_workers_than_memory_are_not_counted_on() -> None:
    large = {**FOUND, "rows": [{**row, "peak_mib": 40_000} for row in ROWS]}
    assert "so 3 workers" in page(large)


def test_notes_have_names_of_their_own(tmp_path: Path) -> None:
    for name in ("codiesp/texts.jsonl.gz", "text/codiesp-background.jsonl.gz"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(gzip.compress(b'{"doc": "x", "text": "Tos."}\n'))
    found = list(notes(tmp_path, 5))
    assert len({one["doc"] for one in found}) == 5
    assert distinct(tmp_path) == 2
    assert {one["text"] for one in found} == {"Tos."}


def test_notes_that_come_again_count_in_no_rate() -> None:
    again = {**ROWS[1], "distinct_notes": 3_000, "first_pass_seconds": 520.0}
    told = page({**FOUND, "rows": [ROWS[0], again]})
    # Two thousand notes more than the first row, in four hundred seconds more.
    assert "**5.0 notes a second**, with 2.0 cores busy" in told
    assert "| 5.8, of the first 3,000 |" in told
    assert "| 8.3 |" in told


def test_it_is_seen_when_a_growing_file_has_so_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.part"
    seen, never = LinesReached(path, 3), LinesReached(path, 4)
    seen.start()
    never.start()
    path.write_bytes(b"a\nb\n")
    with path.open("ab") as file:
        file.write(b"c\nd")
    seen.join(timeout=30)
    assert seen.seconds is not None
    assert never.stop() is None


@pytest.mark.parametrize("place", [0, 1])
def test_one_measurement_is_enough(place: int) -> None:
    assert "notes a second and core" in page({**FOUND, "rows": [ROWS[place]]})
