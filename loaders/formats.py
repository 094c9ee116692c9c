"""The formats that can be loaded, listed in one place, and `load`, which reads any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from graph.model import CURIE, Concept, Record, Source
from loaders import babelon, disease_ontology, gazetteer, obograph, rf2
from loaders.errors import FormatMismatch, FormatUnknown, OptionMismatch, SourceNotFound
from loaders.files import SourceFile, sha256
from loaders.rejections import Rejections

DEFAULT_LANGUAGES = ("es", "en")


@dataclass(frozen=True, slots=True)
class Options:
    """What a format's reader may be told. `languages` come in order of preference."""

    prefix: str | None = None
    languages: tuple[str, ...] = DEFAULT_LANGUAGES


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is told, and the functions that read it.

    `read` gives the records; `files` the files that it will read, each with its version or "".
    """

    description: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, Options, Rejections], Iterator[Record]]
    files: Callable[[Path], list[tuple[Path, str]]]
    takes_prefix: bool = False
    requires_prefix: bool = False
    takes_translations: bool = False


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """An opened source. `rejected` fills while `records`, which can be consumed once, are read."""

    records: Iterator[Record]
    sources: tuple[Source, ...]
    rejected: Rejections = field(default_factory=Rejections)


def _single(version: Callable[[SourceFile], str]) -> Callable[[Path], list[tuple[Path, str]]]:
    return lambda path: [(path, version(SourceFile(path)))]


FORMATS: MappingProxyType[str, Format] = MappingProxyType(
    {
        "rf2": Format(
            "SNOMED CT RF2 snapshot: a release folder, its zip, or a folder of several",
            recognises=rf2.recognises,
            read=lambda path, options, rejections: rf2.read(path, rejections, languages=options.languages),
            files=rf2.loaded_files,
        ),
        "obograph": Format(
            "OBO Graphs JSON, plain or gzip: HPO, DO, MONDO and other open ontologies",
            recognises=lambda path: path.is_file() and obograph.recognises(SourceFile(path)),
            read=lambda path, options, rejections: obograph.read(
                SourceFile(path), rejections, prefix=options.prefix, languages=options.languages
            ),
            files=_single(obograph.version),
            takes_prefix=True,
            takes_translations=True,
        ),
        "do-tables": Format(
            "a folder of the Disease Ontology's tables: HumanDO.tsv, allXREFinDO.tsv, doid-*.tsv",
            recognises=disease_ontology.recognises,
            read=lambda path, options, rejections: disease_ontology.read(
                path, rejections, languages=options.languages
            ),
            files=disease_ontology.files,
        ),
        "gazetteer": Format(
            "a table of terms with the columns code, language, term, semantic_tag, mainterm, plain or gzip",
            recognises=lambda path: path.is_file() and gazetteer.recognises(SourceFile(path)),
            read=lambda path, options, rejections: gazetteer.read(
                SourceFile(path), rejections, prefix=options.prefix or "", languages=options.languages
            ),
            files=_single(lambda file: ""),
            takes_prefix=True,
            requires_prefix=True,
        ),
    }
)


def detect_format(path: Path) -> str:
    """The name of the format of a file, folder or zip, told by its content.

    Raises SourceNotFound, SourceEmpty, SourceDamaged, and FormatUnknown with the names of all formats.
    """
    if not path.exists():
        raise SourceNotFound(path)
    for name, format in FORMATS.items():
        if format.recognises(path):
            return name
    raise FormatUnknown(path, FORMATS)


def load(
    path: Path,
    *,
    format: str | None = None,
    translations: Sequence[Path] = (),
    prefix: str | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
) -> LoadedSource:
    """Open a terminology. Files are checked and hashed here; records are read as they are consumed.

    `format` is a name in `FORMATS`, or None to tell it by content. `translations` are Babelon files.
    `prefix` begins the ids of a format that has none of its own (gazetteer), or keeps only the classes
    that have it (obograph). `languages` are BCP 47 tags, the preferred one first; terms in others are
    left out.

    Raises a LoadError: at once for a path, format or option that is wrong, and from `records` for a
    file that turns out to be damaged.
    """
    if not path.exists():
        raise SourceNotFound(path)
    if format is not None and format not in FORMATS:
        raise FormatUnknown(path, FORMATS, asked=format)
    name = format or detect_format(path)
    chosen = FORMATS[name]
    _check_options(path, name, chosen, translations, prefix, languages)
    for translation in translations:
        if not babelon.recognises(SourceFile(translation)):
            raise FormatMismatch(translation, "a Babelon table", "its header lacks Babelon's columns")
    rejections = Rejections()
    options = Options(prefix, tuple(languages))
    read = [_source(file, name, version) for file, version in chosen.files(path)]
    read += [_source(translation, "babelon", "") for translation in translations]
    records = chosen.read(path, options, rejections)
    if translations:
        records = _translated(records, translations, rejections, languages)
    return LoadedSource(records, tuple(read), rejections)


def _check_options(
    path: Path,
    name: str,
    format: Format,
    translations: Sequence[Path],
    prefix: str | None,
    languages: Sequence[str],
) -> None:
    if translations and not format.takes_translations:
        raise OptionMismatch(
            path, f"Translations do not go with the format {name}; leave them out, or load an ontology."
        )
    if prefix is not None and not format.takes_prefix:
        raise OptionMismatch(
            path, f"A prefix does not go with the format {name}, whose ids have one; leave it out."
        )
    if prefix is None and format.requires_prefix:
        raise OptionMismatch(
            path, f"The format {name} needs a prefix for the ids of {str(path)!r}; give one such as SNOMEDCT."
        )
    if prefix is not None and not prefix.replace("_", "").replace(".", "").replace("-", "").isalnum():
        raise OptionMismatch(
            path, f"The prefix {prefix!r} cannot begin an id; use letters and digits only, such as SNOMEDCT."
        )
    if isinstance(languages, str) or not languages:
        raise OptionMismatch(path, "No language is named; give a list of codes such as es and en.")


def _source(path: Path, format: str, version: str) -> Source:
    return Source(path.name, format, sha256(path), path.stat().st_size, version)


def _translated(
    records: Iterator[Record], translations: Sequence[Path], rejections: Rejections, languages: Sequence[str]
) -> Iterator[Record]:
    concepts: set[CURIE] = set()
    for record in records:
        if isinstance(record, Concept):
            concepts.add(record.id)
        yield record
    files = [SourceFile(path) for path in translations]
    yield from babelon.read(files, concepts, rejections, languages=languages)
