"""Compiles the hierarchy of records that wait in a spool, by columns, before any store is built of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.hierarchy import Hierarchy
from graph.spool import Spool


def compile_hierarchy(spool: Spool, release: str) -> Hierarchy:
    """The hierarchy of a sealed spool: its active concepts and their is-a relations, each pair once.

    The same as `Hierarchy.compile` makes of a store's scans. Raises HierarchyCycle.
    """
    active = _active_ids(spool)
    children, parents = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    dangling = 0
    for rows in spool.read("is_a"):
        # A part has all rows of its children, in order, so that equal pairs are neighbours.
        child, parent = rows["child"].combine_chunks(), rows["parent"].combine_chunks()
        first = np.ones(len(child), np.bool_)
        first[1:] = ~(_equals_former(child) & _equals_former(parent))
        of_child, of_parent = _ordinals(child, active)[first], _ordinals(parent, active)[first]
        known = (of_child >= 0) & (of_parent >= 0)
        dangling += int((~known).sum())
        children.append(of_child[known])
        parents.append(of_parent[known])
    return Hierarchy.of_ordinals(
        np.array([id.encode() for id in active.to_pylist()], np.bytes_),
        np.concatenate(children),
        np.concatenate(parents),
        dangling=dangling,
        release=release,
    )


def _active_ids(spool: Spool) -> pa.Array:
    """The ids of the active concepts, sorted."""
    found = [rows.filter(pc.and_(rows["declared"], rows["active"]))["id"] for rows in spool.read("concepts")]
    return pa.chunked_array([chunk for ids in found for chunk in ids.chunks], pa.string()).combine_chunks()


def _ordinals(ids: pa.Array, among: pa.Array) -> NDArray[np.int64]:
    """The place of each id, -1 where it is not there."""
    places: NDArray[np.int64] = pc.index_in(ids, value_set=among).fill_null(-1).to_numpy().astype(np.int64)
    return places


def _equals_former(column: pa.Array) -> NDArray[np.bool_]:
    equals: NDArray[np.bool_] = pc.equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    return equals
