"""The concepts of a synthetic release and their is-a hierarchy over time, as NumPy arrays.

Shaped like the International edition: 19 top-level hierarchies of very unequal sizes below one root, levels
that swell and thin out, one to four parents that are mostly near each other, a tenth of the concepts retired.
A parent is always of a lower level than its child, so is-a has no cycle at any time; only concepts that never
have children are retired, so an active concept always has active parents only.

Times are numbers of versions, 0 to `VERSIONS` - 1; `NEVER` is after all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.rf2_metadata import FINDING, METADATA, NAMESPACE, TOP_LEVELS, metadata
from loaders.sctid import ComponentKind, make_many

VERSIONS = 6
NEVER = 255
#: What share of the components that come or go does so at each version.
BORN_SHARE = np.array([0.62, 0.14, 0.11, 0.08, 0.035, 0.015])
CHANGED_SHARE = np.array([0.0, 0.35, 0.3, 0.2, 0.1, 0.05])

INTERNATIONAL, SPANISH, EXTENSION = 0, 1, 2
PACKAGES = ("international", "spanish", "extension")

#: Item numbers far above those in use, so that no identifier is one of SNOMED CT's.
FIRST_ITEM = 70_000_000
MIN_CONCEPTS = 250


@dataclass(frozen=True, slots=True)
class Concepts:
    """Every concept that there ever was, by ordinal; the root is ordinal 0, metadata follow.

    `anchors` are the ordinals, by top-level hierarchy, that are active at every version: they may be targets.
    Is-a relations are in the `edge_` arrays: (child, parent) from version `edge_start` until before `edge_end`.
    """

    sctids: NDArray[np.int64]
    top_levels: NDArray[np.uint8]
    levels: NDArray[np.uint8]
    packages: NDArray[np.uint8]
    born: NDArray[np.uint8]
    retired: NDArray[np.uint8]
    primary_parents: NDArray[np.int32]
    edge_children: NDArray[np.int32]
    edge_parents: NDArray[np.int32]
    edge_start: NDArray[np.uint8]
    edge_end: NDArray[np.uint8]
    anchors: tuple[NDArray[np.int32], ...]

    def __len__(self) -> int:
        return len(self.sctids)


@dataclass(slots=True)
class _Level:
    """A level of one top-level hierarchy: its ordinals and which of them may have children."""

    ordinals: NDArray[np.int32]
    fertile: NDArray[np.int32]


def make_concepts(count: int, rng: np.random.Generator) -> Concepts:
    """Make `count` concepts, the extension's (1 %) among them. Raises ValueError below MIN_CONCEPTS."""
    if count < MIN_CONCEPTS:
        raise ValueError(f"A synthetic release has at least {MIN_CONCEPTS} concepts, not {count}.")
    known = len(metadata().sctids)
    extension = max(4, count // 100)
    top_levels = np.zeros(count, np.uint8)
    levels = np.zeros(count, np.uint8)
    born = np.zeros(count, np.uint8)
    primary = np.full(count, -1, np.int32)
    fertile = np.zeros(count, np.bool_)
    children, parents = _metadata_edges(levels, primary)
    at = known
    for number, size in enumerate(_sizes(count - known - extension)):
        if not number:
            continue
        top_levels[at : at + size] = number
        for edges in _grow(at, size, rng, levels, born, primary, fertile):
            children.append(edges[0])
            parents.append(edges[1])
        at += size
    edges = _extend(
        at, rng, top_levels, levels, born, primary, np.flatnonzero(fertile[:at] & (levels[:at] > 3))
    )
    children.append(edges[0])
    parents.append(edges[1])
    packages = np.where(np.arange(count) < at, INTERNATIONAL, EXTENSION).astype(np.uint8)
    retired = _retire(born, known, fertile | (levels < 2), rng)
    fertile[:known] = True
    stable = fertile & (born == 0) & (packages == INTERNATIONAL)
    child, parent, start, end = _times(
        np.concatenate(children),
        np.concatenate(parents),
        born,
        retired,
        primary,
        stable,
        levels,
        top_levels,
        rng,
    )
    return Concepts(
        _sctids(count, known, at, rng),
        top_levels,
        levels,
        packages,
        born,
        retired,
        primary,
        child,
        parent,
        start,
        end,
        tuple(
            np.flatnonzero(stable & (top_levels == number)).astype(np.int32)
            for number in range(len(TOP_LEVELS))
        ),
    )


def versions(
    rng: np.random.Generator, size: int, share: NDArray[np.float64] = BORN_SHARE
) -> NDArray[np.uint8]:
    """Draw a version for each of `size` components."""
    return np.searchsorted(np.cumsum(share / share.sum()), rng.random(size), side="right").astype(np.uint8)


def later(rng: np.random.Generator, after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Draw a version after each of `after`, the last ones seldom; NEVER where there is none after."""
    total = np.cumsum(CHANGED_SHARE)
    low = total[after]
    drawn = np.searchsorted(total, low + rng.random(len(after)) * (total[-1] - low) * 0.999999, side="right")
    return np.where(after < VERSIONS - 1, np.minimum(drawn, VERSIONS - 1), NEVER).astype(np.uint8)


def _sizes(count: int) -> list[int]:
    shares = np.array([top.share for top in TOP_LEVELS])
    sizes = np.maximum(1, np.floor(shares / shares.sum() * count).astype(int))
    sizes[METADATA] = 0
    sizes[FINDING] += count - sizes.sum()
    return [int(size) for size in sizes]


def _level_sizes(size: int) -> list[int]:
    """How many concepts each level of a hierarchy of `size` has, the top-level concept's first."""
    if size == 1:
        return [1]
    depth = min(size - 1, 2 + round(2.75 * np.log10(size)))
    at = (np.arange(depth) + 0.7) / depth
    weights = at**2.4 * (1.06 - at) ** 4.4 + 0.0001
    sizes = np.maximum(1, np.floor(weights / weights.sum() * (size - 1)).astype(int))
    while sizes.sum() > size - 1:
        sizes[sizes.argmax()] -= 1
    sizes[sizes.argmax()] += size - 1 - sizes.sum()
    return [1, *sizes.tolist()]


def _metadata_edges(
    levels: NDArray[np.uint8], primary: NDArray[np.int32]
) -> tuple[list[NDArray[np.int32]], list[NDArray[np.int32]]]:
    children, parents = [], []
    for child, above in enumerate(metadata().parents):
        for parent in above:
            children.append(child)
            parents.append(parent)
        if above:
            levels[child] = 1 + max(levels[list(above)])
            primary[child] = above[0]
    return [np.array(children, np.int32)], [np.array(parents, np.int32)]


def _grow(
    first: int,
    size: int,
    rng: np.random.Generator,
    levels: NDArray[np.uint8],
    born: NDArray[np.uint8],
    primary: NDArray[np.int32],
    fertile: NDArray[np.bool_],
) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Fill the arrays for a top-level hierarchy whose ordinals start at `first`; return its is-a relations."""
    edges = []
    root = np.zeros(1, np.int32)
    above = _Level(root, root)
    grandparents = root
    at, level_sizes = first, _level_sizes(size)
    for level, level_size in enumerate(level_sizes, start=1):
        here = np.arange(at, at + level_size, dtype=np.int32)
        at += level_size
        levels[here] = level
        places = _planted(len(above.fertile), level_size, rng)
        primary[here] = above.fertile[places]
        may_bear = level < len(level_sizes)
        # Whole families have children or have none, so that neighbours share what is above them.
        families = rng.random(len(above.fertile)) < (1.0 if level < 3 else 0.36)
        bears = may_bear & families[places] & (rng.random(level_size) < 0.85)
        if may_bear and not bears.any():
            bears[0] = True
        fertile[here] = bears
        early = (level < 4) | (bears & (rng.random(level_size) < 0.98))
        born[here] = np.maximum(np.where(early, 0, versions(rng, level_size)), born[primary[here]])
        extra = _more_parents(here, places, above.fertile, grandparents, primary, born, rng, level)
        edges += [(here, primary[here]), extra]
        grandparents = above.fertile
        above = _Level(here, here[bears])
    return edges


def _planted(parents: int, children: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The place of each child's first parent, in ascending order; some parents have many children."""
    weights = np.minimum(rng.pareto(1.3, parents) + 0.3, 60)
    ends = np.cumsum(weights / weights.sum())
    at = (np.arange(children) + rng.random(children)) / children
    return np.minimum(np.searchsorted(ends, at, side="right"), parents - 1)


def _more_parents(
    here: NDArray[np.int32],
    places: NDArray[np.int64],
    above: NDArray[np.int32],
    grandparents: NDArray[np.int32],
    primary: NDArray[np.int32],
    born: NDArray[np.uint8],
    rng: np.random.Generator,
    level: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Second to fourth parents: mostly neighbours of the first, some far, some a level higher."""
    none = np.zeros(0, np.int32)
    if level < 3 or len(above) < 2:
        return none, none
    extra = np.searchsorted([0.48, 0.84, 0.97], rng.random(len(here)))
    at = np.repeat(np.arange(len(here)), extra)
    near = places[at] + rng.geometric(0.6, len(at)) * rng.choice([-1, 1], len(at))
    kind = rng.random(len(at))
    place = np.where(kind < 0.92, near, rng.integers(0, len(above), len(at))) % len(above)
    parents = above[place]
    higher = (kind > 0.96) & (level > 3)
    parents[higher] = grandparents[rng.integers(0, len(grandparents), int(higher.sum()))]
    first = primary[here[at]]
    children = here[at]
    fit = (parents != first) & (parents != primary[first]) & (born[parents] <= born[children])
    pairs = np.unique(children[fit].astype(np.int64) << 32 | parents[fit])
    return (pairs >> 32).astype(np.int32), pairs.astype(np.int32)


def _extend(
    first: int,
    rng: np.random.Generator,
    top_levels: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    born: NDArray[np.uint8],
    primary: NDArray[np.int32],
    fertile: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The extension's own concepts, from ordinal `first` on: below one international concept each."""
    here = np.arange(first, len(levels), dtype=np.int32)
    parents = rng.choice(fertile, len(here)).astype(np.int32)
    top_levels[here], levels[here], primary[here] = top_levels[parents], levels[parents] + 1, parents
    born[here] = np.maximum(versions(rng, len(here)), born[parents])
    return here, parents


def _retire(
    born: NDArray[np.uint8], known: int, kept: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """When each concept is retired: a tenth of all, none of `kept` and no metadata."""
    retired = np.full(len(born), NEVER, np.uint8)
    may = np.flatnonzero(~kept & (born < VERSIONS - 1))
    may = may[may >= known]
    chosen = np.sort(rng.choice(may, len(born) // 10, replace=False))
    retired[chosen] = later(rng, born[chosen])
    return retired


def _times(
    children: NDArray[np.int32],
    parents: NDArray[np.int32],
    born: NDArray[np.uint8],
    retired: NDArray[np.uint8],
    primary: NDArray[np.int32],
    stable: NDArray[np.bool_],
    levels: NDArray[np.uint8],
    top_levels: NDArray[np.uint8],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]:
    """When each is-a relation holds; 4 % of the concepts were below another first parent before."""
    start, end = born[children].copy(), retired[children].copy()
    changed = later(rng, start)
    is_first = parents == primary[children]
    moved = np.flatnonzero(
        is_first & (levels[children] > 3) & (changed < end) & (rng.random(len(start)) < 0.04)
    )
    # The parent before: a stable concept of the same level and hierarchy as the present one.
    order = np.flatnonzero(stable)
    keys = top_levels[order].astype(np.int32) * 256 + levels[order]
    order = order[np.argsort(keys, kind="stable")]
    keys = np.sort(keys)
    wanted = top_levels[parents[moved]].astype(np.int32) * 256 + levels[parents[moved]]
    low, high = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
    moved, low, high = moved[high > low], low[high > low], high[high > low]
    former = order[low + (rng.random(len(moved)) * (high - low)).astype(np.int64)].astype(np.int32)
    known = children.astype(np.int64) << 32 | parents
    fit = ~np.isin(children[moved].astype(np.int64) << 32 | former, known)
    moved, former = moved[fit], former[fit]
    before = start[moved].copy()
    start[moved] = changed[moved]
    return (
        np.concatenate([children, children[moved]]),
        np.concatenate([parents, former]),
        np.concatenate([start, before]),
        np.concatenate([end, changed[moved]]),
    )


def _sctids(count: int, known: int, extension: int, rng: np.random.Generator) -> NDArray[np.int64]:
    items = FIRST_ITEM + rng.permutation(extension - known).astype(np.int64)
    own = 200_000 + rng.permutation(count - extension).astype(np.int64)
    return np.concatenate(
        [
            np.array(metadata().sctids, np.int64),
            make_many(ComponentKind.CONCEPT, items),
            make_many(ComponentKind.CONCEPT, own, NAMESPACE),
        ]
    )
