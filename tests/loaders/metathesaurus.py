"""Small Metathesaurus releases for tests: rows by the names of their columns, files as the publisher writes them."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from graph.batches import records_of
from graph.model import IS_A, Concept, Record, Relation, Term
from loaders import rrf
from loaders.rejections import Rejections
from loaders.rrf import columns

#: What a row has in the columns that a test does not name.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    columns.CONCEPTS: {
        "LAT": "ENG", "TS": "P", "LUI": "L0000001", "STT": "PF", "SUI": "S0000001", "ISPREF": "Y", "SAB": "MTH",
        "TTY": "PN", "CODE": "NOCODE", "SRL": "0", "SUPPRESS": "N", "CVF": "256",
    },
    columns.DEFINITIONS: {"AUI": "A0000001", "ATUI": "AT00000001", "SAB": "MTH", "SUPPRESS": "N"},
    columns.TYPES: {"STN": "A1", "ATUI": "AT00000002"},
    columns.RELATIONS: {"REL": "RO", "STYPE1": "CUI", "STYPE2": "CUI", "SAB": "MTH", "SUPPRESS": "N"},
    columns.CONTEXTS: {"CXN": "1"},
    columns.RANKS: {"SUPPRESS": "N"},
    columns.SOURCES: {"CURVER": "Y"},
}  # fmt: skip

Row = Mapping[str, str]


def line(file: str, row: Row) -> str:
    """A row as it stands in its file."""
    unknown = row.keys() - set(columns.STANDARD[file])
    assert not unknown, f"{file} has no {unknown}"
    return (
        "".join(f"{row.get(name, DEFAULTS[file].get(name, ''))}|" for name in columns.STANDARD[file]) + "\n"
    )


class Release:
    """The rows of a release to be written, by file. `MRCONSO.RRF` is there even without rows."""

    def __init__(self) -> None:
        self.rows: dict[str, list[str]] = {columns.CONCEPTS: []}
        self._auis = 0

    def add(self, file: str, **row: str) -> Release:
        """Add a row."""
        self.rows.setdefault(file, []).append(line(file, row))
        return self

    def atom(self, cui: str, text: str, **row: str) -> Release:
        """Add a row to MRCONSO.RRF; it gets the next AUI unless one is named."""
        self._auis += 1
        return self.add(columns.CONCEPTS, **{"AUI": f"A{self._auis:07}", "CUI": cui, "STR": text, **row})

    def relation(self, first: str, rel: str, second: str, rela: str = "", **row: str) -> Release:
        """Add a row to MRREL.RRF: what the second concept is to the first."""
        return self.add(columns.RELATIONS, CUI1=first, REL=rel, CUI2=second, RELA=rela, **row)

    def rank(self, *pairs: tuple[str, str]) -> Release:
        """Write MRRANK.RRF: sources and term types, the most preferred first."""
        for place, (source, type) in enumerate(pairs):
            self.add(columns.RANKS, RANK=f"{len(pairs) - place:04}", SAB=source, TTY=type)
        return self

    def contents(self, *, listed: bool = True) -> dict[str, bytes]:
        """The files by name, MRFILES.RRF with them unless not `listed`."""
        files = {name: "".join(rows).encode() for name, rows in self.rows.items()}
        if listed:
            files[columns.FILES] = files_table(files)
        return files

    def write(self, folder: Path, *, listed: bool = True) -> Path:
        """Write `folder`/META and answer `folder`."""
        return write(folder, self.contents(listed=listed))


def files_table(files: Mapping[str, bytes]) -> bytes:
    """MRFILES.RRF for some files."""
    rows = []
    for name, content in files.items():
        names, count = columns.STANDARD[name], content.count(b"\n")
        rows.append(f"{name}|what it is|{','.join(names)}|{len(names)}|{count}|{len(content)}|\n")
    return "".join(rows).encode()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into `folder`/META and answer `folder`."""
    meta = folder / "META"
    meta.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (meta / name).write_bytes(content)
    return folder


def write_gzip(folder: Path, files: Mapping[str, bytes]) -> Path:
    """As `write`, each file compressed."""
    return write(folder, {f"{name}.gz": gzip.compress(content) for name, content in files.items()})


def write_zip(path: Path, files: Mapping[str, bytes], inside: str = "2026AA/META") -> Path:
    """Write a zip of a release."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{inside}/{name}", content)
    return path


def read(
    path: Path,
    *languages: str,
    sources: Sequence[str] = (),
    hierarchy: Sequence[str] = (),
) -> tuple[list[Record], Rejections]:
    """All records of a release, one by one, and what was rejected."""
    rejections = Rejections()
    batches = rrf.read(
        path, rejections, languages=languages or ("es", "en"), sources=sources, hierarchy_sources=hierarchy
    )
    return [record for batch in batches for record in records_of(batch)], rejections


def left_out(rejections: Rejections) -> dict[str, int]:
    """What was left out, but for the files that a small release does not have."""
    return {
        why: rows for why, rows in rejections.left_out.items() if not why.startswith("the release has no ")
    }


def concepts(records: Sequence[Record]) -> dict[str, str]:
    """The concepts' CUIs and their semantic tags."""
    return {cui(r.id): r.semantic_tag for r in records if isinstance(r, Concept)}


def terms(records: Sequence[Record]) -> list[tuple[str, str, str, str]]:
    """CUI, language, kind and text of each term."""
    return [(cui(r.concept), r.language, r.kind.value, r.text) for r in records if isinstance(r, Term)]


def is_a(records: Sequence[Record]) -> set[tuple[str, str]]:
    """The CUIs of child and parent of each is-a relation; none may be given twice."""
    found = [(cui(r.source), cui(r.target)) for r in records if isinstance(r, Relation) and r.type == IS_A]
    assert len(found) == len(set(found))
    return set(found)


def relations(records: Sequence[Record]) -> set[tuple[str, str, str]]:
    """Source, type and target of the other relations; none may be given twice."""
    found = [
        (cui(r.source), r.type, cui(r.target)) for r in records if isinstance(r, Relation) and r.type != IS_A
    ]
    assert len(found) == len(set(found))
    return set(found)


def cui(id: str) -> str:
    """The CUI of a concept's id."""
    return id.removeprefix("UMLS:")
