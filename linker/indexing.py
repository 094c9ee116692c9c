"""Building a term index from a release's store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from graph.model import CURIE
from graph.store import GraphStore
from graph.whole_files import put_in_place
from linker.annotation.dictionary_terms import FOLDER as DICTIONARY_FOLDER
from linker.annotation.dictionary_terms import DictionaryTerms
from linker.code_axes import FOLDER as CODE_AXES_FOLDER
from linker.code_axes import CodeAxes, compiled
from linker.encoder import Encoder
from linker.errors import LinkerError
from linker.gathered_terms import DISPLAY_LANGUAGES, Gathered, gather_terms, with_written_out
from linker.index import LENT_BY, WRITTEN_OUT, TermIndex, map_table
from linker.index_manifest import IndexManifest
from linker.lexical import LexicalIndex
from linker.mapped_terms import MappedTerm
from linker.recall_queries import recall_queries
from linker.runtimes import TORCH
from linker.search import write_search
from linker.stored_vectors import StoredVectors, encode_new
from linker.term_abbreviations import ABBREVIATIONS_FILE
from linker.term_abbreviations import write as write_abbreviations
from linker.vector_index import AUTO, EXACT, HNSW, chosen_kind, write_vector_index
from linker.word_postings import FOLDER as WORDS_FOLDER
from linker.word_postings import WordPostings

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) as an index is built."""


def build_index(
    folder: Path,
    release: str,
    store: GraphStore,
    encoder: Encoder,
    *,
    bi_encoder: str,
    cross_encoder: str,
    languages: Sequence[str] = DISPLAY_LANGUAGES,
    mentions: Iterable[tuple[str, CURIE]] = (),
    stored: Sequence[StoredVectors] = (),
    kind: str = AUTO,
    runtime: str = TORCH,
    code_axes: str = "",
    mapped: Mapping[str, Iterable[MappedTerm]] = MappingProxyType({}),
    write_out: bool = True,
    progress: Progress = lambda stage, done, total: None,
) -> IndexManifest:
    """Index every distinct term of the active concepts, then put the index in place at `folder`.

    `languages` orders preferred terms for display; terms of every language are indexed. `mentions` are
    (span, concept id) pairs of annotated text, indexed as further terms; those of unknown concepts are
    left out and not counted. A string that one of `stored`, made with the same encoder, has is not encoded
    again. `kind` is how vectors are searched: `exact`, `hnsw` or, by the number of strings, `auto`; `runtime` is what
    computes the models when the index is opened. With `code_axes`, a regular expression (`linker.code_axes`), what
    words say of the axes of codes is learned, and active concepts without a term are in the index too. `mapped` are
    terms of other releases, by their releases' names (`linker.mapped_terms`), indexed as `gather_terms` says. Terms
    with abbreviations are indexed written out too, unless `write_out` is false (`linker.written_out_terms`). Only for
    the holder of the release's lock: what a killed build left beside `folder` is removed. Raises LinkerError if the
    release has no term, IndexDamaged if less than 98 % of the exact nearest neighbours are found.
    """
    if code_axes:
        compiled(code_axes)
    gathered = gather_terms(store, languages, mentions, unnamed=bool(code_axes), mapped=mapped)
    if not gathered.texts:
        raise LinkerError(
            f"Release {release!r} has no active concept with a term; there is nothing to index."
        )
    if write_out:
        gathered = with_written_out(gathered)
    total = len(gathered.texts)
    staging = folder.parent / f".{folder.name}-new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        encoded = encode_new(
            gathered.texts,
            encoder,
            stored,
            lambda done, new: progress("encoding terms", done, new),
        )
        kind = chosen_kind(kind, total)
        measured = write_vector_index(
            staging,
            encoded.vectors,
            # Only a graph leads astray; rounding alone is seen on any vector.
            encoder.encode(recall_queries(gathered.texts, gathered.spans)) if kind == HNSW else None,
            kind,
            lambda done, all: progress("linking neighbours", done, all),
        )
        progress("writing the lexical index", 0, total)
        _write_tables(staging, gathered, code_axes, progress)
        progress("writing the lexical index", total, total)
        manifest = IndexManifest(
            release=release,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            software=version("enlace"),
            bi_encoder=bi_encoder,
            cross_encoder=cross_encoder,
            encoder=encoder.identity,
            terms=total,
            concepts=len(gathered.concept_ids),
            mentions=gathered.mentions,
            runtime=runtime,
            code_axes=code_axes,
            terms_of=gathered.mapped,
            written_out=len(gathered.written_out),
            index=measured.kind,
            search_breadth=measured.search_breadth,
            recall_at_64=min([measured.recall_at_64, *_recalls(stored, encoded.reused)]),
            reused=encoded.reused,
            files={
                str(path.relative_to(staging)): path.stat().st_size
                for path in sorted(staging.rglob("*"))
                if path.is_file()
            },
        )
        manifest.write(staging)
        TermIndex.open(staging).close()
        put_in_place(staging, folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return manifest


def _recalls(stored: Sequence[StoredVectors], used: Container[str]) -> list[float]:
    """What was measured when the vectors were first stored: taken from there, they are rounded already."""
    manifests = [one.manifest for one in stored if one.manifest.index == EXACT]
    return [m.recall_at_64 for m in manifests if m.release in used and m.recall_at_64 is not None]


def _write_tables(folder: Path, gathered: Gathered, code_axes: str, progress: Progress) -> None:
    columns = {"text": gathered.texts, "language": gathered.languages}
    if gathered.lent_by:
        columns[LENT_BY] = [
            " ".join(dict.fromkeys(gathered.lent_by.get(row, ()))) for row in range(len(gathered.texts))
        ]
    _write_arrow(folder / "terms.arrow", columns)
    _write_arrow(
        folder / "concepts.arrow",
        {"id": gathered.concept_ids, "preferred_term": gathered.preferred, "semantic_tag": gathered.tags},
    )
    np.save(folder / WRITTEN_OUT, np.array(gathered.written_out, np.int32))
    gathered.senses.save(folder / "senses")
    gathered.parents.save(folder / "parents")
    write_abbreviations(folder / ABBREVIATIONS_FILE, gathered.abbreviations)
    lexical = LexicalIndex.build(gathered.texts)
    lexical.save(folder / "lexical")
    WordPostings.build(gathered.texts).save(folder / WORDS_FOLDER)
    if code_axes:
        progress("learning the axes of codes", 0, 0)
        axes = CodeAxes.learned(code_axes, gathered.concept_ids, gathered.texts, gathered.senses, lexical)
        axes.save(folder / CODE_AXES_FOLDER)
    DictionaryTerms.build(
        map_table(folder / "terms.arrow"), map_table(folder / "concepts.arrow"), gathered.senses
    ).save(folder / DICTIONARY_FOLDER)
    given = len(gathered.texts) - len(gathered.written_out)
    write_search(
        folder / "search.sqlite",
        (
            (text, gathered.languages[row], gathered.concept_ids[ordinal])
            for row, text in enumerate(gathered.texts[:given])
            for ordinal in gathered.senses.of(row)
        ),
        dict(zip(gathered.concept_ids, gathered.tags, strict=True)),
    )


def _write_arrow(path: Path, columns: dict[str, list[str]]) -> None:
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
