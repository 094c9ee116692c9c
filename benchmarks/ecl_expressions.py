"""Varied expressions over any SNOMED CT release, seeded: ten of each of twenty kinds, of what is in the release."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import numpy as np

from graph.ecl.content import Content
from graph.ecl.well_known import PREFIX

EACH = 10


def varied_expressions(content: Content, seed: int, each: int = EACH) -> Iterator[str]:
    """`each` expressions of each kind, as text."""
    make = _Making(content, seed)
    for kind in make.kinds:
        for _ in range(each):
            yield kind()


class _Making:
    """Chooses concepts by how much is below them, and attributes by the rows that there are."""

    def __init__(self, content: Content, seed: int) -> None:
        self._rng = random.Random(seed)
        self._content = content
        self._table = content.tables.attributes
        self._below = np.diff(content.hierarchy.descendant_rows.offsets)
        table = self._table
        self._rows = np.flatnonzero((table.targets >= 0) & (table.types != table.is_a))
        self._concrete = np.flatnonzero(table.targets < 0)
        refsets, sizes = content.tables.refset_rows.refsets, np.diff(content.tables.refset_rows.runs.offsets)
        self._refsets = refsets[sizes > 0].tolist()
        words: list[str] = content.tables.descriptions.words.to_pylist()
        self._words = [word for word in words if len(word) > 5 and word.isalpha()]

    @property
    def kinds(self) -> tuple[Callable[[], str], ...]:
        return (
            lambda: f"<< {self.large()}",
            lambda: f"{self._rng.choice(['<', '<!', '<<!'])} {self.middle()}",
            lambda: f"{self._rng.choice(['>', '>>', '>!', '>>!'])} {self.small()}",
            lambda: f"<< {self.large()} AND << {self.middle()}",
            lambda: f"<< {self.middle()} OR << {self.middle()} OR << {self.small()}",
            lambda: f"<< {self.large()} MINUS (<< {self.middle()} OR << {self.middle()})",
            lambda: f"{self._rng.choice(['!!>', '!!<'])} (<< {self.middle()} OR << {self.large()})",
            self.refined,
            self.refined_twice,
            lambda: self.of_any("{type} = << {above}"),
            lambda: self.of_any("{{ {type} = << {above}, * = {target} }}"),
            self.with_cardinality,
            lambda: self.of_any("R {type} = << {source}"),
            self.dotted,
            lambda: self.of_any("{type} = (<< {above} : * = *)"),
            self.concrete,
            self.members,
            lambda: f"<< {self.middle()} {{{{ + HISTORY-{self._rng.choice(['MIN', 'MOD', 'MAX'])} }}}}",
            self.by_concept_filter,
            self.by_term,
        )

    def id_of(self, number: int) -> str:
        return self._content.universe.id_of(number).removeprefix(f"{PREFIX}:")

    def concept(self, least: int, most: int) -> str:
        """A concept with so many below it; in a small release, one of those with most below them."""
        among = np.flatnonzero((self._below >= least) & (self._below <= most))
        if not len(among):
            among = np.argsort(self._below)[-10:]
        return self.id_of(int(self._rng.choice(among.tolist())))

    def large(self) -> str:
        return self.concept(5_000, 150_000)

    def middle(self) -> str:
        return self.concept(100, 5_000)

    def small(self) -> str:
        return self.concept(0, 100)

    def row(self) -> dict[str, str]:
        """A row of an attribute, and a concept above each of its ends."""
        row = int(self._rng.choice(self._rows.tolist()[:: max(1, len(self._rows) // 5000)]))
        source, target = int(self._table.sources[row]), int(self._table.targets[row])
        return {
            "source": self.id_of(source),
            "target": self.id_of(target),
            "type": self.id_of(int(self._table.type_numbers[self._table.types[row]])),
            "above_source": self.above(source),
            "above": self.above(target),
        }

    def above(self, number: int) -> str:
        ancestors = self._content.hierarchy.ancestors_or_self_of_ordinal(number)
        some = ancestors[self._below[ancestors] < 50_000].tolist() or [number]
        return self.id_of(int(self._rng.choice(some)))

    def of_any(self, template: str) -> str:
        focus = self._rng.choice(["*", f"<< {self.large()}"])
        return f"{focus} : " + template.format(**self.row())

    def refined(self) -> str:
        return "<< {above_source} : {type} = << {above}".format(**self.row())

    def refined_twice(self) -> str:
        first, second = self.row(), self.row()
        joined = self._rng.choice([",", " OR"])
        return (
            f"<< {self.large()} : {first['type']} = << {first['above']}{joined} "
            f"{second['type']} != << {second['above']}"
        )

    def with_cardinality(self) -> str:
        row = self.row()
        return self._rng.choice(
            [
                f"<< {self.large()} : [0..0] {row['type']} = *",
                f"* : [2..*] {row['type']} = *",
                f"<< {row['above_source']} : [1..2] {{ {row['type']} = << {row['above']} }}",
                f"<< {row['above_source']} : {{ [0..0] {row['type']} = {row['target']}, * = * }}",
            ]
        )

    def dotted(self) -> str:
        row = self.row()
        return f"<< {row['above_source']} . {row['type']}"

    def concrete(self) -> str:
        if not len(self._concrete):
            return self.refined()
        row = int(self._rng.choice(self._concrete.tolist()))
        written = self._table.values[-1 - int(self._table.targets[row])]
        type_ = self.id_of(int(self._table.type_numbers[self._table.types[row]]))
        sign = self._rng.choice(["=", "!=", "<", ">="]) if written.startswith("#") else "="
        if written.startswith('"'):
            # A release writes quotes within a text as they are, an expression with a backslash.
            written = '"' + written[1:-1].replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"* : {type_} {sign} {written}"

    def members(self) -> str:
        if not self._refsets:
            return "^ *"
        return f"^ {self.id_of(self._rng.choice(self._refsets))} AND << {self.large()}"

    def by_concept_filter(self) -> str:
        return f"<< {self.large()} {{{{ C " + self._rng.choice(
            [
                "definitionStatus = defined }}",
                'effectiveTime >= "20200101" }}',
                'effectiveTime < "20200101", definitionStatus = primitive }}',
            ]
        )

    def by_term(self) -> str:
        one, two = self._rng.choice(self._words), self._rng.choice(self._words)
        return f"<< {self.large()} {{{{ D " + self._rng.choice(
            [
                f'term = "{one[:4]}" }}}}',
                f'term = ("{one[:5]}" "{two[:5]}"), language = es }}}}',
                f'term = wild:"*{one[-5:]}" }}}}',
                f'term = "{one[:3]} {two[:3]}", type = syn, dialect = es-es (prefer) }}}}',
                f'term != "{one[:3]}", type = fsn }}}}',
            ]
        )
