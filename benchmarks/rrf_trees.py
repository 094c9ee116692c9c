"""The trees of a synthetic Metathesaurus: for each source, which of its concepts is whose parent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.rrf_atoms import TREES, Atoms, Kind, root_of

#: How many of SNOMED CT's concepts a second parent is drawn for; half of these come out as one they cannot have.
_SECOND_PARENTS = 0.95
#: The higher, the flatter; at this value a tree of 360,000 concepts is nine deep on average.
_FLATNESS = 1.4
_LOOSE_EVERY = 50_000


@dataclass(frozen=True, slots=True)
class Tree:
    """One source's tree; all numbers are those of concepts.

    `nodes` come parents first; `parents` are their first parents, the first node's being the concept that
    stands for the source. `second` are further (child, parent) pairs, shape (n, 2); `loose` are pairs that
    make cycles, or self loops.
    """

    kind: Kind
    source: str
    nodes: NDArray[np.int64]
    parents: NDArray[np.int64]
    second: NDArray[np.int64]
    loose: NDArray[np.int64]

    @property
    def relation(self) -> str:
        """What the source itself calls the relation to a parent; some have no name for it."""
        return "isa" if self.kind in (Kind.SNOMED, Kind.NCI, Kind.HPO) else ""

    def pairs(self) -> NDArray[np.int64]:
        """All (child, parent) pairs, those of `loose` too."""
        return np.concatenate((np.column_stack((self.nodes, self.parents)), self.second, self.loose))


def trees_of(atoms: Atoms, rng: np.random.Generator) -> list[Tree]:
    """Draw a tree for each source that has one and that has concepts here."""
    trees = []
    for kind, source in TREES.items():
        # Neighbours in the tree are not neighbours by CUI.
        nodes = rng.permutation(np.flatnonzero(atoms.kinds == kind))
        if not len(nodes):
            continue
        places = (np.arange(len(nodes)) * rng.random(len(nodes)) ** _FLATNESS).astype(np.int64)
        parents = np.concatenate(([root_of(kind)], nodes[places[1:]]))
        second = _second_parents(places, rng) if kind is Kind.SNOMED else np.empty((0, 2), np.int64)
        trees.append(Tree(kind, source, nodes, parents, nodes[second], nodes[_loose(places, rng)]))
    return trees


def _second_parents(places: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Pairs of a place and that of a sibling of its parent: a near relation, as second parents mostly are."""
    n = len(places)
    by_parent = np.argsort(places, kind="stable")
    starts = np.searchsorted(places[by_parent], np.arange(n + 1))
    children = np.flatnonzero(rng.random(n) < _SECOND_PARENTS)
    grandparents = places[places[children]]
    counts = starts[grandparents + 1] - starts[grandparents]
    chosen = by_parent[starts[grandparents] + (rng.random(len(children)) * counts).astype(np.int64)]
    # A parent's place is before its child's, so that nothing goes round.
    keep = (chosen < children) & (chosen != places[children])
    return np.column_stack((children[keep], chosen[keep]))


def _loose(places: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A few places that have themselves for a parent, or a descendant: a child, or a child's child."""
    some = (
        rng.integers(1, len(places), max(3, len(places) // _LOOSE_EVERY))
        if len(places) > 1
        else np.empty(0, np.int64)
    )
    loops = np.column_stack((some, some))
    pairs = np.column_stack((places[some], some))
    longer = np.column_stack((places[places[some]], some))
    return np.concatenate((loops, pairs, longer))
