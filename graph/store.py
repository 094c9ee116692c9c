"""The port that every graph store keeps.

Methods take many ids and answer in the same order, one item an id, so that a caller with a page of
concepts makes one call. What an unknown id gets is written at each method; none raises for it.
Parents, children, ancestors and descendants are not here: `graph.hierarchy.Hierarchy` answers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from graph.model import CURIE, Concept, Mapping, Record, Relation, Succession, Term


class GraphStore(Protocol):
    """A release's records, read-only. Safe to call from several threads."""

    def concepts(self, ids: Sequence[CURIE]) -> list[Concept | None]:
        """The concept of each id; None where there is none."""
        ...

    def terms(self, ids: Sequence[CURIE]) -> list[tuple[Term, ...]]:
        """All terms of each id: FSN, preferred, synonyms, definitions, by language; empty where there are none."""
        ...

    def relations(self, ids: Sequence[CURIE]) -> list[tuple[Relation, ...]]:
        """The outgoing relations of each id other than is-a, by group."""
        ...

    def mappings(self, ids: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The codes of other systems that each id maps to."""
        ...

    def mapped_from(self, targets: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The mappings that lead to each code of another system."""
        ...

    def successors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """What stands for each retired id."""
        ...

    def predecessors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """The retired ids that each id stands for."""
        ...

    def scan_concepts(self) -> Iterator[Concept]:
        """Every concept, active and retired, ordered by id."""
        ...

    def scan_terms(self) -> Iterator[Term]:
        """Every term, ordered by concept id."""
        ...

    def scan_mappings(self) -> Iterator[Mapping]:
        """Every mapping, ordered by concept id."""
        ...

    def scan_is_a(self) -> Iterator[tuple[CURIE, CURIE]]:
        """Every is-a relation as (child, parent), ordered."""
        ...

    def close(self) -> None:
        """Let go of files and connections. Calling it twice does no harm."""
        ...


class GraphBuilder(Protocol):
    """Writes one release. Nothing it writes is visible to a `GraphStore` before `finish` returns."""

    def add(self, records: Iterable[Record]) -> None:
        """Take records, in any order and any number of calls; a repeated record is kept once."""
        ...

    def finish(self) -> None:
        """Make the release whole and visible."""
        ...

    def abandon(self) -> None:
        """Leave no trace of what was added."""
        ...
