"""Abbreviations written out: `IRC terminal` is also read as `insuficiencia renal crónica terminal`.

The list, `abbreviations.tsv` beside this module, is data that a person can correct: abbreviation,
expansion, language of the expansion; a row a reading, the most usual first. An ambiguous abbreviation
keeps all its readings, and the candidates of each compete.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

LIST_FILE = Path(__file__).with_name("abbreviations.tsv")
MAXIMUM_READINGS = 6
"""Readings of one mention, itself included: each costs a search."""
SHORTEST_IN_LOWER_CASE = 3
"""Letters. `hta` is read as HTA; `ca` or `ic` in lower case may be the end or the beginning of anything."""

_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """Expansions by abbreviation as written; `in_lower_case` leads from lower case to the written forms."""

    expansions: Mapping[str, tuple[str, ...]]
    in_lower_case: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> Abbreviations:
        """From (abbreviation, expansion) rows, in order of use."""
        expansions: dict[str, list[str]] = defaultdict(list)
        for abbreviation, expansion in rows:
            if expansion not in expansions[abbreviation]:
                expansions[abbreviation].append(expansion)
        lower: dict[str, list[str]] = defaultdict(list)
        for abbreviation in expansions:
            lower[abbreviation.lower()].append(abbreviation)
        return cls({k: tuple(v) for k, v in expansions.items()}, {k: tuple(v) for k, v in lower.items()})

    @classmethod
    def open(cls, path: Path = LIST_FILE) -> Abbreviations:
        """Read a list; by default the one that comes with Enlace."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            return cls.of((row["abbreviation"], row["expansion"]) for row in rows)

    def readings(self, mention: str) -> tuple[str, ...]:
        """The mention, then its readings with abbreviations written out, at most MAXIMUM_READINGS in all."""
        pieces: list[tuple[str, ...]] = []
        end = 0
        for token in _TOKEN.finditer(mention):
            expansions = self._expansions(token.group())
            if expansions:
                pieces += [(mention[end : token.start()],), expansions]
                end = token.end()
                # The full stop of a truncation goes with it.
                if mention[end : end + 1] == ".":
                    end += 1
        if not pieces:
            return (mention,)
        written_out = ("".join(choice) for choice in product(*pieces, (mention[end:],)))
        return tuple(dict.fromkeys((mention, *islice(written_out, MAXIMUM_READINGS - 1))))

    def _expansions(self, token: str) -> tuple[str, ...]:
        if token in self.expansions:
            return self.expansions[token]
        if len(token) < SHORTEST_IN_LOWER_CASE or token not in self.in_lower_case:
            return ()
        return tuple(dict.fromkeys(e for form in self.in_lower_case[token] for e in self.expansions[form]))
