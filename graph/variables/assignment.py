"""Which variables a concept is assigned to: of those that hold it, the most specific ones.

The tops of a variable are the concepts of its set that have no ancestor in it. For a concept that two
variables hold, one is the more specific if each of its tops above the concept is, or is below, a top of the
other, and not the other way round: *diabetic foot* goes before *diabetes*. Where that tells no difference, the
smaller set of two goes before the one that contains it, and of equal ones the declared part before its whole.
What is left over are different variables, and the concept is assigned to all of them.

These rules are a strict partial order for every concept, so a concept that any variable holds is assigned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from graph.ecl.hierarchy_sets import related
from graph.ecl.syntax import Constraint
from graph.ecl.universe import Mask, Universe
from graph.hierarchy import Hierarchy

_Numbers = NDArray[np.int64]


class Assignment:
    """The variables of every concept. Immutable; safe to share between threads.

    `combinations[k]` are the places of variables that concepts of combination k are assigned to, ascending;
    the first is empty. `of_number[n]` is the combination of the concept with number n, shape
    (universe.concepts,).
    """

    def __init__(
        self, universe: Universe, hierarchy: Hierarchy, masks: Sequence[Mask], parents: Sequence[int]
    ) -> None:
        """`masks` has the concepts of each variable, `parents` the place of each one's parent or -1."""
        self.sets = [np.flatnonzero(mask[: universe.concepts]) for mask in masks]
        self.tops = [_tops(hierarchy, mask, universe.active) for mask in masks]
        #: The pairs of variables that share concepts, the lesser place first, and how many they share.
        self.meeting = _meeting(self.sets, universe.concepts)
        kept = _most_specific(universe, hierarchy, self, parents)
        self.combinations, self.of_number = _combined(self.sets, kept, universe.concepts)

    def variables_of(self, number: int) -> tuple[int, ...]:
        """The places of the variables that a concept is assigned to; none for a number of -1."""
        return self.combinations[self.of_number[number]] if number >= 0 else ()


def _tops(hierarchy: Hierarchy, mask: Mask, active: int) -> _Numbers:
    return np.flatnonzero(related(hierarchy, Constraint.TOP, mask)[:active])


def _most_specific(
    universe: Universe, hierarchy: Hierarchy, assignment: Assignment, parents: Sequence[int]
) -> list[Mask]:
    """Of each variable's set, the concepts that no more specific variable holds; shapes (len(set),)."""
    sets, tops = assignment.sets, assignment.tops
    kept = [np.ones(len(held), np.bool_) for held in sets]
    below = dict[int, Mask]()

    def under(place: int) -> Mask:
        if place not in below:
            below[place] = _under(hierarchy, tops[place], universe.concepts)
        return below[place]

    def drop(place: int, numbers: _Numbers) -> None:
        kept[place][np.searchsorted(sets[place], numbers)] = False

    for one, other, shared in assignment.meeting:
        sizes = len(sets[one]), len(sets[other])
        if shared == sizes[0] == sizes[1]:
            if _within(parents, one, other):
                drop(other, sets[other])
            elif _within(parents, other, one):
                drop(one, sets[one])
        elif shared in sizes:
            # Tops of a smaller set are in the larger one, hence below tops of it.
            less, more = (one, other) if shared == sizes[0] else (other, one)
            drop(more, sets[less])
        else:
            both = np.intersect1d(sets[one], sets[other], assume_unique=True)
            # Tops that are below no top of the other make what is below them no more specific.
            loose = _under(hierarchy, tops[one][~under(other)[tops[one]]], universe.concepts)[both]
            loose_other = _under(hierarchy, tops[other][~under(one)[tops[other]]], universe.concepts)[both]
            drop(other, both[~loose & loose_other])
            drop(one, both[loose & ~loose_other])
    return kept


def _meeting(sets: Sequence[_Numbers], concepts: int) -> list[tuple[int, int, int]]:
    """The pairs of variables that share concepts, and how many they share."""
    lengths = [len(held) for held in sets]
    held = np.concatenate(sets) if sets else np.zeros(0, np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    matrix = csr_array((np.ones(len(held), np.int64), held, offsets), shape=(len(sets), max(concepts, 1)))
    shared = (matrix @ matrix.T).tocoo()
    found = zip(shared.row.tolist(), shared.col.tolist(), shared.data.tolist(), strict=True)
    return sorted((one, other, count) for one, other, count in found if one < other)


def _under(hierarchy: Hierarchy, ordinals: _Numbers, concepts: int) -> Mask:
    """These and all below them; shape (concepts,)."""
    mask = np.zeros(concepts, np.bool_)
    mask[ordinals] = True
    return related(hierarchy, Constraint.DESCENDANT_OR_SELF_OF, mask)


def _within(parents: Sequence[int], part: int, whole: int) -> bool:
    above = parents[part]
    while above >= 0 and above != whole:
        above = parents[above]
    return above == whole


def _combined(
    sets: Sequence[_Numbers], kept: Sequence[Mask], concepts: int
) -> tuple[list[tuple[int, ...]], NDArray[np.int32]]:
    """The distinct combinations of variables, and that of each concept."""
    combinations: list[tuple[int, ...]] = [(), *((place,) for place in range(len(sets)))]
    of_number = np.zeros(concepts, np.int32)
    several = dict[int, list[int]]()
    for place, (held, stays) in enumerate(zip(sets, kept, strict=True)):
        mine = held[stays]
        taken = mine[of_number[mine] > 0]
        of_number[mine[of_number[mine] == 0]] = place + 1
        for number in taken.tolist():
            several.setdefault(number, [int(of_number[number]) - 1]).append(place)
    known = dict[tuple[int, ...], int]()
    for number, places in several.items():
        key = tuple(places)
        if key not in known:
            known[key] = len(combinations)
            combinations.append(key)
        of_number[number] = known[key]
    return combinations, of_number
