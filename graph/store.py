"""The port that every graph store keeps.

Methods take many ids and answer in the same order, one item an id, so that a caller with a page of
concepts makes one call. What an unknown id gets is written at each method; none raises for it.
Text is ordered by its code points, as Python does; every order told here is total but for equal records.
Parents, children, ancestors and descendants are not here: `graph.hierarchy.Hierarchy` answers them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import unquote

from graph.batches import RecordBatch, RecordOrBatch, batch_of
from graph.hierarchy import Hierarchy
from graph.model import CURIE, Concept, Mapping, Membership, Record, Relation, Succession, Term

if TYPE_CHECKING:
    from graph.neo4j_address import Neo4jAddress

_ROWS_A_BATCH = 65_536


class GraphStore(Protocol):
    """A release's records, read-only. Safe to call from several threads."""

    def concepts(self, ids: Sequence[CURIE]) -> list[Concept | None]:
        """The concept of each id; None where there is none."""
        ...

    def terms(self, ids: Sequence[CURIE]) -> list[tuple[Term, ...]]:
        """All terms of each id: FSN, preferred, synonyms, definitions, by language and text; else empty.

        Terms alike in these come by scope, id and acceptability.
        """
        ...

    def relations(self, ids: Sequence[CURIE]) -> list[tuple[Relation, ...]]:
        """The outgoing relations of each id other than is-a, by group, type, target and id."""
        ...

    def mappings(self, ids: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The codes that each id maps to, by group, priority, kind, target, rule, advice and id."""
        ...

    def mapped_from(self, targets: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """The mappings that lead to each code of another system, by concept, then as `mappings` orders."""
        ...

    def successors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """What stands for each retired id: by kind as `SuccessionKind` lists them, successor and id."""
        ...

    def predecessors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """The retired ids that each id stands for: by kind as `SuccessionKind` lists them, retired and id."""
        ...

    def memberships(self, ids: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """The refsets that hold each id, by refset and id of the row."""
        ...

    def members(self, refsets: Sequence[CURIE]) -> list[tuple[Membership, ...]]:
        """What each refset holds, by member and id of the row."""
        ...

    def scan_concepts(self) -> Iterator[Concept]:
        """Every concept that the release declares, active and retired, ordered by id."""
        ...

    def scan_terms(self) -> Iterator[Term]:
        """Every term, ordered by concept id, then as `terms` orders them."""
        ...

    def scan_mappings(self) -> Iterator[Mapping]:
        """Every mapping, ordered by concept id, then as `mappings` orders them."""
        ...

    def scan_is_a(self) -> Iterator[tuple[CURIE, CURIE]]:
        """Every is-a relation as (child, parent), ordered, each pair once."""
        ...

    def scan_relations(self) -> Iterator[Relation]:
        """Every relation, those of type `IS_A` too, ordered by source, then as `relations` orders them."""
        ...

    def scan_successions(self) -> Iterator[Succession]:
        """Every succession, ordered by the retired id, then as `successors` orders them."""
        ...

    def scan_memberships(self) -> Iterator[Membership]:
        """Every membership, ordered by member, then as `memberships` orders them."""
        ...

    def close(self) -> None:
        """Let go of files and connections. Calling it twice does no harm."""
        ...


@runtime_checkable
class ColumnarStore(Protocol):
    """A store that reads records as columns faster than one by one."""

    def scan_batches(self, kind: type[Record], columns: Sequence[str] | None = None) -> Iterator[RecordBatch]:
        """Every record of a kind, relations of type `IS_A` too, in no order. Of `columns` where some are named."""
        ...


def scan_batches(
    store: GraphStore, kind: type[Record], columns: Sequence[str] | None = None
) -> Iterator[RecordBatch]:
    """Every record of a kind as columns, in no order: read so where `store` can, else gathered.

    Where `columns` are named, which are all that have no default at least, the others may hold their defaults.
    """
    if isinstance(store, ColumnarStore):
        yield from store.scan_batches(kind, columns)
        return
    scans: dict[type[Record], Callable[[], Iterator[Record]]] = {
        Concept: store.scan_concepts,
        Term: store.scan_terms,
        Relation: store.scan_relations,
        Mapping: store.scan_mappings,
        Succession: store.scan_successions,
        Membership: store.scan_memberships,
    }
    records = scans[kind]()
    while some := list(islice(records, _ROWS_A_BATCH)):
        yield batch_of(some)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a finished build holds; `counts` are of distinct records, named as in `Release.counts`."""

    counts: MappingType[str, int]
    languages: tuple[str, ...]
    """Of the terms, sorted."""


class GraphBuilder(Protocol):
    """Writes one release. Nothing it writes is visible to a `GraphStore` before `finish` returns."""

    def add(self, records: Iterable[RecordOrBatch]) -> None:
        """Take records, singly or as batches, in any order and any number of calls.

        A repeated record is kept once; records that differ in anything are two, but for concepts, of which
        the one with the greatest effective time counts, and among those the last.
        """
        ...

    def compile(self, release: str) -> Hierarchy:
        """Compile the hierarchy of what was added; after the last `add` and before `finish`.

        `release` is for error messages. Raises `HierarchyCycle`.
        """
        ...

    def finish(self) -> Contents:
        """Make the release whole and visible, and tell what is in it."""
        ...

    def abandon(self) -> None:
        """Leave no trace of what was added."""
        ...


def open_store(address: str | Path) -> GraphStore:
    """Open a store read-only: a path, `ladybug:///path`, or `neo4j://host:7687/database#key`.

    Raises `StoreUnavailable` where there is none or its kind is not supported, `ReleaseDamaged` where
    what is there is not a store that this version reads. Neo4j's driver is loaded only for its addresses.
    """
    path = address
    if isinstance(address, str) and "://" in address:
        scheme, _, rest = address.partition("://")
        if scheme != "ladybug":
            from graph.neo4j_address import Neo4jAddress

            return open_neo4j(Neo4jAddress.parse(address))
        path = unquote(rest)
    from graph.ladybug_store import LadybugStore

    return LadybugStore.open(Path(path))


def open_neo4j(address: Neo4jAddress) -> GraphStore:
    """Open a graph at a Neo4j server read-only. Raises as `open_store`."""
    from graph.neo4j_store import Neo4jStore

    return Neo4jStore.open(address)
