"""The refsets of a synthetic release other than language: history, simple refsets, maps, module dependencies.

Spain's drug extension names its refset files outside the pattern; the extension here does so too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.rf2_concepts import EXTENSION, INTERNATIONAL, NEVER, SPANISH, VERSIONS, Concepts, later
from benchmarks.rf2_descriptions import Descriptions, component_modules
from benchmarks.rf2_log import (
    CORE,
    DATES,
    MODEL,
    MODULES,
    SPAIN,
    SPANISH_MODULE,
    Column,
    Log,
    Numbers,
    coded,
    constant,
    digits,
    history,
    named,
    texts,
    uuids,
)
from benchmarks.rf2_metadata import BODY, FINDING, PROCEDURE, PRODUCT, SIMPLE_REFSETS
from loaders import rf2_files
from loaders.rf2_files import FileKind
from loaders.rf2_rows import CONCEPT_INACTIVATION, ICD10_MAP, MODULE_DEPENDENCY

_ASSOCIATIONS = (
    "900000000000527005",  # same as
    "900000000000526001",  # replaced by
    "900000000000523009",  # possibly equivalent to
    "900000000000528000",  # was a
    "900000000000524003",  # moved to
    "900000000000530003",  # alternative
    "900000000000531004",  # refers to: of descriptions
)
_SAME_AS, _REPLACED_BY, _POSSIBLY, _WAS_A, _MOVED_TO, _ALTERNATIVE, _REFERS_TO = range(7)
_REASONS = (
    "900000000000482003",
    "900000000000483008",
    "900000000000484002",
    "900000000000485001",
    "900000000000494007",
)
_INAPPROPRIATE = 4
_DESCRIPTION_INACTIVATION = "900000000000490003"
_ICD9_MAP, _ICDO_MAP, _CTV3_MAP = "447563008", "446608001", "900000000000497000"
_CORRELATIONS = ("447561005", "447557004", "447558009", "447559001")
_CLASSIFIED, _NOT_CLASSIFIABLE = "447637006", "447638001"

_ODD_FOLDER = "Refset/Content"
_VTM = FileKind(_ODD_FOLDER, "der2_sRefset_VTMSpainDrug", "refsetId referencedComponentId vtmCode")
_VMP = FileKind(_ODD_FOLDER, "der2_scRefset_VMPSpainDrug", "refsetId referencedComponentId vmpCode vtmId")
_VMPP = FileKind(
    _ODD_FOLDER, "der2_scicRefset_VMPPSpainDrug", "refsetId referencedComponentId vmppCode vmpId units formId"
)

#: The extension's refsets of drugs, whose members are concepts.
DRUG_REFSETS = (_VTM, _VMP, _VMPP)


def refset_logs(
    concepts: Concepts, descriptions: dict[str, Descriptions], seed: int, awkward: float
) -> Iterator[Log]:
    """The log of each refset file, one after the other."""
    rngs = (np.random.default_rng([seed, 50 + part]) for part in range(100))
    yield _association_log(concepts, descriptions, awkward, next(rngs))
    yield _attribute_value_log(concepts, descriptions, awkward, next(rngs))
    yield _simple_refset_log(concepts, awkward, next(rngs))
    yield _simple_map_log(concepts, awkward, next(rngs))
    yield _complex_map_log(rf2_files.COMPLEX_MAP, _ICD9_MAP, PROCEDURE, 0.12, concepts, awkward, next(rngs))
    yield _complex_map_log(rf2_files.EXTENDED_MAP, ICD10_MAP, FINDING, 0.75, concepts, awkward, next(rngs))
    yield from _drug_logs(concepts, awkward, next(rngs))
    yield _module_dependency_log(next(rngs))


def _members(
    kind: FileKind,
    start: NDArray[np.uint8],
    end: NDArray[np.uint8],
    packages: NDArray[np.uint8],
    concepts: NDArray[np.integer],
    columns: tuple[Column, ...],
    awkward: float,
    rng: np.random.Generator,
    odd_stem: str = "",
) -> Log:
    """A refset file's log; `concepts` are the members' concepts, which decide their modules."""
    rows = history(start, end, packages)
    return Log(
        kind,
        "",
        uuids(len(start), rng),
        component_modules(packages, concepts, awkward, rng),
        rows.component,
        rows.version,
        rows.package,
        rows.active,
        columns,
        odd_stem,
    )


def _association_log(
    concepts: Concepts, descriptions: dict[str, Descriptions], awkward: float, rng: np.random.Generator
) -> Log:
    """Most retired concepts name what stands for them; a few retired descriptions a concept they refer to."""
    retired = np.flatnonzero((concepts.retired < NEVER) & (rng.random(len(concepts)) < 0.85))
    kind = np.searchsorted([0.45, 0.65, 0.9, 0.95, 0.97], rng.random(len(retired)))
    # "Possibly equivalent to" names two concepts, the others one.
    at = np.repeat(np.arange(len(retired)), np.where(kind == _POSSIBLY, 2, 1))
    source, kind = retired[at], kind[at]
    target = concepts.primary_parents[source].copy()
    for top_level, anchors in enumerate(concepts.anchors):
        here = np.flatnonzero((concepts.top_levels[source] == top_level) & (kind != _WAS_A))
        if len(anchors) and len(here):
            # Two steps apart, so that the two targets of one concept are never the same.
            place = rng.integers(0, len(anchors), len(here)) // 2 * 2 + (np.arange(len(here)) & 1)
            target[here] = anchors[place % len(anchors)]
    said: list[tuple[NDArray[Any], ...]] = [
        (concepts.sctids[source], source, kind, target, concepts.retired[source], concepts.packages[source])
    ]
    for d in descriptions.values():
        gone = np.flatnonzero((d.end < NEVER) & (rng.random(len(d)) < 0.1))
        refers_to = np.full(len(gone), _REFERS_TO)
        of = d.concepts[gone]
        said.append((d.ids[gone], of, refers_to, concepts.primary_parents[of], d.end[gone], d.packages[gone]))
    component, source, kind, target, start, packages = (
        np.concatenate(part) for part in zip(*said, strict=True)
    )
    # A few associations were withdrawn again.
    change = later(rng, start)
    end = np.where(rng.random(len(start)) < 0.05, change, NEVER).astype(np.uint8)
    return _members(
        rf2_files.ASSOCIATION,
        start,
        end,
        packages,
        source,
        (
            coded(kind.astype(np.uint8), _ASSOCIATIONS),
            lambda _, at: digits(component[at]),
            lambda _, at: digits(concepts.sctids[np.maximum(target[at], 0)]),
        ),
        awkward,
        rng,
    )


def _attribute_value_log(
    concepts: Concepts, descriptions: dict[str, Descriptions], awkward: float, rng: np.random.Generator
) -> Log:
    """Why each retired concept and description was retired."""
    retired = np.flatnonzero(concepts.retired < NEVER)
    reasons = rng.integers(0, _INAPPROPRIATE, len(retired))
    said: list[tuple[NDArray[Any], ...]] = [
        (concepts.sctids[retired], retired, reasons, concepts.retired[retired], concepts.packages[retired])
    ]
    for d in descriptions.values():
        gone = np.flatnonzero(d.end < NEVER)
        said.append(
            (d.ids[gone], d.concepts[gone], np.full(len(gone), _INAPPROPRIATE), d.end[gone], d.packages[gone])
        )
    component, of, reason, start, packages = (np.concatenate(part) for part in zip(*said, strict=True))
    is_description = (np.arange(len(component)) >= len(retired)).astype(np.uint8)
    return _members(
        rf2_files.ATTRIBUTE_VALUE,
        start,
        np.full(len(start), NEVER, np.uint8),
        packages,
        of,
        (
            coded(is_description, (CONCEPT_INACTIVATION, _DESCRIPTION_INACTIVATION)),
            lambda _, at: digits(component[at]),
            coded(reason.astype(np.uint8), _REASONS),
        ),
        awkward,
        rng,
    )


def _simple_refset_log(concepts: Concepts, awkward: float, rng: np.random.Generator) -> Log:
    """Simple refsets of unequal sizes; the last two are the extension's, with members of both packages."""
    member, refset = [], []
    for place in range(len(SIMPLE_REFSETS)):
        share = 0.08 / (1 + place)
        chosen = np.flatnonzero(rng.random(len(concepts)) < share)
        if place < len(SIMPLE_REFSETS) - 2:
            chosen = chosen[concepts.packages[chosen] == INTERNATIONAL]
        member.append(chosen)
        refset.append(np.full(len(chosen), place))
    members, refsets = np.concatenate(member).astype(np.int32), np.concatenate(refset).astype(np.uint8)
    packages = np.where(refsets < len(SIMPLE_REFSETS) - 2, INTERNATIONAL, EXTENSION).astype(np.uint8)
    start, end = concepts.born[members], concepts.retired[members]
    change = later(rng, start)
    end = np.where((rng.random(len(start)) < 0.1) & (change < end), change, end).astype(np.uint8)
    return _members(
        rf2_files.SIMPLE_REFSET,
        start,
        end,
        packages,
        members,
        (coded(refsets, SIMPLE_REFSETS), lambda _, at: digits(concepts.sctids[members[at]])),
        awkward,
        rng,
        odd_stem="der2_Refset_SimpleListadoSpain",
    )


