"""The records of RF2 packages, component by component, as columns.

Held in memory: the concepts and their tags, some twenty bytes a description and language refset row, and one
a row of the other files; everything else streams, twice.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from graph.batches import RecordBatch
from loaders.errors import OptionMismatch
from loaders.options import Base
from loaders.rejections import Rejections
from loaders.rf2.concepts import survey_concepts
from loaders.rf2.descriptions import survey_descriptions
from loaders.rf2.languages import Dialects
from loaders.rf2.loaded import LoadedRelease
from loaders.rf2.package import Kind, find
from loaders.rf2.refsets import mappings, memberships, successions
from loaders.rf2.relationships import relations
from loaders.rf2.survey import Survey
from loaders.rf2_files import DELTA, FULL, SNAPSHOT

#: Why the first row of a file is rejected, and with it the file.
NO_REFSET = "the header lacks columns that every refset has, so the file is not read"
_DEPENDENCY = ("moduleId", "referencedComponentId", "sourceEffectiveTime", "targetEffectiveTime")


def release_type(as_of: str, base: Base | None) -> str:
    """Which files of a package are read: Full for a date, Delta for a base, else Snapshot."""
    return DELTA if base else FULL if as_of else SNAPSHOT


def read(
    paths: Sequence[Path],
    rejections: Rejections,
    *,
    languages: Sequence[str],
    as_of: str = "",
    base: Base | None = None,
) -> Iterator[RecordBatch]:
    """The records of the packages at `paths`, zips or folders; several are read as one.

    Snapshot files are read, or the Full ones of a package that has no others; with `as_of`, a date
    YYYYMMDD, the Full files as of its end; with `base`, the Delta files, whose rows replace those of a loaded
    release. Where a component has several rows, that of the greatest effectiveTime counts.

    Concepts come first, retired ones too, then the active terms in `languages`, relations, successions,
    mappings and memberships. `languages` are dialects in order of preference (`es-ES,es,en`): the preferred
    term of a concept in a language is that of the first one's language refset that prefers one, as
    `identifiers.LANGUAGE_REFSETS` lists them. Module dependencies that the packages do not meet are told
    among the rejections.

    Raises FormatMismatch where there is nothing of that release type, OptionMismatch where a Delta does not go
    with its base, ColumnMissing, RowMalformed, SourceEmpty, SourceDamaged.
    """
    if as_of and base:
        raise OptionMismatch(
            paths[0], "A date goes with Full files and a loaded release with a Delta; give only one of them."
        )
    package = find(paths, release_type(as_of, base))
    for file in package.unknown:
        rejections.add(file.name, 1, NO_REFSET)
    with tempfile.TemporaryDirectory(prefix="enlace-loaded-") as folder:
        loaded = LoadedRelease(base, Path(folder), paths[0]) if base else None
        survey = Survey(package, rejections, as_of, loaded)
        concepts = survey_concepts(survey)
        descriptions = survey_descriptions(survey, concepts, Dialects.of(languages))
        yield from concepts.records(descriptions.tags, descriptions.tag_names)
        yield from descriptions.terms()
        del descriptions
        yield from relations(survey, concepts)
        yield from successions(survey, concepts)
        yield from mappings(survey, concepts)
        yield from memberships(survey, concepts)
        dependencies = survey.holding(Kind.MODULE_DEPENDENCY)
        survey.modules.check(survey.rows(Kind.MODULE_DEPENDENCY, dependencies, _DEPENDENCY), rejections)
