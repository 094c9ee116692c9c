"""Models trained again: which figures lie within the intervals claimed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.retrained import held, retrained_section


def figures(first: float, wide: float, *, repeated: bool = False) -> dict[str, Any]:
    def subset(name: str, value: float, same_as: str | None) -> dict[str, Any]:
        accuracy = {
            depth: {"value": value, "low": value - wide, "high": value + wide} for depth in ("1", "25")
        }
        return {
            "subset": name,
            "mentions": 1200,
            "same_as": same_as,
            "systems": [{"system": "enlace", "accuracies": {"accuracy": accuracy}}],
        }

    return {
        "subsets": [
            subset("all rows", first, None),
            subset("unseen", first / 2, "all rows" if repeated else None),
        ]
    }


def test_a_figure_lands_within_the_interval_of_the_one_claimed() -> None:
    found = list(held(figures(0.8, 0.0625), figures(0.75, 0.001), "cantemist"))
    assert [(one.subset, one.depth, one.again, one.lands) for one in found] == [
        ("all rows", 1, 0.75, True),
        ("all rows", 25, 0.75, True),
        ("unseen", 1, 0.375, True),
        ("unseen", 25, 0.375, True),
    ]
    assert not any(
        one.lands for one in held(figures(0.8, 0.0625), figures(0.9, 0.5), "x") if one.subset == "all rows"
    )


def test_what_repeats_another_subset_is_left_out_and_the_page_marks_what_lies_outside() -> None:
    found = list(held(figures(0.8, 0.01, repeated=True), figures(0.7, 0.01), "cantemist"))
    assert len(found) == 2
    text = retrained_section(
        {"minutes": 69, "cores": 2, "software": "0.1.0", "figures": [asdict(one) for one in found]}
    )
    assert "took 69 minutes" in text
    assert "of 2 figures" in text
    assert "2 lie outside" in " ".join(text.split())
    assert "| cantemist | all rows (1,200) | @1 | 0.800 [0.790, 0.810] | 0.700 **outside** |" in text
