"""Small graphs for tests of variables, drawn at random or written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from graph.ecl.universe import Universe
from graph.hierarchy import Hierarchy
from graph.importing import import_release
from graph.model import CURIE, IS_A, Concept, Record, Relation, Succession, SuccessionKind, Term, TermKind
from graph.release import OpenRelease, ReleaseHome
from graph.sorted_ids import SortedIds


@dataclass(frozen=True)
class Drawn:
    """A hierarchy of X:01, X:02 … and, after them, retired concepts."""

    hierarchy: Hierarchy
    universe: Universe
    above: dict[int, set[int]]
    """The ancestors of each concept and itself, by walking."""


@st.composite
def graphs(draw: st.DrawFn, most: int = 12) -> Drawn:
    size = draw(st.integers(1, most))
    parents = {at: draw(st.sets(st.integers(0, at - 1), max_size=3)) if at else set() for at in range(size)}
    ids = [f"X:{at:02}" for at in range(size)]
    pairs = [(ids[child], ids[parent]) for child, some in parents.items() for parent in some]
    hierarchy = Hierarchy.compile(ids, pairs, release="drawn")
    above: dict[int, set[int]] = {}
    for at in range(size):
        above[at] = {at}.union(*(above[parent] for parent in parents[at]))
    retired = SortedIds.of([f"X:R{at}" for at in range(draw(st.integers(0, 2)))])
    return Drawn(hierarchy, Universe(hierarchy.ids, retired, SortedIds.of([])), above)


def called(id: CURIE, name: str) -> list[Record]:
    return [Concept(id), Term(id, name, "es", TermKind.PREFERRED)]


#: Diseases: a diabetes with two kinds, one of which has a complication that is an eye disease too.
BEFORE: list[Record] = [
    *called("X:01", "enfermedad"),
    *called("X:02", "diabetes"),
    *called("X:03", "diabetes tipo 1"),
    *called("X:04", "diabetes tipo 2"),
    *called("X:05", "enfermedad del ojo"),
    *called("X:06", "retinopatía diabética"),
    *called("X:07", "catarata"),
    Relation("X:02", IS_A, "X:01"),
    Relation("X:03", IS_A, "X:02"),
    Relation("X:04", IS_A, "X:02"),
    Relation("X:05", IS_A, "X:01"),
    Relation("X:06", IS_A, "X:02"),
    Relation("X:06", IS_A, "X:05"),
    Relation("X:07", IS_A, "X:05"),
    Concept("X:90", active=False),
    Term("X:90", "diabetes juvenil", "es", TermKind.PREFERRED),
    Succession("X:90", "X:03", SuccessionKind.SAME_AS),
    Succession("X:90", "X:03", SuccessionKind.REPLACED_BY),
    Concept("X:91", active=False),
]
#: The next year: cataract is retired, a new kind of diabetes comes, and type 1 is moved out of diabetes.
AFTER: list[Record] = [
    *(
        record
        for record in BEFORE
        if record not in (Concept("X:07"), Relation("X:03", IS_A, "X:02"), Relation("X:07", IS_A, "X:05"))
    ),
    Concept("X:07", active=False),
    Succession("X:07", "X:08", SuccessionKind.REPLACED_BY),
    *called("X:08", "opacidad del cristalino"),
    *called("X:09", "diabetes gestacional"),
    Relation("X:08", IS_A, "X:05"),
    Relation("X:09", IS_A, "X:02"),
    Relation("X:03", IS_A, "X:01"),
]


def opened(folder: Path, name: str, records: list[Record]) -> OpenRelease:
    """A real release of some records, open."""
    home = ReleaseHome(folder)
    import_release(home, name, records, sources=())
    return home.open(name)
