"""The formats that can be loaded, listed in one place, and `load`, which reads any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeAlias

from graph.batches import RecordBatch, RecordOrBatch
from graph.model import CURIE, Concept, Record, Source
from loaders import babelon, disease_ontology, gazetteer, obo, obograph, owl, rf2, rrf, skos
from loaders.errors import FormatMismatch, FormatUnknown, OptionMismatch, SourceNotFound
from loaders.files import SourceFile, sha256
from loaders.options import DEFAULT_LANGUAGES, Base, Options, is_date
from loaders.rejections import Rejections

#: The paths of one import; one only, unless the format `takes_several`.
Paths: TypeAlias = tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is told, and the functions that read it.

    `read` gives the records; `files` the files that it will read, each with its version or "". Both get
    all paths of the import. An option that is not in `takes` is refused before anything is read.
    """

    description: str
    recognises: Callable[[Path], bool]
    read: Callable[[Paths, Options, Rejections], Iterator[RecordOrBatch]]
    files: Callable[[Paths, Options], list[tuple[Path, str]]]
    takes: tuple[str, ...] = ()
    """The fields of `Options` that it knows, besides `languages`; and `translations`."""
    requires: tuple[str, ...] = ()
    takes_several: bool = False


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """An opened source. `rejected` fills while `records`, which can be consumed once, are read."""

    records: Iterator[RecordOrBatch]
    sources: tuple[Source, ...]
    rejected: Rejections = field(default_factory=Rejections)
    asked: Mapping[str, str] = field(default_factory=dict)
    """The format and the options that it is read with, as text, for a report."""


def _single(version: Callable[[SourceFile], str]) -> Callable[[Paths, Options], list[tuple[Path, str]]]:
    return lambda paths, options: [(paths[0], version(SourceFile(paths[0])))]


class _OntologyReader(Protocol):
    """Reads one file of classes or concepts."""

    def __call__(
        self,
        file: SourceFile,
        rejections: Rejections,
        *,
        prefix: str | None = None,
        languages: Sequence[str],
    ) -> Iterator[Record]: ...


def _ontology(
    description: str,
    recognises: Callable[[SourceFile], bool],
    version: Callable[[SourceFile], str],
    read: _OntologyReader,
) -> Format:
    return Format(
        description,
        recognises=lambda path: path.is_file() and recognises(SourceFile(path)),
        read=lambda paths, options, rejections: read(
            SourceFile(paths[0]), rejections, prefix=options.prefix, languages=options.languages
        ),
        files=_single(version),
        takes=("prefix", "translations"),
    )


FORMATS: MappingProxyType[str, Format] = MappingProxyType(
    {
        "rf2": Format(
            "SNOMED CT RF2: release folders, their zips, or a folder of several; Snapshot, Full or Delta",
            recognises=rf2.recognises,
            read=lambda paths, options, rejections: rf2.read(
                paths, rejections, languages=options.languages, as_of=options.as_of, base=options.base
            ),
            files=lambda paths, options: rf2.loaded_files(
                paths, rf2.release_type(options.as_of, options.base)
            ),
            takes=("as_of", "base"),
            takes_several=True,
        ),
        "rrf": Format(
            "UMLS Metathesaurus RRF: the folder META, or a zip of it",
            recognises=rrf.recognises,
            read=lambda paths, options, rejections: rrf.read(
                paths[0],
                rejections,
                languages=options.languages,
                sources=options.sources,
                hierarchy_sources=options.hierarchy_sources,
            ),
            files=lambda paths, options: rrf.loaded_files(paths[0]),
            takes=("sources", "hierarchy_sources"),
        ),
        "obograph": _ontology(
            "OBO Graphs JSON, plain or gzip: HPO, DO, MONDO and other open ontologies",
            obograph.recognises,
            obograph.version,
            obograph.read,
        ),
        "obo": _ontology("an OBO flat file, plain or gzip", obo.recognises, obo.version, obo.read),
        "owl": _ontology(
            "an OWL ontology as RDF/XML, Turtle or N-Triples, plain or gzip",
            owl.recognises,
            owl.version,
            owl.read,
        ),
        "skos": _ontology(
            "a SKOS concept scheme as RDF/XML, Turtle or N-Triples, plain or gzip",
            skos.recognises,
            skos.version,
            skos.read,
        ),
        "do-tables": Format(
            "a folder of the Disease Ontology's tables: HumanDO.tsv, allXREFinDO.tsv, doid-*.tsv",
            recognises=disease_ontology.recognises,
            read=lambda paths, options, rejections: disease_ontology.read(
                paths[0], rejections, languages=options.languages
            ),
            files=lambda paths, options: disease_ontology.files(paths[0]),
        ),
        "gazetteer": Format(
            "a table of terms with the columns code, language, term, semantic_tag, mainterm, plain or gzip",
            recognises=lambda path: path.is_file() and gazetteer.recognises(SourceFile(path)),
            read=lambda paths, options, rejections: gazetteer.read(
                SourceFile(paths[0]), rejections, prefix=options.prefix or "", languages=options.languages
            ),
            files=_single(lambda file: ""),
            takes=("prefix",),
            requires=("prefix",),
        ),
    }
)

#: What is said of an option that a format does not take.
_REFUSALS: MappingProxyType[str, str] = MappingProxyType(
    {
        "translations": "Translations do not go with the format {name}; leave them out, or load an ontology.",
        "prefix": "A prefix does not go with the format {name}, whose ids have one; leave it out.",
        "as_of": "A date does not go with the format {name}; leave it out, or load an RF2 Full release.",
        "base": "The format {name} cannot be laid on a loaded release; leave that out, or load an RF2 Delta.",
        "sources": "Source vocabularies cannot be chosen in the format {name}; leave them out, or load UMLS RRF.",
        "hierarchy_sources": "The sources of the hierarchy cannot be chosen in the format {name}; "
        "leave them out, or load UMLS RRF.",
    }
)