def _simple_map_log(concepts: Concepts, awkward: float, rng: np.random.Generator) -> Log:
    """A code of one system for a tenth of all concepts, and ICD-O codes for body structures."""
    chance = rng.random(len(concepts))
    to_ctv3 = np.flatnonzero((chance < 0.1) & (concepts.packages == INTERNATIONAL))
    to_icdo = np.flatnonzero(
        (chance > 0.7) & (concepts.top_levels == BODY) & (concepts.packages == INTERNATIONAL)
    )
    source = np.concatenate([to_ctv3, to_icdo]).astype(np.int32)
    is_icdo = np.arange(len(source)) >= len(to_ctv3)
    codes = rng.integers(0, 99_999, len(source))

    def targets(at: Numbers) -> pa.Array:
        numbers = digits(10_000 + codes[at] % 89_999)
        morphology = pc.binary_join_element_wise("M", pc.utf8_slice_codeunits(numbers, 0, 4), "/3", "")
        return pc.if_else(pa.array(is_icdo[at]), morphology, pc.binary_join_element_wise("X", numbers, ""))

    return _members(
        rf2_files.SIMPLE_MAP,
        concepts.born[source],
        concepts.retired[source],
        concepts.packages[source],
        source,
        (
            coded(is_icdo.astype(np.uint8), (_CTV3_MAP, _ICDO_MAP)),
            lambda _, at: digits(concepts.sctids[source[at]]),
            texts(targets),
        ),
        awkward,
        rng,
    )


