"""How often a mention is assigned to the variables that its gold code implies.

    python -m benchmarks.harmonize_distemist --data ../shared/data [--variables FILE] [--home FOLDER --release NAME]
                                             [--misses FILE] [--json DIR]

DisTEMIST mentions with HPO codes, of the documents that no model saw, are rows of text; forty variables over HPO
(`benchmarks/variables_hpo.yaml`) are harmonised onto from the terms of HPO alone. What the gold code is assigned to is
right. Every miss is told with the concepts and paths of both sides.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from api.concept_names import names_of
from api.quiet import quieten_model_libraries
from api.terminal import progress
from benchmarks.linking import indexed
from benchmarks.linking_sets import SETS
from graph.ecl.content import Content
from graph.release import OpenRelease, ReleaseHome
from graph.variables.files import read
from linker.harmonization.harmonizer import Harmonizer
from linker.harmonization.model import Key, Kind, Meaning, Reason, Route, Status, Unit
from linker.harmonization.rows import Columns
from linker.harmonization.texts import Texts
from linker.harmonization.variables import VariableTable
from linker.mentions import GoldMention
from linker.pipeline import Linker
from linker.shipped import SHIPPED

VARIABLES = Path(__file__).parent / "variables_hpo.yaml"
LEAST_SCORES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Row:
    """A mention: what its gold codes are assigned to, any of which is right, and what became of its text."""

    mention: GoldMention
    gold: tuple[Unit, ...]
    found: Unit

    @property
    def expected(self) -> set[str]:
        """The variables of the gold code that fits what was found best."""
        found = set(self.found.variables)
        return max(
            (set(unit.variables) for unit in self.gold), key=lambda one: (len(one & found), -len(one ^ found))
        )


def harmonized(
    opened: OpenRelease, variables: Path, gold: list[GoldMention], least_score: float
) -> list[Row]:
    """Each mention with its gold units and its own."""
    table = VariableTable(read(variables), Content.open(opened))
    linker = Linker.open(opened.index_folder)
    texts = Texts(linker, least_score=least_score, margin=0.0)
    # Texts alone: no code is asked about.
    harmonizer = Harmonizer(table, texts, lambda: texts, Columns(text="text"))
    numbers = harmonizer.numbers(pa.table({"text": [mention.span for mention in gold]}))
    linker.close()
    rows = []
    for mention, number in zip(gold, numbers.tolist(), strict=True):
        meanings = [Meaning((code,), Route.ACTIVE) for code in mention.codes]
        keys = [Key(Kind.CODE, *code.split(":", 1)) for code in mention.codes]
        rows.append(Row(mention, tuple(table.units(keys, meanings)), harmonizer.units[number]))
    return rows


def at_score(row: Row, least_score: float) -> set[str]:
    """The variables that a row would have with that least score."""
    return set(row.found.variables) if (row.found.score or 0.0) >= least_score else set()


def figures(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Precision and recall of (row, variable) pairs, and the share of rows that are right, by least score."""
    found = {}
    for score in LEAST_SCORES:
        right = told = wanted = whole = 0
        for row in rows:
            expected, given = row.expected, at_score(row, score)
            right += len(expected & given)
            told += len(given)
            wanted += len(expected)
            whole += expected == given
        precision, recall = right / max(told, 1), right / max(wanted, 1)
        found[f"{score:g}"] = {
            "precision": precision,
            "recall": recall,
            "F1": 2 * precision * recall / max(precision + recall, 1e-9),
            "rows with exactly the right variables": whole / max(len(rows), 1),
        }
    return found


def misses(opened: OpenRelease, rows: list[Row], least_score: float) -> list[dict[str, Any]]:
    """The rows that are not wholly right, with concepts and paths of both sides."""
    wrong = [row for row in rows if row.expected != at_score(row, least_score)]
    ids = [id for row in wrong for unit in (*row.gold, row.found) for id in unit.concepts]
    names = names_of(opened.store, ids)
    told = []
    for row in wrong:
        best = max(row.gold, key=lambda unit: len(set(unit.variables) & set(row.found.variables)))
        declined = (row.found.score or 0.0) < least_score
        told.append(
            {
                "document": row.mention.document,
                "mention": row.mention.span,
                "gold": "; ".join(f"{id} |{names[id]}|" for id in best.concepts),
                "gold_variables": " ".join(best.variables),
                "gold_path": best.path,
                "found": "; ".join(f"{id} |{names[id]}|" for id in row.found.concepts),
                "found_variables": " ".join(row.found.variables),
                "found_path": row.found.path,
                "score": row.found.score,
                "status": Status.DECLINED.value if declined else row.found.status.value,
                "reason": Reason.LOW_SCORE.value if declined else row.found.reason.value,
                "detail": row.found.detail,
            }
        )
    return told


def show(
    rows: list[Row], found: dict[str, dict[str, float]], wrong: list[dict[str, Any]], least: float
) -> None:
    """Print the figures and the first misses."""
    console = Console(highlight=False)
    table = Table("least score", *next(iter(found.values())), title=f"{len(rows):,} mentions")
    for score, some in found.items():
        table.add_row(score, *(f"{value:.3f}" for value in some.values()))
    console.print(table)
    reasons = Counter((one["status"], one["reason"]) for one in wrong)
    console.print(f"{len(wrong)} rows are not wholly right at {least:g}:", dict(reasons.most_common()))
    for one in wrong[:25]:
        print(f"  {one['mention']!r}: {one['status']}, score {one['score'] or 0:.2f}")
        print(f"    gold  {one['gold']} → {one['gold_variables'] or '–'}   {one['gold_path']}")
        print(
            f"    found {one['found'] or one['detail']} → {one['found_variables'] or '–'}   {one['found_path']}"
        )


def main() -> None:
    """Measure, print and, where asked, write figures and misses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of open data")
    parser.add_argument("--variables", type=Path, default=VARIABLES)
    parser.add_argument("--home", type=Path, help="an ENLACE_HOME with HPO, indexed without mentions")
    parser.add_argument("--release", default="hpo-2024-04")
    parser.add_argument("--min-score", type=float, default=0.1)
    parser.add_argument("--misses", type=Path, help="a CSV file for the misses")
    parser.add_argument("--json", type=Path, help="a folder to write the figures into")
    options = parser.parse_args()
    quieten_model_libraries()
    of_terms = next(one for one in SETS if one.name == "distemist-hpo-terms")
    gold = [mention for mention in of_terms.gold(options.data) if mention.codes and not mention.composite]
    with tempfile.TemporaryDirectory() as folder, progress() as tell:
        home, name = ReleaseHome(options.home or Path(folder)), options.release
        if not options.home:
            name = of_terms.release
            indexed(home, options.data, of_terms, [], (SHIPPED, SHIPPED), tell)
        with home.open(name) as opened:
            rows = harmonized(opened, options.variables, gold, 0.0)
            wrong = misses(opened, rows, options.min_score)
    found = figures(rows)
    show(rows, found, wrong, options.min_score)
    if options.misses:
        with options.misses.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(wrong[0]) if wrong else [])
            writer.writeheader()
            writer.writerows(wrong)
    if options.json:
        options.json.mkdir(parents=True, exist_ok=True)
        said = {
            "mentions": len(rows),
            "assigned": sum(bool(row.expected) for row in rows),
            "by least score": found,
        }
        (options.json / "harmonize-distemist.json").write_text(json.dumps(said, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
