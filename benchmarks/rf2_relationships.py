"""The relationships of a synthetic release: is-a, attributes in role groups, concrete values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.rf2_concepts import EXTENSION, FIRST_ITEM, NEVER, Concepts, later
from benchmarks.rf2_descriptions import component_modules
from benchmarks.rf2_log import Log, coded, constant, digits, history, named, texts, touched
from benchmarks.rf2_metadata import (
    BODY,
    EVENT,
    FINDING,
    NAMESPACE,
    OBSERVABLE,
    ORGANISM,
    PROCEDURE,
    PRODUCT,
    QUALIFIER,
    SITUATION,
    SPECIMEN,
    SUBSTANCE,
)
from loaders import rf2_files
from loaders.demo.source import ATTRIBUTES
from loaders.rf2.identifiers import DEFINED, INFERRED, IS_A
from loaders.rf2_rows import PRIMITIVE, SOME
from loaders.sctid import ComponentKind, make_many

_ADDITIONAL = "900000000000227009"
_STRENGTH, _COUNT = "1142135004", "1142139005"
_TYPES = (IS_A, *ATTRIBUTES.values())
_PLACES = {name: place for place, name in enumerate(ATTRIBUTES, start=1)}

#: Which attributes the concepts of a hierarchy have, and the hierarchy of each attribute's values.
_MODELS: dict[int, tuple[tuple[str, int], ...]] = {
    FINDING: (
        ("finding_site", BODY),
        ("morphology", BODY),
        ("causative_agent", ORGANISM),
        ("clinical_course", QUALIFIER),
        ("due_to", FINDING),
    ),
    PROCEDURE: (
        ("method", QUALIFIER),
        ("procedure_site", BODY),
        ("direct_substance", SUBSTANCE),
        ("due_to", FINDING),
    ),
    PRODUCT: (("direct_substance", SUBSTANCE), ("method", QUALIFIER)),
    OBSERVABLE: (("procedure_site", BODY), ("method", QUALIFIER), ("direct_substance", SUBSTANCE)),
    SITUATION: (("due_to", FINDING), ("clinical_course", QUALIFIER), ("finding_site", BODY)),
    EVENT: (("due_to", FINDING), ("causative_agent", SUBSTANCE)),
    SPECIMEN: (("procedure_site", BODY), ("direct_substance", SUBSTANCE)),
}


def concept_log(concepts: Concepts, awkward: float, rng: np.random.Generator) -> Log:
    """The rows of the concepts; some primitive ones get sufficient conditions at a later version."""
    change = later(rng, concepts.born)
    becoming = np.flatnonzero((change < concepts.retired) & (rng.random(len(concepts)) < 0.02))
    rows = history(
        concepts.born,
        concepts.retired,
        concepts.packages,
        [
            (becoming, change[becoming], -1, True),
            touched(concepts.born, concepts.retired, 0.4, rng, but=becoming),
        ],
    )
    defined = (rng.random(len(concepts)) < 0.35) & (concepts.levels > 2)
    defined[becoming] = False
    turned = np.full(len(concepts), NEVER, np.uint8)
    turned[becoming] = change[becoming]
    by_row = defined[rows.component] | (rows.version >= turned[rows.component]) & (
        turned[rows.component] < NEVER
    )
    modules = component_modules(concepts.packages, np.arange(len(concepts)), awkward, rng)
    return Log(
        rf2_files.CONCEPT,
        "",
        concepts.sctids,
        modules,
        rows.component,
        rows.version,
        rows.package,
        rows.active,
        (lambda at, _: named(by_row[at].astype(np.uint8), (PRIMITIVE, DEFINED)),),
    )


def relationship_log(concepts: Concepts, awkward: float, rng: np.random.Generator) -> Log:
    """The rows of is-a and of the attributes with concepts as values."""
    sources, targets, types, groups = _attributes(concepts, rng)
    start, end = _lives(concepts, sources, rng)
    edges = len(concepts.edge_children)
    source = np.concatenate([concepts.edge_children, sources])
    target = np.concatenate([concepts.edge_parents, targets])
    kind = np.concatenate([np.zeros(edges, np.uint8), types])
    group = np.concatenate([np.zeros(edges, np.uint8), groups])
    packages = concepts.packages[source]
    start, end = np.concatenate([concepts.edge_start, start]), np.concatenate([concepts.edge_end, end])
    rows = history(start, end, packages, [touched(start, end, 0.4, rng)])
    # A few attributes are additional ones, which say nothing of a concept's meaning.
    additional = ((kind > 0) & (rng.random(len(source)) < 0.01)).astype(np.uint8)
    return Log(
        rf2_files.RELATIONSHIP,
        "",
        _ids(packages, 0, rng),
        component_modules(packages, source, awkward, rng),
        rows.component,
        rows.version,
        rows.package,
        rows.active,
        (
            lambda _, at: digits(concepts.sctids[source[at]]),
            lambda _, at: digits(concepts.sctids[target[at]]),
            lambda _, at: digits(group[at]),
            coded(kind, _TYPES),
            coded(additional, (INFERRED, _ADDITIONAL)),
            constant(SOME),
        ),
    )


def concrete_value_log(concepts: Concepts, first_item: int, awkward: float, rng: np.random.Generator) -> Log:
    """The rows of the attributes of products whose values are numbers and texts."""
    may = np.flatnonzero((concepts.top_levels == PRODUCT) & (concepts.levels > 2))
    at = np.repeat(may, rng.integers(0, 4, len(may))).astype(np.int32)
    kind = rng.integers(0, 3, len(at)).astype(np.uint8)
    values = ("#500", "#2.5", "#1", '"película"', "true", "#0.025", "#100", '"5" x 2""')
    value = rng.integers(0, len(values), len(at)).astype(np.uint8)
    start, end = _lives(concepts, at, rng)
    packages = concepts.packages[at]
    rows = history(start, end, packages)
    return Log(
        rf2_files.CONCRETE_VALUE,
        "",
        _ids(packages, first_item, rng),
        component_modules(packages, at, awkward, rng),
        rows.component,
        rows.version,
        rows.package,
        rows.active,
        (
            lambda _, rows: digits(concepts.sctids[at[rows]]),
            coded(value, values),
            texts(lambda rows: digits(np.minimum(kind[rows], 1) * (1 + rows % 3))),
            coded(np.minimum(kind, 1), (_COUNT, _STRENGTH)),
            constant(INFERRED),
            constant(SOME),
        ),
    )


def _attributes(
    concepts: Concepts, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]:
    """Source, target, type and group of each: some ungrouped, most in role groups of two to four."""
    found: list[tuple[NDArray[np.integer], ...]] = []
    for top_level, model in _MODELS.items():
        bearers = np.flatnonzero((concepts.top_levels == top_level) & (concepts.levels > 2))
        groups = np.minimum(1 + rng.poisson(2.95, len(bearers)), 9)
        source = np.repeat(bearers, groups)
        group = np.arange(len(source)) - np.repeat(np.cumsum(groups) - groups, groups)
        # Group 0 has one attribute; the others two to four, each of another type.
        size = np.where(group == 0, 1, np.minimum(rng.integers(2, 5, len(source)), len(model)))
        first = rng.integers(0, len(model), len(source))
        row = np.repeat(np.arange(len(source)), size)
        number = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        choice = (first[row] + number) % len(model)
        target = np.zeros(len(row), np.int32)
        types = np.array([_PLACES[name] for name, _ in model], np.uint8)[choice]
        for place, (_, values) in enumerate(model):
            here = np.flatnonzero(choice == place)
            # Some values are far more usual than others.
            anchors = concepts.anchors[values]
            target[here] = anchors[(rng.random(len(here)) ** 3 * len(anchors)).astype(np.int64)]
        found.append((source[row], target, types, group[row]))
    source, target, types, group = (np.concatenate(part) for part in zip(*found, strict=True))
    return source.astype(np.int32), target.astype(np.int32), types.astype(np.uint8), group.astype(np.uint8)


def _lives(
    concepts: Concepts, sources: NDArray[np.int32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """From and until when each relationship holds; a quarter came later or went earlier than its concept."""
    start, end = concepts.born[sources].copy(), concepts.retired[sources].copy()
    change, fate = later(rng, start), rng.random(len(sources))
    fits = change < end
    end = np.where(fits & (fate < 0.12), change, end)
    return np.where(fits & (fate > 0.88), change, start).astype(np.uint8), end.astype(np.uint8)


def _ids(packages: NDArray[np.uint8], first_item: int, rng: np.random.Generator) -> NDArray[np.int64]:
    items = first_item + rng.permutation(len(packages)).astype(np.int64)
    ids = make_many(ComponentKind.RELATIONSHIP, FIRST_ITEM + items)
    own = np.flatnonzero(packages == EXTENSION)
    ids[own] = make_many(ComponentKind.RELATIONSHIP, 200_000 + items[own], NAMESPACE)
    return ids
