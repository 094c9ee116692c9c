"""Filters: which concepts of a set pass a block, by what is known of them or of their terms."""

from __future__ import annotations

import operator
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graph.ecl.syntax import (
    ActiveFilter,
    Comparison,
    ConceptFilter,
    ConceptFilters,
    DescriptionFilter,
    DescriptionFilters,
    DialectFilter,
    LanguageFilter,
    ModuleFilter,
    StatusFilter,
    StatusIdFilter,
    TermFilter,
    TimeFilter,
    TypeFilter,
    TypeIdFilter,
)
from graph.ecl.tables import NO_DAY, TERM_KINDS
from graph.ecl.term_matching import matching_terms
from graph.ecl.universe import Mask, Role
from graph.ecl.well_known import DEFINED, DESCRIPTION_TYPES, DIALECTS, PRIMITIVE
from graph.model import TermKind

if TYPE_CHECKING:
    from graph.ecl.evaluator import Evaluator

_Rows = NDArray[np.integer]

_ORDER = MappingProxyType(
    {
        Comparison.LESS: operator.lt,
        Comparison.AT_MOST: operator.le,
        Comparison.GREATER: operator.gt,
        Comparison.AT_LEAST: operator.ge,
    }
)


def by_concept(evaluator: Evaluator, mask: Mask, block: ConceptFilters) -> Mask:
    """The concepts of a set that pass all filters of a block."""
    made, concepts = mask.copy(), evaluator.universe.concepts
    made[concepts:] = False
    for one in block.filters:
        made[:concepts] &= _passing(evaluator, one)
    return made


def _passing(evaluator: Evaluator, one: ConceptFilter) -> Mask:
    """Which of all concepts pass a filter; shape (concepts,)."""
    universe, table = evaluator.universe, evaluator.tables.concepts
    met: Mask
    match one:
        case ActiveFilter(active=None):
            met = np.ones(universe.concepts, np.bool_)
        case ActiveFilter():
            met = (np.arange(universe.concepts) < universe.active) == one.active
        case StatusFilter():
            met = np.isin(table.defined, one.defined)
        case StatusIdFilter():
            named = evaluator.set_of(one.statuses, Role.DEFINITION_STATUS)
            defined = [flag for flag, id in ((True, DEFINED), (False, PRIMITIVE)) if named[universe.find(id)]]
            met = np.isin(table.defined, defined)
        case ModuleFilter():
            named = evaluator.set_of(one.modules, Role.MODULE)
            met = (table.modules >= 0) & named[table.modules]
        case TimeFilter():
            return _at_time(table.times, one)
    return ~met if one.negated else met


def _at_time(times: NDArray[np.int32], one: TimeFilter) -> Mask:
    days = [int(time or 0) for time in one.times]
    if one.comparison in (Comparison.EQUAL, Comparison.NOT_EQUAL):
        return np.isin(times, days, invert=one.comparison is Comparison.NOT_EQUAL)
    known = (times != 0) & (times != NO_DAY)
    order = _ORDER[one.comparison]
    met: Mask = known & np.logical_or.reduce([order(times, day) for day in days])
    return met


def by_description(evaluator: Evaluator, mask: Mask, block: DescriptionFilters) -> Mask:
    """The concepts of a set that have a term which passes all filters of a block."""
    universe, table = evaluator.universe, evaluator.tables.descriptions
    filters = list(block.filters)
    # What a text matches is found by the index of words, so the other filters have less to look at.
    found = [one for one in filters if isinstance(one, TermFilter) and not one.negated]
    rows: _Rows
    concepts = np.flatnonzero(mask[: universe.concepts])
    own = table.by_concept.count(concepts)
    if own == len(table.concepts) or (found and own > len(table.concepts) // 4):
        rows = np.arange(len(table.concepts))
        whole = True
    else:
        rows, whole = table.by_concept.of_values(concepts), False
    for one in [*found, *(one for one in filters if one not in found)]:
        if isinstance(one, TermFilter):
            rows = matching_terms(table, rows, one, whole=whole)
        elif not isinstance(one, ActiveFilter):
            rows = rows[_described(evaluator, rows, one)]
        whole = False
    made = universe.of(table.concepts[rows])
    made &= mask
    return made


def _described(evaluator: Evaluator, rows: _Rows, one: DescriptionFilter) -> Mask:
    """Which of the terms in `rows` pass a filter."""
    table = evaluator.tables.descriptions
    met: Mask
    match one:
        case LanguageFilter():
            known = [name.partition("-")[0].lower() in one.languages for name in table.language_names]
            met = np.array(known, np.bool_)[table.languages[rows]]
        case TypeFilter():
            met = _of_kinds(_with_preferred(set(one.kinds)))[table.kinds[rows]]
        case TypeIdFilter():
            named = evaluator.set_of(one.types, Role.DESCRIPTION_TYPE)
            kinds = set[TermKind]()
            for id, of_type in DESCRIPTION_TYPES.items():
                if named[evaluator.universe.find(id)]:
                    kinds |= of_type
            met = _of_kinds(kinds)[table.kinds[rows]]
        case DialectFilter():
            met = _held(evaluator, one)[table.dialects[rows]]
        case TermFilter():
            raise AssertionError("texts are matched before")
    return ~met if one.negated else met


def _with_preferred(kinds: set[TermKind]) -> set[TermKind]:
    return kinds | {TermKind.PREFERRED} if TermKind.SYNONYM in kinds else kinds


def _of_kinds(kinds: set[TermKind]) -> Mask:
    return np.array([kind in kinds for kind in TERM_KINDS], np.bool_)


def _held(evaluator: Evaluator, one: DialectFilter) -> Mask:
    """Which of `held_by` has one of the language refsets of a filter, in the way it says."""
    held_by = evaluator.tables.descriptions.held_by
    wanted: dict[int, set[bool]] = {}
    if one.refsets is not None:
        for refset in np.flatnonzero(evaluator.set_of(one.refsets, Role.LANGUAGE_REFSET)).tolist():
            wanted[refset] = _ways(one.preferred)
    for dialect in one.dialects:
        refset = (
            evaluator.number(dialect.refset, Role.LANGUAGE_REFSET)
            if dialect.refset is not None
            else evaluator.universe.find(DIALECTS[dialect.alias])
        )
        wanted.setdefault(refset, set()).update(_ways(dialect.preferred))
    met = [any(preferred in wanted.get(refset, ()) for refset, preferred in held) for held in held_by]
    return np.array(met, np.bool_)


def _ways(preferred: bool | None) -> set[bool]:
    return {True, False} if preferred is None else {preferred}
