"""RF2 read the slow and obvious way, a row at a time with everything in dictionaries: what the loader is held to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from graph.model import (
    IS_A,
    Acceptability,
    Concept,
    Mapping,
    Membership,
    Record,
    Relation,
    Succession,
    Term,
    TermKind,
)
from loaders.files import open_text
from loaders.rf2.identifiers import (
    CORRELATIONS,
    DEFINED,
    DEFINITION,
    FSN,
    HISTORICAL,
    INFERRED,
    LANGUAGE_REFSETS,
    MAP_SYSTEMS,
    PREFERRED,
    SYNONYM,
)
from loaders.rf2.package import COLUMNS, Kind, find
from loaders.tables import read_rows

_KINDS = {FSN: TermKind.FSN, SYNONYM: TermKind.SYNONYM, DEFINITION: TermKind.DEFINITION}


@dataclass
class Row:
    """A row of a file; `[]` gives a field by its column."""

    file: str
    line: int
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.fields[column]


@dataclass
class Naive:
    """The records and the rejected rows (file, line, reason, value) of packages."""

    paths: Sequence[Path]
    languages: Sequence[str]
    as_of: str = ""
    records: list[Record] = field(default_factory=list)
    rejected: list[tuple[str, int, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.package = find(self.paths, "Full" if self.as_of else "Snapshot")
        self.concepts = {row["id"]: row for row in self.latest(Kind.CONCEPT)}
        self.acceptability = self.acceptabilities()
        descriptions = [row for row in self.latest(Kind.DESCRIPTION) if row["active"] == "1"]
        self.add_concepts(descriptions)
        self.add_terms(descriptions)
        self.add_relations()
        self.add_refsets()

    def latest(self, kind: Kind) -> list[Row]:
        """The row that holds of each component, retired or not, in the order of the files."""
        best: dict[str, tuple[tuple[bool, str], int, Row]] = {}
        for number, row in enumerate(self.rows(kind)):
            time = row["effectiveTime"].strip()
            if self.as_of and not (time and time <= self.as_of):
                continue
            rank = (time == "", time)
            if row["id"] not in best or rank >= best[row["id"]][0]:
                best[row["id"]] = (rank, number, row)
        return [row for _, _, row in sorted(best.values(), key=lambda found: found[1])]

    def active(self, kind: Kind) -> Iterator[Row]:
        return (row for row in self.latest(kind) if row["active"] == "1")

    def rows(self, kind: Kind) -> Iterator[Row]:
        columns = COLUMNS[kind]
        optional = ["correlationId"] if kind is Kind.SIMPLE_MAP else ["nothing"]
        for file in self.package.of(kind):
            with open_text(file) as lines:
                for line, row in read_rows(lines, file=file.name, columns=columns, optional=optional):
                    yield Row(file.name, line, dict(zip((*columns, *optional), row, strict=True)))

    def reject(self, row: Row, reason: str, value: str) -> None:
        self.rejected.append((row.file, row.line, reason, value))

    def acceptabilities(self) -> dict[str, dict[str, bool]]:
        found: dict[str, dict[str, bool]] = defaultdict(dict)
        for row in self.active(Kind.LANGUAGE):
            of = found[row["referencedComponentId"]]
            of[row["refsetId"]] = of.get(row["refsetId"], False) or row["acceptabilityId"] == PREFERRED
        return found

    def asked(self) -> dict[str, list[str]]:
        """Language → refsets in order."""
        orders: dict[str, list[str]] = {}
        for tag in self.languages:
            code = tag.lower().split("-")[0]
            refsets = LANGUAGE_REFSETS.get(tag.lower(), LANGUAGE_REFSETS.get(code, ()))
            orders.setdefault(code, []).extend(refsets)
        return {code: list(dict.fromkeys(order)) for code, order in orders.items()}

    def add_concepts(self, descriptions: list[Row]) -> None:
        languages = [*self.asked()]
        for id, row in self.concepts.items():
            fsns = [d for d in descriptions if d["conceptId"] == id and d["typeId"] == FSN]
            fsns.sort(
                key=lambda d: (
                    languages.index(d["languageCode"]) if d["languageCode"] in languages else 99,
                    int(d["id"]),
                )
            )
            bracket = re.search(r"\(([^()]+)\)\s*$", fsns[0]["term"]) if fsns else None
            self.records.append(
                Concept(
                    f"SNOMEDCT:{id}",
                    row["active"] == "1",
                    bracket[1].strip() if bracket else "",
                    row["effectiveTime"].strip(),
                    f"SNOMEDCT:{row['moduleId']}" if row["moduleId"] else "",
                    row["definitionStatusId"] == DEFINED,
                )
            )

    def add_terms(self, descriptions: list[Row]) -> None:
        asked = self.asked()
        place = {refset: order.index(refset) for order in asked.values() for refset in order}
        best: dict[tuple[str, str], tuple[int, int]] = {}
        for row in descriptions:
            held = self.acceptability.get(row["id"], {})
            ranks = [place.get(refset, 100) for refset, preferred in held.items() if preferred]
            if row["typeId"] == SYNONYM and row["languageCode"] in asked and ranks:
                key = (row["conceptId"], row["languageCode"])
                rank = (min(ranks), int(row["id"]))
                best[key] = min(best.get(key, rank), rank)
        for row in descriptions:
            if row["languageCode"] not in asked:
                continue
            kind = _KINDS.get(row["typeId"])
            if kind is None:
                self.reject(row, "the description's type is not known", row["typeId"])
            elif not row["term"]:
                self.reject(row, "the description has no text", row["id"])
            elif row["conceptId"] not in self.concepts:
                self.reject(row, "the description's concept is not in the package", row["conceptId"])
            else:
                chosen = best.get((row["conceptId"], row["languageCode"]))
                if kind is TermKind.SYNONYM and chosen is not None and chosen[1] == int(row["id"]):
                    kind = TermKind.PREFERRED
                held = self.acceptability.get(row["id"], {})
                self.records.append(
                    Term(
                        f"SNOMEDCT:{row['conceptId']}",
                        row["term"],
                        row["languageCode"],
                        kind,
                        id=row["id"],
                        acceptability=tuple(
                            sorted(Acceptability(f"SNOMEDCT:{refset}", is_) for refset, is_ in held.items())
                        ),
                    )
                )

    def add_relations(self) -> None:
        for kind, end in ((Kind.RELATIONSHIP, "destinationId"), (Kind.CONCRETE_VALUE, "value")):
            for row in self.active(kind):
                if row["characteristicTypeId"] != INFERRED:
                    continue
                ends = [row["sourceId"]] + [row[end]] * (kind is Kind.RELATIONSHIP)
                absent = [id for id in ends if id not in self.concepts]
                if absent:
                    self.reject(row, "an end of the relationship is not in the package", absent[0])
                    continue
                if kind is Kind.CONCRETE_VALUE and not re.fullmatch(
                    r'#[+-]?\d+(\.\d+)?|".*"|true|false', row["value"]
                ):
                    wrong = "the value is no #number, no text in quotes, and not true or false"
                    self.reject(row, wrong, row["value"])
                    continue
                self.records.append(
                    Relation(
                        f"SNOMEDCT:{row['sourceId']}",
                        IS_A if row["typeId"] == "116680003" else f"SNOMEDCT:{row['typeId']}",
                        row[end] if kind is Kind.CONCRETE_VALUE else f"SNOMEDCT:{row[end]}",
                        int(row["relationshipGroup"]),
                        row["id"],
                    )
                )

    def add_refsets(self) -> None:
        for row in self.active(Kind.ASSOCIATION):
            retired, successor = row["referencedComponentId"], row["targetComponentId"]
            kind = HISTORICAL.get(row["refsetId"])
            if kind is None or retired[-3:-1] in ("01", "11"):
                continue
            absent = [id for id in (retired, successor) if id not in self.concepts]
            if absent:
                self.reject(row, "a concept of the association is not in the package", absent[0])
            else:
                ends = (f"SNOMEDCT:{retired}", f"SNOMEDCT:{successor}")
                self.records.append(Succession(*ends, kind, row["id"]))
        for map_kind in (Kind.SIMPLE_MAP, Kind.EXTENDED_MAP):
            for row in self.active(map_kind):
                self.add_mapping(row, map_kind)
        for row in self.active(Kind.SUBSET):
            member = row["referencedComponentId"]
            if member[-3:-1] in ("01", "11", "02", "12"):
                continue
            if member not in self.concepts:
                self.reject(row, "the refset's member is not in the package", member)
            else:
                self.records.append(
                    Membership(f"SNOMEDCT:{row['refsetId']}", f"SNOMEDCT:{member}", row["id"])
                )

    def add_mapping(self, row: Row, kind: Kind) -> None:
        component = row["referencedComponentId"]
        if component[-3:-1] in ("01", "11"):
            return
        if component not in self.concepts:
            self.reject(row, "the mapped concept is not in the package", component)
        elif not row["mapTarget"].strip():
            self.reject(row, "the map gives the concept no code", component)
        else:
            system = MAP_SYSTEMS.get(row["refsetId"], f"SCTMAP{row['refsetId']}")
            extended = kind is Kind.EXTENDED_MAP
            self.records.append(
                Mapping(
                    f"SNOMEDCT:{component}",
                    f"{system}:{row['mapTarget'].strip()}",
                    CORRELATIONS.get(row["correlationId"], "xref"),
                    int(row["mapGroup"]) if extended else 0,
                    int(row["mapPriority"]) if extended else 0,
                    row["mapRule"] if extended else "",
                    row["mapAdvice"] if extended else "",
                    row["id"],
                )
            )
