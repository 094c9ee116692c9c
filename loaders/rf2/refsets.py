"""RF2 association and map refsets as successions and mappings.

Source: SNOMED CT Release File Specification, "Association Reference Set" (5.2.5) and the map
reference sets (5.2.3).
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from graph.model import Mapping, Succession
from loaders.errors import RowMalformed
from loaders.files import SourceFile
from loaders.rejections import Rejections
from loaders.rf2.identifiers import CORRELATIONS, HISTORICAL, MAP_SYSTEMS, curie, is_description
from loaders.rf2.package import Kind, Package
from loaders.rf2.versions import versions


def successions(package: Package, concepts: Container[str], rejections: Rejections) -> Iterator[Succession]:
    """The historical associations between concepts; those of descriptions, and all others, are passed over.

    Raises RowMalformed, ColumnMissing, SourceDamaged.
    """
    for file, line, row in versions(package, Kind.ASSOCIATION).active():
        refset, retired, successor = row[4], row[5], row[6]
        kind = HISTORICAL.get(refset)
        if kind is None or is_description(retired):
            continue
        missing = [id for id in (retired, successor) if id not in concepts]
        if missing:
            rejections.add(file.name, line, "a concept of the association is not in the package", missing[0])
        else:
            yield Succession(curie(retired), curie(successor), kind)


def mappings(package: Package, concepts: Container[str], rejections: Rejections) -> Iterator[Mapping]:
    """The simple and extended maps of concepts. Raises RowMalformed, ColumnMissing, SourceDamaged."""
    for file, line, row in versions(package, Kind.SIMPLE_MAP).active(optional=("correlationId",)):
        refset, component, target, correlation = row[4:8]
        if _is_usable(file, line, component, target, concepts, rejections):
            yield Mapping(curie(component), _target(refset, target), CORRELATIONS.get(correlation, "xref"))
    for file, line, row in versions(package, Kind.EXTENDED_MAP).active():
        refset, component, group, priority, rule, advice, target, correlation = row[4:12]
        if _is_usable(file, line, component, target, concepts, rejections):
            yield Mapping(
                curie(component),
                _target(refset, target),
                CORRELATIONS.get(correlation, "xref"),
                group=_ordinal(file, line, "mapGroup", group),
                priority=_ordinal(file, line, "mapPriority", priority),
                rule=rule,
                advice=advice,
            )


def _is_usable(
    file: SourceFile,
    line: int,
    component: str,
    target: str,
    concepts: Container[str],
    rejections: Rejections,
) -> bool:
    if is_description(component):
        return False
    if component not in concepts:
        rejections.add(file.name, line, "the mapped concept is not in the package", component)
        return False
    if not target.strip():
        rejections.add(file.name, line, "the map gives the concept no code", component)
        return False
    return True


def _target(refset: str, target: str) -> str:
    return f"{MAP_SYSTEMS.get(refset) or f'SCTMAP{refset}'}:{target.strip()}"


def _ordinal(file: SourceFile, line: int, column: str, text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise RowMalformed(file.name, line, f"has {text[:40]!r} in its column {column}, which is no number")
