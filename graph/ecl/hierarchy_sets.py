"""The operators on the hierarchy, for sets of any size.

A small set's rows of the closure are gathered. For a large one that would be most of the closure, millions
of pairs, so its neighbours are walked to instead, a level at a time, each concept once.
"""

from __future__ import annotations

import numpy as np

from graph.closure import Rows
from graph.ecl.syntax import Constraint
from graph.ecl.universe import Mask
from graph.hierarchy import Hierarchy

#: Pairs of the closure above which walking costs less than gathering.
_GATHERED = 300_000


def related(hierarchy: Hierarchy, constraint: Constraint, mask: Mask) -> Mask:
    """The set that an operator makes of a set. What is not in the hierarchy is related to itself alone."""
    match constraint:
        case Constraint.DESCENDANT_OF:
            return _reached(hierarchy.descendant_rows, hierarchy.child_rows, mask)
        case Constraint.DESCENDANT_OR_SELF_OF:
            return _reached(hierarchy.descendant_rows, hierarchy.child_rows, mask) | mask
        case Constraint.ANCESTOR_OF:
            return _reached(hierarchy.ancestor_rows, hierarchy.parent_rows, mask)
        case Constraint.ANCESTOR_OR_SELF_OF:
            return _reached(hierarchy.ancestor_rows, hierarchy.parent_rows, mask) | mask
        case Constraint.CHILD_OF:
            return _neighbours(hierarchy.child_rows, mask)
        case Constraint.CHILD_OR_SELF_OF:
            return _neighbours(hierarchy.child_rows, mask) | mask
        case Constraint.PARENT_OF:
            return _neighbours(hierarchy.parent_rows, mask)
        case Constraint.PARENT_OR_SELF_OF:
            return _neighbours(hierarchy.parent_rows, mask) | mask
        case Constraint.TOP:
            return mask & ~_reached(hierarchy.descendant_rows, hierarchy.child_rows, mask)
        case Constraint.BOTTOM:
            return mask & ~_reached(hierarchy.ancestor_rows, hierarchy.parent_rows, mask)


def _neighbours(rows: Rows, mask: Mask) -> Mask:
    made = np.zeros_like(mask)
    made[rows.gather(np.flatnonzero(mask[: len(rows)]))[0]] = True
    return made


def _reached(closure: Rows, steps: Rows, mask: Mask) -> Mask:
    """All that is reached from a set by one or more of `steps`, whose closure is `closure`."""
    made = np.zeros_like(mask)
    frontier = np.flatnonzero(mask[: len(steps)])
    if int((closure.offsets[frontier + 1] - closure.offsets[frontier]).sum()) <= _GATHERED:
        made[closure.gather(frontier)[0]] = True
        return made
    while frontier.size:
        reached = np.zeros_like(mask)
        reached[steps.gather(frontier)[0]] = True
        reached &= ~made
        made |= reached
        frontier = np.flatnonzero(reached[: len(steps)])
    return made
