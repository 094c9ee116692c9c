"""The atoms of a synthetic Metathesaurus: what sources call each concept, and the file MRCONSO.RRF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks import invented_terms
from benchmarks.invented_terms import joined
from benchmarks.rrf_writing import Meta, Numbers, numbered
from loaders.rrf import columns

_ROWS_AT_ONCE = 500_000
_MOST_ATOMS = 60
#: Where AUIs begin: at full size some have seven digits and most have eight, as in the real file.
_FIRST_AUI = 9_990_000


class Kind(IntEnum):
    """The source that a concept comes from, which decides its first atoms and its tree."""

    ROOT = 0
    SNOMED = 1
    MESH = 2
    NCI = 3
    ICD = 4
    MEDDRA = 5
    LOINC = 6
    RXNORM = 7
    HPO = 8
    TAXONOMY = 9


#: How many of the concepts are of each kind, roots left out.
_SHARES = {
    Kind.SNOMED: 0.15, Kind.MESH: 0.12, Kind.NCI: 0.06, Kind.ICD: 0.04, Kind.MEDDRA: 0.03, Kind.LOINC: 0.08,
    Kind.RXNORM: 0.07, Kind.HPO: 0.01, Kind.TAXONOMY: 0.44,
}  # fmt: skip

#: The source whose tree the concepts of a kind are in.
TREES = {
    Kind.SNOMED: "SNOMEDCT_US", Kind.MESH: "MSH", Kind.NCI: "NCI", Kind.ICD: "ICD10CM", Kind.MEDDRA: "MDR",
    Kind.HPO: "HPO", Kind.TAXONOMY: "NCBI",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Profile:
    """A kind of atom: its source, term type and language, its style of term, how often it is suppressed."""

    source: str
    type: str
    language: str
    style: int
    suppressed: float = 0.14


_FIRST = {
    Kind.ROOT: (_Profile("SRC", "RPT", "ENG", 0, 0),),
    Kind.SNOMED: (
        _Profile("SNOMEDCT_US", "PT", "ENG", 0, 0.02),
        _Profile("SNOMEDCT_US", "FN", "ENG", 1, 0.02),
        _Profile("SCTSPA", "PT", "SPA", 0, 0.02),
        _Profile("SCTSPA", "FN", "SPA", 1, 0.02),
    ),
    Kind.MESH: (_Profile("MSH", "MH", "ENG", 0, 0.02), _Profile("MSHSPA", "MH", "SPA", 0, 0.02)),
    Kind.NCI: (_Profile("NCI", "PT", "ENG", 0),),
    Kind.ICD: (_Profile("ICD10CM", "PT", "ENG", 0, 0.02),),
    Kind.MEDDRA: (_Profile("MDR", "PT", "ENG", 0), _Profile("MDRSPA", "PT", "SPA", 0)),
    Kind.LOINC: (_Profile("LNC", "LN", "ENG", 0),),
    Kind.RXNORM: (_Profile("RXNORM", "IN", "ENG", 0),),
    Kind.HPO: (_Profile("HPO", "PT", "ENG", 0, 0.02),),
    Kind.TAXONOMY: (_Profile("NCBI", "SCN", "ENG", 0),),
}
#: Further atoms of any concept, and how often each is drawn.
_FURTHER = (
    (_Profile("MTH", "PN", "ENG", 0), 12), (_Profile("CHV", "SY", "ENG", 2), 12),
    (_Profile("NCI", "SY", "ENG", 3), 12), (_Profile("MSH", "ET", "ENG", 2), 10),
    (_Profile("SNOMEDCT_US", "SY", "ENG", 4), 8), (_Profile("RCD", "SY", "ENG", 5, 0.6), 7),
    (_Profile("MEDCIN", "PT", "ENG", 0), 6), (_Profile("SNOMEDCT_US", "OAP", "ENG", 2, 1), 4),
    (_Profile("SCTSPA", "SY", "SPA", 2), 4), (_Profile("MSHSPA", "ET", "SPA", 3), 2),
    (_Profile("MDRSPA", "LLT", "SPA", 4), 2), (_Profile("ICPCSPA", "PT", "SPA", 5), 1),
    (_Profile("MSHFRE", "MH", "FRE", 0), 4), (_Profile("MSHGER", "MH", "GER", 2), 4),
    (_Profile("MDRJPN", "LLT", "JPN", 0), 4), (_Profile("MSHRUS", "MH", "RUS", 0), 3),
    (_Profile("MSHPOR", "MH", "POR", 0), 3), (_Profile("MDRDUT", "PT", "DUT", 5), 2),
)  # fmt: skip
_PROFILES = [*(p for kind in Kind for p in _FIRST[kind]), *(p for p, _ in _FURTHER)]
#: What marks the terms of languages that are not invented here.
_FOREIGN = {
    "FRE": "syndrome",
    "GER": "Störung",
    "JPN": "症候群",
    "RUS": "синдром",
    "POR": "síndrome",
    "DUT": "ziekte",
}

#: Source → the language of its atoms, as the UMLS calls it.
SOURCE_LANGUAGES = {p.source: p.language for p in _PROFILES}


@dataclass(frozen=True, slots=True)
class Atoms:
    """Concept i has the CUI `cuis[i]`; its atoms are `starts[i]` to `starts[i + 1]`, the first one of its kind's tree.

    `kinds` are `Kind`s; `profiles` and `auis` are of atoms. The first concepts are the roots of the trees.
    """

    cuis: NDArray[np.int64]
    kinds: NDArray[np.int8]
    starts: NDArray[np.int64]
    profiles: NDArray[np.int8]
    auis: NDArray[np.int32]

    @property
    def concepts(self) -> int:
        """How many concepts there are."""
        return len(self.cuis)

    @property
    def first_auis(self) -> NDArray[np.int32]:
        """The AUI of each concept's first atom."""
        return self.auis[self.starts[:-1]]

    @property
    def last_auis(self) -> NDArray[np.int32]:
        """The AUI of each concept's last atom; often the first one's."""
        return self.auis[self.starts[1:] - 1]


