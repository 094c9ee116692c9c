"""Successions and mappings of many ids: of a few by the store's look-ups, of many from columns read once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graph.model import CURIE, Mapping, Succession, SuccessionKind
from graph.store import GraphStore, scan_batches

#: Ids that are looked up one by one before all records of the kind are read: a look-up costs as much as some
#: hundreds of records read as columns.
FEW = 500

_KINDS = {kind: place for place, kind in enumerate(SuccessionKind)}


class Lookups:
    """Asks a store for what harmonising needs. For one thread. Methods raise StoreUnavailable."""

    def __init__(self, store: GraphStore, *, few: int = FEW) -> None:
        self._store, self._few = store, few
        self._asked = {Succession: 0, Mapping: 0}
        self._columns: dict[type, dict[str, Any]] = {}

    def successors(self, ids: Sequence[CURIE]) -> list[tuple[Succession, ...]]:
        """As `GraphStore.successors`."""
        if not self._are_many(Succession, len(ids)):
            return self._store.successors(ids)
        found: dict[CURIE, list[Succession]] = {id: [] for id in ids}
        for retired, successor, kind, row in self._rows(
            Succession, "retired", ("retired", "successor", "kind", "id"), ids
        ):
            found[retired].append(Succession(retired, successor, SuccessionKind(kind), row))
        for some in found.values():
            some.sort(key=lambda one: (_KINDS[one.kind], one.successor, one.id))
        return [tuple(found[id]) for id in ids]

    def mapped_from(self, targets: Sequence[CURIE]) -> list[tuple[Mapping, ...]]:
        """As `GraphStore.mapped_from`, of each mapping the concept, the target and the kind alone, by these."""
        if not self._are_many(Mapping, len(targets)):
            rows = (one for some in self._store.mapped_from(targets) for one in some)
            pairs: list[tuple[str, ...]] = [(one.concept, one.target, one.kind) for one in rows]
        else:
            pairs = self._rows(Mapping, "target", ("concept", "target", "kind"), targets)
        found: dict[CURIE, set[tuple[str, str]]] = {target: set() for target in targets}
        for concept, target, kind in pairs:
            found[target].add((concept, kind))
        return [
            tuple(Mapping(concept, target, kind) for concept, kind in sorted(found[target]))
            for target in targets
        ]

    def _are_many(self, kind: type[Succession] | type[Mapping], more: int) -> bool:
        self._asked[kind] += more
        return self._asked[kind] > self._few

    def _rows(
        self, kind: type[Succession] | type[Mapping], key: str, names: Sequence[str], ids: Sequence[CURIE]
    ) -> list[tuple[str, ...]]:
        """The records of a kind whose `key` is one of the ids, as tuples of the named columns, in no order."""
        if kind not in self._columns:
            batches = [batch.columns for batch in scan_batches(self._store, kind, names)]
            self._columns[kind] = {
                name: pa.chunked_array([batch[name].cast(pa.string()) for batch in batches], pa.string())
                for name in names
            }
        columns = self._columns[kind]
        met = pc.is_in(columns[key], value_set=pa.array(ids, pa.string()))
        return list(zip(*(pc.filter(columns[name], met).to_pylist() for name in names), strict=True))
