"""What a synthetic release says, as the records that a loader should make of it.

`records` goes from the arrays that the files are written from straight to `graph.model`, one row at a time and
without reading a file: tests hold the loader to it, and stores to each other with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmarks.rf2_concepts import PACKAGES
from benchmarks.rf2_log import DATES, MODULES, Log
from benchmarks.rf2_refsets import DRUG_REFSETS
from benchmarks.synthetic_rf2 import LAST, Shape, Terminology, blank_times, make_terminology
from graph import model
from graph.model import Acceptability, Concept, Membership, Record, Relation, Succession, Term, TermKind
from loaders import rf2_files
from loaders.rf2.identifiers import (
    CORRELATIONS,
    DEFINED,
    DEFINITION,
    FSN,
    HISTORICAL,
    INFERRED,
    IS_A,
    LANGUAGE_REFSETS,
    MAP_SYSTEMS,
    PREFERRED,
    curie,
)
from loaders.rf2_files import FileKind
from loaders.sctid import ComponentKind

#: The rows of each kind of file: column → text.
Tables = Mapping[FileKind, Sequence[Mapping[str, str]]]


def small_release(concepts: int = 3000, seed: int = 1) -> list[Record]:
    """The records of all packages of a synthetic release, for tests that need some thousands of concepts."""
    return list(records(make_terminology(Shape(concepts, seed))))


def records(
    terminology: Terminology,
    *,
    version: int = LAST,
    packages: Sequence[str] = PACKAGES,
    languages: Sequence[str] = ("es", "en"),
) -> Iterator[Record]:
    """The records of the release at `version` that the packages make together.

    `languages` are keys of `LANGUAGE_REFSETS`, the preferred one first. Concepts come first, then terms,
    relations, successions, mappings and memberships; within each the order of the rows of the log.
    """
    tables = latest(terminology, version, packages)
    tags = _tags(tables, languages)
    for row in tables[rf2_files.CONCEPT]:
        yield Concept(
            curie(row["id"]),
            row["active"] == "1",
            tags.get(row["id"], ""),
            row["effectiveTime"],
            curie(row["moduleId"]),
            row["definitionStatusId"] == DEFINED,
        )
    yield from _terms(tables, languages)
    for row in active(tables, rf2_files.RELATIONSHIP) + active(tables, rf2_files.CONCRETE_VALUE):
        if row["characteristicTypeId"] == INFERRED:
            yield Relation(
                curie(row["sourceId"]),
                model.IS_A if row["typeId"] == IS_A else curie(row["typeId"]),
                curie(row["destinationId"]) if "destinationId" in row else row["value"],
                int(row["relationshipGroup"]),
                row["id"],
            )
    for row in active(tables, rf2_files.ASSOCIATION):
        if row["referencedComponentId"][-2] == ComponentKind.CONCEPT:
            kind = HISTORICAL[row["refsetId"]]
            retired, successor = row["referencedComponentId"], row["targetComponentId"]
            yield Succession(curie(retired), curie(successor), kind, row["id"])
    yield from _mappings(tables)
    for refset in (rf2_files.SIMPLE_REFSET, *DRUG_REFSETS):
        for row in active(tables, refset):
            yield Membership(curie(row["refsetId"]), curie(row["referencedComponentId"]), row["id"])


def latest(terminology: Terminology, version: int, packages: Sequence[str]) -> Tables:
    """The latest row of every component up to `version`, retired ones too."""
    numbers = [PACKAGES.index(package) for package in packages]
    tables: dict[FileKind, list[Mapping[str, str]]] = defaultdict(list)
    for log in terminology.logs():
        tables[log.kind] += _rows(log, version, numbers, terminology.shape.awkward)
    return tables


def active(tables: Tables, kind: FileKind) -> list[Mapping[str, str]]:
    """The rows of a kind that are active."""
    return [row for row in tables.get(kind, ()) if row["active"] == "1"]


def preferred_terms(tables: Tables, refset: str) -> dict[str, str]:
    """Concept → the term, FSN and definition aside, that a language refset prefers; SCTIDs."""
    preferred = {
        row["referencedComponentId"]
        for row in active(tables, rf2_files.LANGUAGE)
        if row["refsetId"] == refset and row["acceptabilityId"] == PREFERRED
    }
    return {
        row["conceptId"]: row["term"]
        for row in active(tables, rf2_files.DESCRIPTION)
        if row["id"] in preferred and row["typeId"] != FSN
    }


def _rows(log: Log, version: int, packages: Sequence[int], awkward: float) -> Iterator[Mapping[str, str]]:
    rows = log.latest(version, packages)
    components = log.component[rows]
    package = log.package[rows]
    blank = np.zeros(len(rows), np.bool_)
    for number in packages:
        blank |= (package == number) & blank_times(log, rows, number, awkward)
    dates = [
        "" if is_blank else DATES[at][when]
        for is_blank, at, when in zip(
            blank.tolist(), package.tolist(), log.version[rows].tolist(), strict=True
        )
    ]
    columns = [
        log.id_texts(rows).to_pylist(),
        dates,
        ["01"[is_active] for is_active in log.active[rows].tolist()],
        [MODULES[module] for module in log.modules[components].tolist()],
        *(column(rows, components).to_pylist() for column in log.columns),
    ]
    names = log.kind.header.split("\t")
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def _tags(tables: Tables, languages: Sequence[str]) -> dict[str, str]:
    """Concept → the bracket of its FSN, in the first of `languages` that has one."""
    codes = [language.partition("-")[0] for language in languages]
    tags: dict[str, str] = {}
    ranks: dict[str, int] = {}
    for row in active(tables, rf2_files.DESCRIPTION):
        concept, language = row["conceptId"], row["languageCode"]
        rank = codes.index(language) if language in codes else len(codes)
        if row["typeId"] == FSN and rank < ranks.get(concept, len(codes) + 1):
            tags[concept], ranks[concept] = row["term"].rpartition("(")[2].rstrip(")"), rank
    return tags


def _terms(tables: Tables, languages: Sequence[str]) -> Iterator[Term]:
    refsets: dict[str, tuple[str, ...]] = {}
    for language in languages:
        refsets.setdefault(language.partition("-")[0], LANGUAGE_REFSETS[language])
    members: dict[str, list[Acceptability]] = defaultdict(list)
    for row in active(tables, rf2_files.LANGUAGE):
        is_preferred = row["acceptabilityId"] == PREFERRED
        members[row["referencedComponentId"]].append(Acceptability(curie(row["refsetId"]), is_preferred))
    rows = active(tables, rf2_files.DESCRIPTION) + active(tables, rf2_files.TEXT_DEFINITION)
    chosen: dict[tuple[str, str], tuple[int, str]] = {}
    for row in rows:
        if row["typeId"] in (FSN, DEFINITION):
            continue
        for place, refset in enumerate(refsets.get(row["languageCode"], ())):
            if Acceptability(curie(refset), True) in members[row["id"]]:
                key = row["conceptId"], row["languageCode"]
                chosen[key] = min(chosen.get(key, (place, row["id"])), (place, row["id"]))
    preferred = {id for _, id in chosen.values()}
    kinds = {FSN: TermKind.FSN, DEFINITION: TermKind.DEFINITION}
    for row in rows:
        if row["languageCode"] in refsets:
            kind = TermKind.PREFERRED if row["id"] in preferred else TermKind.SYNONYM
            yield Term(
                curie(row["conceptId"]),
                row["term"],
                row["languageCode"],
                kinds.get(row["typeId"], kind),
                id=row["id"],
                acceptability=tuple(sorted(members[row["id"]])),
            )


def _mappings(tables: Tables) -> Iterator[model.Mapping]:
    """The rows of the maps that give a code; a few say that there is none."""
    for kind in (rf2_files.SIMPLE_MAP, rf2_files.COMPLEX_MAP, rf2_files.EXTENDED_MAP):
        for row in active(tables, kind):
            if row["mapTarget"]:
                system = MAP_SYSTEMS.get(row["refsetId"]) or f"SCTMAP{row['refsetId']}"
                yield model.Mapping(
                    curie(row["referencedComponentId"]),
                    f"{system}:{row['mapTarget']}",
                    CORRELATIONS.get(row.get("correlationId", ""), "xref"),
                    int(row.get("mapGroup", 0)),
                    int(row.get("mapPriority", 0)),
                    row.get("mapRule", ""),
                    row.get("mapAdvice", ""),
                    row["id"],
                )
