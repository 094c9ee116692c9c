"""A reader of small Metathesaurus releases that is plain to check: rows as dictionaries, a loop a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loaders.rrf import columns
from loaders.rrf.vocabulary import LANGUAGES, system

Row = Mapping[str, str]
Rows = Mapping[str, Sequence[Row]]
SUPPRESSED = ("O", "E", "Y")


@dataclass(frozen=True)
class Expected:
    """What a release must give; is-a with the relations that close cycles."""

    tags: dict[str, str]
    terms: set[tuple[str, str, str, str, str]]
    codes: set[tuple[str, str]]
    relations: set[tuple[str, str, str]]
    is_a: set[tuple[str, str]]


def parse(contents: Mapping[str, bytes]) -> Rows:
    """The rows of files by the standard columns."""
    rows: dict[str, list[Row]] = {name: [] for name in columns.READ}
    for name, content in contents.items():
        for line in content.decode().split("\n")[:-1]:
            fields = line.split("|")
            assert fields.pop() == ""
            rows.setdefault(name, []).append(dict(zip(columns.STANDARD[name], fields, strict=True)))
    return rows


def expected(
    rows: Rows,
    languages: Sequence[str] = ("es", "en"),
    sources: Sequence[str] = (),
    hierarchy: str = "SNOMEDCT_US",
) -> Expected:
    """Read a release whose hierarchy comes from one source."""

    def wanted(row: Row) -> bool:
        return row["SUPPRESS"] not in SUPPRESSED and (not sources or row["SAB"] in sources)

    ranks = {(row["SAB"], row["TTY"]): int(row["RANK"]) for row in rows[columns.RANKS]}
    known = {row["CUI"] for row in rows[columns.CONCEPTS]}
    atoms = [
        row
        for row in rows[columns.CONCEPTS]
        if wanted(row) and LANGUAGES[row["LAT"]] in languages and row["STR"]
    ]
    concepts = {row["CUI"] for row in atoms}

    def preference(row: Row) -> tuple[int, bool, bool, bool, int]:
        flags = (row["ISPREF"] != "Y", row["TS"] != "P", row["STT"] != "PF")
        return (-ranks.get((row["SAB"], row["TTY"]), 0), *flags, int(row["AUI"][1:]))

    terms, said, named = set(), set(), set()
    for row in sorted(atoms, key=preference):
        cui, language, text = row["CUI"], LANGUAGES[row["LAT"]], row["STR"]
        if (cui, language, text) not in said:
            kind = "synonym" if (cui, language) in named else "preferred"
            terms.add((cui, language, kind, text, row["AUI"]))
            said.add((cui, language, text))
            named.add((cui, language))

    said = set()
    for row in sorted(rows[columns.DEFINITIONS], key=lambda row: row["ATUI"]):
        tongues = [atom["LAT"] for atom in rows[columns.CONCEPTS] if atom["SAB"] == row["SAB"]]
        language = LANGUAGES[tongues[0]] if tongues else ""
        key = (row["CUI"], language, row["DEF"])
        if row["CUI"] in concepts and wanted(row) and language in languages and key not in said:
            terms.add((row["CUI"], language, "definition", row["DEF"], row["ATUI"]))
            said.add(key)

    tags, relations = dict.fromkeys(concepts, ""), set()
    for row in sorted(rows[columns.TYPES], key=lambda row: row["TUI"]):
        if row["CUI"] in concepts:
            tags[row["CUI"]] = tags[row["CUI"]] or row["STY"]
            relations.add((row["CUI"], "UMLS:STY", f"STY:{row['TUI']}"))

    codes = set()
    for row in rows[columns.CONCEPTS]:
        prefix = system(row["SAB"])
        code = row["SCUI"] if prefix == "SNOMEDCT" else row["CODE"]
        if row["CUI"] in concepts and wanted(row) and code not in ("", "NOCODE"):
            codes.add((row["CUI"], code if code.startswith(f"{prefix}:") else f"{prefix}:{code}"))

    is_a = set()
    for row in rows[columns.RELATIONS]:
        first, second = row["CUI1"], row["CUI2"]
        if row["SUPPRESS"] in SUPPRESSED or not {first, second} <= known:
            continue
        tree = row["SAB"] == hierarchy and row["RELA"] in ("", "isa", "inverse_isa")
        if tree and row["REL"] == "PAR":
            is_a.add((first, second))
        elif tree and row["REL"] == "CHD":
            is_a.add((second, first))
        elif wanted(row) and first != second and {first, second} <= concepts:
            relations.add((second, f"UMLS:{row['RELA'] or row['REL']}", first))
    owners = {row["AUI"]: row["CUI"] for row in rows[columns.CONCEPTS] if row["SAB"] == hierarchy}
    for row in rows[columns.CONTEXTS]:
        is_kind = row["SAB"] == hierarchy and row["RELA"] in ("", "isa", "inverse_isa")
        if is_kind and row["PAUI"] in owners and row["CUI"] in known:
            is_a.add((row["CUI"], owners[row["PAUI"]]))
    return Expected(
        tags,
        terms,
        codes,
        relations,
        {(child, parent) for child, parent in is_a if child != parent and child in concepts},
    )
