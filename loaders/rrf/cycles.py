"""Which is-a relations to leave out so that nothing is its own ancestor.

The sources of the UMLS disagree about what is broader than what, and a few disagree with themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_FAR = np.iinfo(np.int64).max


def without_cycles(
    children: NDArray[np.integer], parents: NDArray[np.integer], priorities: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Which of the relations `children[i]` is-a `parents[i]` to keep; shapes (n,), every pair once, no self loops.

    Only relations on a cycle are left out. Relations of greater `priorities[i]` give way to those of lesser
    ones: each priority is added to what is kept of those before it. While there is a cycle then, the
    concepts of which each leads to each (a strongly connected component) are looked at: of those that
    have parents among them by relations of this priority, the one nearest to a root loses these. Nearest
    is the fewest steps from a concept without parents, in all relations given; among equals the
    one that loses the fewest, then the least by its number.
    """
    keep = np.ones(len(children), np.bool_)
    _, ends = np.unique(np.concatenate((children, parents)), return_inverse=True)
    child, parent = ends[: len(children)], ends[len(children) :]
    nodes = int(ends.max()) + 1 if len(ends) else 0
    cyclic = _on_cycles(child, parent, nodes)
    if not len(cyclic):
        return keep
    depths = _depths(child, parent, nodes)
    priority = np.asarray(priorities)[cyclic]
    for level in np.unique(priority):
        some = cyclic[(priority <= level) & keep[cyclic]]
        while len(some := some[_on_cycles(child[some], parent[some], nodes)]):
            component = _components(child[some], parent[some], nodes)[child[some]]
            loose = np.flatnonzero(np.asarray(priorities)[some] == level)
            losers = _losers(child[some][loose], component[loose], depths)
            keep[some[loose[losers]]] = False
            some = some[keep[some]]
    return keep


def _components(child: NDArray[np.int64], parent: NDArray[np.int64], nodes: int) -> NDArray[np.int32]:
    """The strongly connected component of each node."""
    used, ends = np.unique(np.concatenate((child, parent)), return_inverse=True)
    edges = coo_array(
        (np.ones(len(child), np.int8), (ends[: len(child)], ends[len(child) :])), (len(used), len(used))
    )
    components = np.full(nodes, -1, np.int32)
    components[used] = connected_components(edges, directed=True, connection="strong")[1]
    return components


def _on_cycles(child: NDArray[np.int64], parent: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """The places of the relations both of whose ends are in one component."""
    if not len(child):
        return np.zeros(0, np.int64)
    components = _components(child, parent, nodes)
    return np.flatnonzero(components[child] == components[parent])


def _losers(
    child: NDArray[np.int64], component: NDArray[np.int32], depths: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The relations that go: in each component all those of one concept."""
    counts = np.bincount(child)
    order = np.lexsort((child, counts[child], depths[child], component))
    first = np.concatenate(([True], component[order][1:] != component[order][:-1]))
    chosen = np.zeros(len(counts), np.bool_)
    chosen[child[order[first]]] = True
    return chosen[child]


def _depths(child: NDArray[np.int64], parent: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """The fewest steps from a node without parents down to each; very many where there is no way."""
    order = np.argsort(parent, kind="stable")
    below = child[order]
    starts = np.searchsorted(parent[order], np.arange(nodes + 1))
    depths = np.full(nodes, _FAR)
    frontier = np.flatnonzero(np.bincount(child, minlength=nodes) == 0)
    depth = 0
    while len(frontier):
        depths[frontier] = depth
        counts = starts[frontier + 1] - starts[frontier]
        ends = np.cumsum(counts)
        reached = below[np.repeat(starts[frontier] - (ends - counts), counts) + np.arange(ends[-1])]
        frontier = np.unique(reached[depths[reached] == _FAR])
        depth += 1
    return depths
