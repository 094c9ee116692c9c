"""The records of an RF2 snapshot, component by component.

Held in memory: the ids of concepts, their tags, and a few bytes a synonym; rows stream. Concrete
values (RelationshipConcreteValues) and refsets other than language, association and map are not loaded.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from graph.model import IS_A, Concept, Record, Relation
from loaders.errors import RowMalformed
from loaders.rejections import Rejections
from loaders.rf2 import identifiers
from loaders.rf2.descriptions import number, survey, terms
from loaders.rf2.identifiers import curie
from loaders.rf2.package import Kind, Package, find
from loaders.rf2.refsets import mappings, successions
from loaders.rf2.versions import versions


def read(path: Path, rejections: Rejections, *, languages: Sequence[str]) -> Iterator[Record]:
    """The records of the snapshot files at `path`, a zip or a folder; several packages are read as one.

    Concepts come first, retired ones too, then the active terms in `languages`, relations, successions and
    mappings. The preferred term of a concept in a language is that of the first language refset in
    `identifiers.LANGUAGE_REFSETS` that prefers one; `languages` may name a variant such as `es-419` to have
    its refset first.

    Raises FormatMismatch where no concept or description file is there, ColumnMissing, RowMalformed,
    SourceEmpty, SourceDamaged.
    """
    package = find(path)
    descriptions = survey(package, languages)
    concepts: set[str] = set()
    for file, line, row in versions(package, Kind.CONCEPT).latest():
        id, time, active, module, status = row
        number(file, line, "id", id)
        concepts.add(id)
        yield Concept(
            curie(id),
            active=active == "1",
            semantic_tag=descriptions.tags.get(id, ""),
            effective_time=time.strip(),
            module=curie(module) if module else "",
            defined=status == identifiers.DEFINED,
        )
    yield from terms(descriptions, concepts, rejections)
    yield from _relations(package, concepts, rejections)
    yield from successions(package, concepts, rejections)
    yield from mappings(package, concepts, rejections)


def _relations(package: Package, concepts: Container[str], rejections: Rejections) -> Iterator[Relation]:
    """The active inferred relationships between concepts of the package."""
    for file, line, row in versions(package, Kind.RELATIONSHIP).active():
        source, target, group, type, characteristic = row[4:9]
        if characteristic != identifiers.INFERRED:
            continue
        if not (group.isascii() and group.isdigit()):
            raise RowMalformed(
                file.name, line, f"has {group[:40]!r} in its column relationshipGroup, which is no number"
            )
        if source in concepts and target in concepts:
            relation = IS_A if type == identifiers.IS_A else curie(type)
            yield Relation(curie(source), relation, curie(target), int(group))
        else:
            absent = target if source in concepts else source
            rejections.add(file.name, line, "an end of the relationship is not in the package", absent)
