"""The part of docs/results.md on mentions found in whole documents."""

from __future__ import annotations

from typing import Any

from linker.evaluation.documents import CODES, OVERLAPPING, STRICT

_HEAD = """## Mentions in documents

`python -m benchmarks.recognition --data ../shared/data --json docs/results`

Precision, recall and F1 of spans whose both ends are an annotator's, with 95 % intervals by bootstrap over documents;
of spans that overlap one; and end to end, where the chosen concept has to be right too. Disorders, symptoms and
procedures are those of the documents that CodiEsp calls dev, morphology that of CANTEMIST's second dev part. `both` is
the shipped recogniser with the dictionary of the release. `disorders-to-hpo` has the documents of which HPO codes are
known, linked to HPO by its terms alone; in `morphology-to-ecieo` the training mentions are indexed too.
"""


def recognition_section(found: dict[str, Any]) -> str:
    """A row a set and system, under their heading."""
    names = ("set", "system", "precision", "recall", "F1", "aim", "overlapping F1", "with code F1")
    lines = [_row(names), _row(["---"] * len(names))]
    for one in found["sets"]:
        for system, by_type in one["systems"].items():
            ((_, measures),) = list(by_type.items())[:1]
            strict = measures[STRICT]
            aim = "" if one["aim"] is None else f"≥ {one['aim']:.2f}"
            if one["aim"] and system != "dictionary" and strict["f1"]["value"] < one["aim"]:
                aim += " **missed**"
            lines.append(
                _row(
                    [
                        one["set"],
                        system,
                        f"{strict['precision']['value']:.3f}",
                        f"{strict['recall']['value']:.3f}",
                        _estimate(strict["f1"]),
                        aim,
                        f"{measures[OVERLAPPING]['f1']['value']:.3f}",
                        _estimate(measures[CODES]["f1"]) if CODES in measures else "",
                    ]
                )
            )
    return f"{_HEAD}\n{''.join(lines)}"


def _estimate(one: dict[str, float]) -> str:
    return f"{one['value']:.3f} ({one['low']:.3f}–{one['high']:.3f})"


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |\n"