def root_of(kind: Kind) -> int:
    """The number of the concept that stands for a tree's source; below it are the tree's own roots."""
    return list(TREES).index(kind)


def code_ranks() -> list[tuple[str, str]]:
    """Every source and term type, the most preferred first."""
    found = {(p.source, p.type): None for p in _PROFILES}
    # The order of the profiles, but the Metathesaurus' own preferred names before all.
    return sorted(found, key=lambda pair: pair != ("MTH", "PN"))


def atoms_of(concepts: int, rng: np.random.Generator) -> Atoms:
    """Draw the atoms of so many concepts; 4.2 a concept on average."""
    step = 9_999_999 // concepts
    cuis = np.arange(concepts) * step + rng.integers(1, step + 1, concepts)
    kinds = rng.choice(np.array([*_SHARES], np.int8), concepts, p=[*_SHARES.values()])
    kinds[: len(TREES)] = Kind.ROOT
    firsts = np.array([len(_FIRST[kind]) for kind in Kind])[kinds]
    further = np.minimum(rng.geometric(0.281, concepts) - 1, _MOST_ATOMS)
    further[: len(TREES)] = 0
    starts = np.concatenate(([0], np.cumsum(firsts + further)))
    before = np.cumsum([0, *(len(_FIRST[kind]) for kind in Kind)])
    weights = np.array([weight for _, weight in _FURTHER], float)
    total = int(starts[-1])
    profiles = rng.choice(len(_FURTHER), total, p=weights / weights.sum()).astype(np.int8) + int(before[-1])
    for place in range(int(firsts.max())):
        has = firsts > place
        profiles[starts[:-1][has] + place] = before[kinds[has]] + place
    auis = rng.permutation(total).astype(np.int32) + _FIRST_AUI
    return Atoms(cuis, kinds, starts, profiles.astype(np.int8), auis)