def _complex_map_log(
    kind: FileKind,
    refset: str,
    top_level: int,
    share: float,
    concepts: Concepts,
    awkward: float,
    rng: np.random.Generator,
) -> Log:
    """One to three map groups a concept, a fifth of them with a rule first; a few concepts have no code."""
    mapped = np.flatnonzero((concepts.top_levels == top_level) & (rng.random(len(concepts)) < share))
    mapped = mapped[concepts.packages[mapped] == INTERNATIONAL]
    groups = 1 + np.searchsorted([0.8, 0.96], rng.random(len(mapped)))
    at = np.repeat(np.arange(len(mapped)), groups)
    group = 1 + np.arange(len(at)) - np.repeat(np.cumsum(groups) - groups, groups)
    ruled = rng.random(len(at)) < 0.2
    rows = np.repeat(np.arange(len(at)), 1 + ruled)
    priority = 1 + (np.arange(len(rows)) > 0) * (rows == np.roll(rows, 1))
    source, group, ruled = mapped[at[rows]].astype(np.int32), group[rows], ruled[rows]
    has_rule = ruled & (priority == 1)
    code = rng.integers(0, 26 * 100 * 10, len(rows))
    is_blank = ~ruled & (rng.random(len(rows)) < 0.03)
    condition = concepts.anchors[FINDING][rng.integers(0, len(concepts.anchors[FINDING]), len(rows))]

    def codes(at: Numbers) -> pa.Array:
        found = code[at]
        letters = named((found // 1000).astype(np.uint8), [chr(65 + letter) for letter in range(26)])
        numbers = pc.utf8_slice_codeunits(digits(100 + found // 10 % 100), 1)
        whole = pc.binary_join_element_wise(letters, numbers, ".", digits(found % 10), "")
        return pc.if_else(pa.array(is_blank[at]), "", whole)

    def rules(at: Numbers) -> pa.Array:
        plain = named((priority[at] > 1).astype(np.uint8), ("TRUE", "OTHERWISE TRUE"))
        ids = digits(concepts.sctids[condition[at]])
        return pc.if_else(
            pa.array(has_rule[at]), pc.binary_join_element_wise("IFA ", ids, ' | "condition" |', ""), plain
        )

    def advice(at: Numbers) -> pa.Array:
        always = pc.binary_join_element_wise("ALWAYS ", codes(at), "")
        chosen = pc.binary_join_element_wise(
            'IF "CONDITION" CHOOSE ', codes(at), " | POSSIBLE REQUIREMENT FOR MORE", ""
        )
        none = "MAP SOURCE CONCEPT CANNOT BE CLASSIFIED WITH AVAILABLE DATA"
        return pc.if_else(pa.array(is_blank[at]), none, pc.if_else(pa.array(has_rule[at]), chosen, always))

    columns: tuple[Column, ...] = (
        constant(refset),
        lambda _, at: digits(concepts.sctids[source[at]]),
        lambda _, at: digits(group[at]),
        lambda _, at: digits(priority[at]),
        texts(rules),
        texts(advice),
        texts(codes),
        coded((code % 4).astype(np.uint8), _CORRELATIONS),
    )
    if kind is rf2_files.EXTENDED_MAP:
        columns += (coded(is_blank.astype(np.uint8), (_CLASSIFIED, _NOT_CLASSIFIABLE)),)
    start, end = concepts.born[source], concepts.retired[source]
    return _members(kind, start, end, concepts.packages[source], source, columns, awkward, rng)


def _drug_logs(concepts: Concepts, awkward: float, rng: np.random.Generator) -> Iterator[Log]:
    """The extension's refsets whose columns no standard refset has; each with an odd file name."""
    products = np.flatnonzero((concepts.top_levels == PRODUCT) & (rng.random(len(concepts)) < 0.2)).astype(
        np.int32
    )
    start, end = concepts.born[products], concepts.retired[products]
    packages = np.full(len(products), EXTENSION, np.uint8)
    common: tuple[Column, ...] = (
        constant(SIMPLE_REFSETS[-1]),
        lambda _, at: digits(concepts.sctids[products[at]]),
        texts(lambda at: digits(1_000_000 + at)),
    )
    parent = concepts.primary_parents[products]
    above: Column = lambda _, at: digits(concepts.sctids[parent[at]])  # noqa: E731
    for kind, more in (
        (_VTM, ()),
        (_VMP, (above,)),
        (_VMPP, (above, texts(lambda at: digits(1 + at % 60)), above)),
    ):
        yield _members(
            kind, start, end, packages, products, (*common, *more), awkward, rng, odd_stem=kind.stem
        )


def _module_dependency_log(rng: np.random.Generator) -> Log:
    """Which modules each module needs, with the dates of both; a new row at each version."""
    needs = (
        (CORE, MODEL, INTERNATIONAL, INTERNATIONAL),
        (SPANISH_MODULE, CORE, SPANISH, INTERNATIONAL),
        (SPANISH_MODULE, MODEL, SPANISH, INTERNATIONAL),
        (SPAIN, SPANISH_MODULE, EXTENSION, SPANISH),
        (SPAIN, CORE, EXTENSION, INTERNATIONAL),
        (SPAIN, MODEL, EXTENSION, INTERNATIONAL),
    )
    module, needed, package, of = (np.array(part, np.uint8) for part in zip(*needs, strict=True))
    component = np.repeat(np.arange(len(needs), dtype=np.int32), VERSIONS)
    version = np.tile(np.arange(VERSIONS, dtype=np.uint8), len(needs))
    dates = [date for name in (INTERNATIONAL, SPANISH, EXTENSION) for date in DATES[name]]
    return Log(
        rf2_files.MODULE_DEPENDENCY,
        "",
        uuids(len(needs), rng),
        module,
        component,
        version,
        package[component],
        np.ones(len(component), np.bool_),
        (
            constant(MODULE_DEPENDENCY),
            coded(needed, MODULES),
            lambda rows, at: named(package[at] * VERSIONS + version[rows], dates),
            lambda rows, at: named(of[at] * VERSIONS + version[rows], dates),
        ),
    )
