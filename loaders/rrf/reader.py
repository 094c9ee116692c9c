"""A Metathesaurus release as records: concepts with all that describes them, relations, and last the hierarchy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path

from graph.batches import RecordBatch
from loaders.errors import OptionMismatch
from loaders.rejections import Rejections
from loaders.rrf import concepts, hierarchy, relations
from loaders.rrf.atoms import Atoms, Selection, read_atoms
from loaders.rrf.columns import FILES, READ, SOURCES
from loaders.rrf.release import Metathesaurus, find
from loaders.rrf.rows import Kind, Words, read_rows

_NAMES_TOLD = 20


def read(
    path: Path,
    rejections: Rejections,
    *,
    languages: Sequence[str],
    sources: Sequence[str] = (),
    hierarchy_sources: Sequence[str] = (),
) -> Iterator[RecordBatch]:
    """The concepts that have an unsuppressed atom in `languages` and of `sources` (all if none), and the rest.

    Definitions, relations and codes are of `sources` too; is-a is of `hierarchy_sources`, SNOMEDCT_US where
    none are named and the release has it, else all. What is amiss with the rows is rejected; files that
    the release lacks are told among what is left out.

    Raises, besides what `loaders.rrf.release.find` does, OptionMismatch for a source that the release
    lacks, SourceDamaged where compressed data break off or a file is not as long as MRFILES.RRF says,
    and LoadError where there is no room for temporary files.
    """
    release = find(path)
    _tell_what_lacks(release, rejections)
    words = Words()
    table = release.table(SOURCES)
    if table is not None:
        for _ in read_rows(table, dict.fromkeys(READ[SOURCES], Kind.TEXT), words, rejections):
            pass
    with closing(Atoms(Selection(languages, sources, words))) as atoms:
        read_atoms(release, atoms, rejections)
        for name in (*sources, *hierarchy_sources):
            _check_source(release, name, atoms)
        with closing(concepts.Descriptions()) as descriptions:
            concepts.read_descriptions(release, atoms, descriptions, rejections)
            yield from concepts.records(atoms, descriptions, rejections)
        chosen = hierarchy.sources_of_hierarchy(hierarchy_sources, atoms)
        with closing(hierarchy.Edges(chosen, atoms)) as edges:
            yield from relations.read_relations(release, atoms, edges, rejections)
            hierarchy.read_contexts(release, atoms, edges, rejections)
            yield from edges.records(rejections)


def _tell_what_lacks(release: Metathesaurus, rejections: Rejections) -> None:
    if not release.listed:
        rejections.leave_out(
            f"the release has no {FILES}: standard columns are taken, and no size is checked"
        )
    for name in READ:
        if release.table(name) is None:
            rejections.leave_out(f"the release has no {name}")


def _check_source(release: Metathesaurus, name: str, atoms: Atoms) -> None:
    there = atoms.sources()
    if name not in there:
        near = get_close_matches(name.upper(), there, 5, 0.4) or there[:_NAMES_TOLD]
        raise OptionMismatch(
            release.path,
            f"{str(release.path)!r} has no source {name!r}; name others, such as {', '.join(near)}.",
        )