def write_atoms(meta: Meta, atoms: Atoms, rng: np.random.Generator) -> None:
    """Write MRCONSO.RRF, by CUI."""
    owners_of = np.repeat(np.arange(atoms.concepts, dtype=np.int32), np.diff(atoms.starts))
    with meta.file(columns.CONCEPTS) as file:
        for start in range(0, len(owners_of), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            owners, profiles = owners_of[part], atoms.profiles[part]
            first = np.arange(start, start + len(owners)) == atoms.starts[owners]
            codes = _by_group(owners, _CODE_GROUP[profiles], _CODES)
            scui = _where(_HAS_SCUI[profiles], codes)
            suppressed = rng.random(len(owners)) < _SUPPRESSED[profiles]
            numbers = np.arange(start, start + len(owners))
            file.write(
                numbered("C", atoms.cuis[owners], 7),
                _taken([p.language for p in _PROFILES], profiles),
                _taken(["S", "P"], first | (rng.random(len(owners)) < 0.3)),
                numbered("L", numbers, 7),
                _taken(["PF", "VO", "VC"], rng.integers(0, 3, len(owners))),
                numbered("S", numbers, 7),
                _taken(["N", "Y"], rng.random(len(owners)) < 0.7),
                numbered("A", atoms.auis[part], 7),
                "",
                scui,
                "",
                _taken([p.source for p in _PROFILES], profiles),
                _taken([p.type for p in _PROFILES], profiles),
                codes,
                _texts(owners, profiles),
                "0",
                _taken(
                    ["N", "O", "Y", "E"], np.where(suppressed, 1 + rng.integers(0, 8, len(owners)) // 5, 0)
                ),
                "256",
            )


def _texts(owners: Numbers, profiles: NDArray[np.int8]) -> pa.Array:
    groups = np.array([_TEXT_GROUPS.index((p.style, p.language)) for p in _PROFILES], np.int8)
    return _by_group(owners, groups[profiles], [_text_of(*group) for group in _TEXT_GROUPS])


def _text_of(style: int, language: str) -> Callable[[Numbers], pa.Array]:
    if language == "ENG":
        return lambda owners: invented_terms.terms(owners, style, "en")
    if language == "SPA":
        return lambda owners: invented_terms.terms(owners, style, "es")
    marker = pa.scalar(_FOREIGN[language])
    return lambda owners: joined([invented_terms.terms(owners, style, "es"), marker], " ")


_TEXT_GROUPS = sorted({(p.style, p.language) for p in _PROFILES})
_SUPPRESSED = np.array([p.suppressed for p in _PROFILES])


def _sctids(owners: Numbers) -> pa.Array:
    """Concept identifiers of the short form with their check digit, of items that no release uses."""
    from loaders.sctid import ComponentKind, make_many

    return pa.array(make_many(ComponentKind.CONCEPT, np.asarray(owners, np.int64) + 900_000_000)).cast(
        pa.string()
    )


def _icd(owners: Numbers) -> pa.Array:
    rest, letter = np.divmod(np.asarray(owners, np.int64), 26)
    rest, block = np.divmod(rest, 100)
    letters = pa.array([chr(65 + i) for i in range(26)]).take(pa.array(letter))
    return joined([joined([letters, numbered("", block, 2)], ""), numbered("", rest, 1)], ".")


def _loinc(owners: Numbers) -> pa.Array:
    return joined([numbered("", owners, 1), numbered("", np.asarray(owners) % 10, 1)], "-")


_CODES: list[Callable[[Numbers], pa.Array]] = [
    _sctids,
    lambda owners: numbered("D", owners, 6),
    lambda owners: numbered("C", owners, 1),
    _icd,
    _loinc,
    lambda owners: numbered("HP:", owners, 7),
    lambda owners: numbered("", owners, 1),
    lambda owners: pa.repeat("NOCODE", len(owners)),
]
_CODE_GROUPS = {
    "SNOMEDCT_US": 0, "SCTSPA": 0, "MSH": 1, "MSHSPA": 1, "MSHFRE": 1, "MSHGER": 1, "MSHRUS": 1, "MSHPOR": 1,
    "NCI": 2, "ICD10CM": 3, "LNC": 4, "HPO": 5, "MTH": 7, "SRC": 7,
}  # fmt: skip
_CODE_GROUP = np.array([_CODE_GROUPS.get(p.source, 6) for p in _PROFILES], np.int8)
_HAS_SCUI = np.isin(_CODE_GROUP, (0, 2, 5))


def _by_group(
    owners: Numbers, groups: NDArray[np.int8], makers: list[Callable[[Numbers], pa.Array]]
) -> pa.Array:
    """For each row, what the maker of its group makes of its owner."""
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups, minlength=len(makers)))
    parts = np.split(owners[order], ends[:-1])
    made = [make(part) for make, part in zip(makers, parts, strict=True) if len(part)]
    place = np.empty(len(owners), np.int64)
    place[order] = np.arange(len(owners))
    return pa.concat_arrays(made).take(pa.array(place))


def _where(keep: NDArray[np.bool_], texts: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(keep), texts, "")


def _taken(words: list[str], at: NDArray[np.generic]) -> pa.Array:
    return pa.array(words).take(pa.array(at.astype(np.int8)))
