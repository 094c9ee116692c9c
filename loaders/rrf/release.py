"""Finding the files of a Metathesaurus release, and what MRFILES.RRF says that they hold.

A release is a folder, META mostly, or a zip; files are plain, gzip, or cut into parts as the publisher ships
them (MRCONSO.RRF.aa.gz, MRCONSO.RRF.ab.gz).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from loaders.errors import FormatMismatch, RowMalformed, SourceDamaged, SourceNotFound
from loaders.files import GZIP_MAGIC, SourceFile, is_zip, members, open_text, unpacked_size
from loaders.rrf.columns import CONCEPTS, FILES, READ, SOURCES, STANDARD

NAMED = "a UMLS Metathesaurus release in RRF"

_NAME = re.compile(r"(MR[A-Z]+\.RRF)(?:\.([a-z]{2}))?(?:\.gz)?", re.IGNORECASE)
#: The publisher's note that names the release.
_NOTE = "release.dat"
_NOTE_LINE = re.compile(r"umls\.release\.name\s*=\s*(\S+)")


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file of the release: its parts in order, its columns, and its rows and bytes as MRFILES.RRF has them."""

    name: str
    parts: tuple[SourceFile, ...]
    columns: tuple[str, ...]
    rows: int | None = None
    size_bytes: int | None = None

    @property
    def may_be_empty(self) -> bool:
        """Whether a file of no bytes can be right: a subset of the release may lack any rows but concepts."""
        return self.name != CONCEPTS

    def check(self, rows: int, size_bytes: int) -> None:
        """Hold what was read against MRFILES.RRF. Raises SourceDamaged."""
        if self.rows is not None and (rows, size_bytes) != (self.rows, self.size_bytes):
            self._differs(f"{rows:,} rows and {size_bytes:,} bytes", f"{self.rows:,} and {self.size_bytes:,}")

    def check_size(self) -> None:
        """As `check`, of bytes alone and before anything is read, where no part is compressed by itself."""
        sizes = [_plain_size(part) for part in self.parts]
        if self.size_bytes is not None and None not in sizes:
            found = sum(size for size in sizes if size is not None)
            if found != self.size_bytes:
                self._differs(f"{found:,} bytes", f"{self.size_bytes:,}")

    def _differs(self, found: str, expected: str) -> None:
        raise SourceDamaged(
            self.parts[0].name,
            f"{self.name} has {found}, and {FILES} says {expected}",
            todo=f"unpack the release again, or take {FILES} away to load it as it is",
        )


@dataclass(frozen=True, slots=True)
class Metathesaurus:
    """The files of one release by name, `MRCONSO.RRF` always among them."""

    path: Path
    tables: Mapping[str, TableFile]
    listed: bool
    """Whether there is an MRFILES.RRF."""
    note: SourceFile | None = None

    def table(self, name: str) -> TableFile | None:
        """The file of that name; None where the release lacks it."""
        return self.tables.get(name)

    def version(self) -> str:
        """The release's name, such as 2026AA, or "" where it does not tell."""
        if self.note is None:
            return ""
        with open_text(self.note) as lines:
            found = _NOTE_LINE.search(lines.read())
        return found[1] if found else ""

    def source_versions(self) -> str:
        """The current version of each source, as `SNOMEDCT_US 2026_03_01, …`; "" without MRSAB.RRF."""
        table = self.table(SOURCES)
        if table is None:
            return ""
        name, version, current = (table.columns.index(column) for column in ("RSAB", "SVER", "CURVER"))
        found = {}
        for part in table.parts:
            with open_text(part) as lines:
                for line in lines:
                    fields = line.split("|")
                    if len(fields) > len(table.columns) and fields[current] == "Y":
                        found[fields[name]] = fields[version]
        return ", ".join(f"{source} {version}".strip() for source, version in sorted(found.items()))


def recognises(path: Path) -> bool:
    """Whether a file at `path` (a folder, or a zip) is called MRCONSO.RRF, compressed or not."""
    return any(found[1].upper() == CONCEPTS for _, found in _named(path))


def find(path: Path) -> Metathesaurus:
    """The files of the release in a zip, or anywhere below a folder.

    Raises FormatMismatch where there is none or more than one, or where MRFILES.RRF names other columns
    than a file must have; RowMalformed where MRFILES.RRF is not as it should be; SourceNotFound where it
    lists a file that is not there; SourceDamaged where a file is not as long as it says.
    """
    folders: dict[str, dict[str, dict[str, SourceFile]]] = defaultdict(lambda: defaultdict(dict))
    for file, found in _named(path):
        folders[_folder(file)][found[1].upper()][_order(file, found)] = file
    whole = sorted(folder for folder, tables in folders.items() if CONCEPTS in tables)
    if not whole:
        raise FormatMismatch(path, NAMED, f"it holds no {CONCEPTS}")
    if len(whole) > 1:
        raise FormatMismatch(path, NAMED, f"it holds several {CONCEPTS}, in {' and in '.join(whole)}")
    tables = {name: _parts(name, files) for name, files in folders[whole[0]].items()}
    listed = _listed(tables[FILES]) if FILES in tables else None
    made = {}
    for name in READ:
        row = listed.get(name) if listed is not None else None
        if name in tables:
            columns, rows, size = row or (STANDARD[name], None, None)
            made[name] = TableFile(name, tables[name], columns, rows, size)
            made[name].check_size()
        elif row and row[1]:
            raise SourceNotFound(
                f"{path}/{name}",
                f"there is no such file, and {FILES} lists it with {row[1]:,} rows",
                f"put it there, or take {FILES} away to load what there is",
            )
    return Metathesaurus(path, made, listed is not None, _note(path, tables[CONCEPTS][0]))