def detect_format(path: Path) -> str:
    """The name of the format of a file, folder or zip, told by its content.

    Raises SourceNotFound, SourceEmpty, SourceDamaged, FormatUnknown with the names of all formats, and
    FormatMismatch for a table of translations.
    """
    if not path.exists():
        raise SourceNotFound(path)
    for name, format in FORMATS.items():
        if format.recognises(path):
            return name
    if path.is_file() and babelon.recognises(SourceFile(path)):
        raise FormatMismatch(
            path,
            "a terminology",
            "it is a Babelon table of translations",
            todo="load its ontology, and give this file with --translations",
        )
    raise FormatUnknown(path, FORMATS)


def load(
    paths: Path | Sequence[Path],
    *,
    format: str | None = None,
    translations: Sequence[Path] = (),
    prefix: str | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    as_of: str = "",
    base: Base | None = None,
    sources: Sequence[str] = (),
    hierarchy_sources: Sequence[str] = (),
) -> LoadedSource:
    """Open a terminology. Files are checked and hashed here; records are read as they are consumed.

    `paths` are one or, where the format has packages that build on each other, several. `format` is a
    name in `FORMATS`, or None to tell it by content. `translations` are Babelon files. `prefix` begins
    the ids of a format that has none of its own (gazetteer) or need not have them (skos), or keeps only
    the classes that have it (obograph, obo, owl). `languages` are BCP 47 tags, the preferred one first;
    terms in others are left out. The other options are described in `Options`.

    Raises a LoadError: at once for a path, format or option that is wrong, and from `records` for a
    file that turns out to be damaged.
    """
    given = (paths,) if isinstance(paths, Path) else tuple(paths)
    if not given:
        raise OptionMismatch("", "No path is named; give a file, a folder or a zip.")
    for path in given:
        if not path.exists():
            raise SourceNotFound(path)
    if format is not None and format not in FORMATS:
        raise FormatUnknown(given[0], FORMATS, asked=format)
    if isinstance(languages, str) or not languages:
        raise OptionMismatch(given[0], "No language is named; give a list of codes such as es and en.")
    name = format or _format_of_all(given)
    chosen = FORMATS[name]
    options = Options(prefix, tuple(languages), as_of, base, tuple(sources), tuple(hierarchy_sources))
    _check_options(given, name, chosen, options, translations)
    for translation in translations:
        if not babelon.recognises(SourceFile(translation)):
            raise FormatMismatch(translation, "a Babelon table", "its header lacks Babelon's columns")
    rejections = Rejections()
    read = [*base.sources] if base else []
    read += [_source(file, name, version) for file, version in chosen.files(given, options)]
    read += [_source(translation, "babelon", "") for translation in translations]
    records = chosen.read(given, options, rejections)
    if translations:
        records = _translated(records, translations, rejections, languages)
    return LoadedSource(records, tuple(read), rejections, _asked(name, options))


def _format_of_all(paths: Paths) -> str:
    name, *others = [detect_format(path) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        if other != name:
            raise FormatMismatch(path, f"of the format {name}, as {str(paths[0])!r} is", f"it is {other}")
    return name


def _check_options(
    paths: Paths, name: str, format: Format, options: Options, translations: Sequence[Path]
) -> None:
    path = paths[0]
    for option, refusal in _REFUSALS.items():
        if _is_given(option, options, translations) and option not in format.takes:
            raise OptionMismatch(path, refusal.format(name=name))
    if len(paths) > 1 and not format.takes_several:
        raise OptionMismatch(
            path, f"The format {name} is read from one path and {len(paths)} are given; name one."
        )
    if "prefix" in format.requires and options.prefix is None:
        raise OptionMismatch(
            path, f"The format {name} needs a prefix for the ids of {str(path)!r}; give one such as SNOMEDCT."
        )
    prefix = options.prefix
    if prefix is not None and not prefix.replace("_", "").replace(".", "").replace("-", "").isalnum():
        raise OptionMismatch(
            path, f"The prefix {prefix!r} cannot begin an id; use letters and digits only, such as SNOMEDCT."
        )
    if options.as_of and not is_date(options.as_of):
        raise OptionMismatch(path, f"{options.as_of!r} is no date; write it as YYYYMMDD, such as 20260131.")


def _is_given(option: str, options: Options, translations: Sequence[Path]) -> bool:
    value = translations if option == "translations" else getattr(options, option)
    # An empty prefix is one that was given and is wrong.
    return value is not None if option == "prefix" else bool(value)


def _asked(format: str, options: Options) -> dict[str, str]:
    asked = {
        "format": format,
        "prefix": options.prefix or "",
        "languages": ",".join(options.languages),
        "as_of": options.as_of,
        "onto": options.base.name if options.base else "",
        "sources": ",".join(options.sources),
        "hierarchy_sources": ",".join(options.hierarchy_sources),
    }
    return {name: value for name, value in asked.items() if value}


def _source(path: Path, format: str, version: str) -> Source:
    return Source(path.name, format, sha256(path), path.stat().st_size, version)


def _translated(
    records: Iterator[RecordOrBatch],
    translations: Sequence[Path],
    rejections: Rejections,
    languages: Sequence[str],
) -> Iterator[RecordOrBatch]:
    concepts: set[CURIE] = set()
    for record in records:
        if isinstance(record, Concept):
            concepts.add(record.id)
        elif isinstance(record, RecordBatch) and record.kind is Concept:
            concepts.update(record.columns["id"].to_pylist())
        yield record
    files = [SourceFile(path) for path in translations]
    yield from babelon.read(files, concepts, rejections, languages=languages)