def loaded_files(path: Path) -> list[tuple[Path, str]]:
    """The files on disk that a load of `path` reads, each with its version.

    MRSAB.RRF has the versions of all sources; the others, and a zip, have that of the release.
    """
    release = find(path)
    version = release.version()
    found = {part.path: version for table in release.tables.values() for part in table.parts}
    sources = release.table(SOURCES)
    if sources and not sources.parts[0].member:
        found[sources.parts[0].path] = release.source_versions()
    return sorted(found.items())


def _named(path: Path) -> Iterator[tuple[SourceFile, re.Match[str]]]:
    """The files below `path` whose names are those of a release."""
    if path.is_dir():
        files = [SourceFile(file) for file in sorted(path.rglob("*")) if _NAME.fullmatch(file.name)]
        files = [file for file in files if file.path.is_file()]
    elif is_zip(path):
        # Archives made on macOS hold a shadow of each file below __MACOSX.
        names = [name for name in sorted(members(path)) if not name.startswith("__MACOSX/")]
        files = [SourceFile(path, name) for name in names]
    else:
        return
    for file in files:
        found = _NAME.fullmatch(_base(file))
        if found:
            yield file, found


def _base(file: SourceFile) -> str:
    return PurePosixPath(file.member).name if file.member else file.path.name


def _folder(file: SourceFile) -> str:
    return str(PurePosixPath(file.member).parent if file.member else file.path.parent)


def _order(file: SourceFile, found: re.Match[str]) -> str:
    """A whole file's key is "", or "gz" where compressed; a part's are its letters."""
    return (found[2] or "").lower() or ("gz" if _base(file).lower().endswith(".gz") else "")


def _parts(name: str, files: Mapping[str, SourceFile]) -> tuple[SourceFile, ...]:
    """The whole file if it is there, else its parts. Raises SourceNotFound where one is missing before another."""
    for key in ("", "gz"):
        if key in files:
            return (files[key],)
    letters = sorted(files)
    for place, found in enumerate(letters):
        expected = chr(ord("a") + place // 26) + chr(ord("a") + place % 26)
        if found != expected:
            raise SourceNotFound(
                f"{_folder(files[found])}/{name}.{expected}",
                f"there is a part {found} and none {expected}",
                "put all parts into one folder",
            )
    return tuple(files[key] for key in letters)


_Listed = Mapping[str, tuple[tuple[str, ...], int, int]]


def _listed(parts: Sequence[SourceFile]) -> _Listed:
    """MRFILES.RRF: the columns, rows and bytes of each file."""
    fil, _, fmt, _, rws, bts = range(6)
    listed = {}
    for part in parts:
        with open_text(part) as lines:
            for row, line in enumerate(lines, start=1):
                fields = line.rstrip("\r\n").split("|")
                if len(fields) != len(STANDARD[FILES]) + 1:
                    raise RowMalformed(part.name, row, f"has {len(fields) - 1} columns instead of six")
                if not (fields[rws].isdecimal() and fields[bts].isdecimal()):
                    raise RowMalformed(part.name, row, "has no numbers in its columns RWS and BTS")
                name, columns = fields[fil], tuple(fields[fmt].split(","))
                missing = [column for column in READ.get(name, ()) if column not in columns]
                if missing:
                    raise FormatMismatch(
                        part.name, NAMED, f"the columns of {name} lack {', '.join(missing)}", row=row
                    )
                listed[name] = (columns, int(fields[rws]), int(fields[bts]))
    return listed


def _plain_size(part: SourceFile) -> int | None:
    """How many bytes a part holds; None where it must be unpacked to tell."""
    if part.member:
        if part.member.lower().endswith(".gz"):
            return None
        return unpacked_size(part)
    with part.path.open("rb") as content:
        return None if content.read(2) == GZIP_MAGIC else part.path.stat().st_size


def _note(path: Path, beside: SourceFile) -> SourceFile | None:
    if beside.member:
        name = str(PurePosixPath(beside.member).with_name(_NOTE))
        return SourceFile(path, name) if name in members(path) else None
    note = beside.path.with_name(_NOTE)
    return SourceFile(note) if note.is_file() and note.stat().st_size else None
