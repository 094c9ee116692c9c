"""Building a term index from a release's store."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from graph.model import CURIE, SynonymScope, Term, TermKind
from graph.store import GraphStore
from graph.whole_files import put_in_place
from linker.annotation.dictionary_terms import FOLDER as DICTIONARY_FOLDER
from linker.annotation.dictionary_terms import DictionaryTerms
from linker.code_axes import FOLDER as CODE_AXES_FOLDER
from linker.code_axes import CodeAxes, compiled
from linker.encoder import Encoder
from linker.errors import LinkerError
from linker.index import LENT_BY, TermIndex, map_table
from linker.index_manifest import IndexManifest
from linker.indexed_text import indexed_text
from linker.lexical import LexicalIndex
from linker.mapped_terms import MappedTerm
from linker.normalization import fold
from linker.parents import Parents, parents_in_order
from linker.recall_queries import recall_queries
from linker.runtimes import TORCH
from linker.search import write_search
from linker.senses import MENTION_WEIGHT, Senses
from linker.stored_vectors import StoredVectors, encode_new
from linker.term_abbreviations import ABBREVIATIONS_FILE
from linker.term_abbreviations import gather as gather_abbreviations
from linker.term_abbreviations import write as write_abbreviations
from linker.vector_index import AUTO, EXACT, HNSW, chosen_kind, write_vector_index
from linker.word_postings import FOLDER as WORDS_FOLDER
from linker.word_postings import WordPostings

DISPLAY_LANGUAGES = ("es", "en")
"""Of preferred terms, in their order."""
PREFERRED_WEIGHT, SYNONYM_WEIGHT, LOOSE_WEIGHT = 3.0, 2.0, 1.0

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) as an index is built."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The distinct terms of a release, in order of first appearance, and the concepts they name."""

    texts: list[str]
    languages: list[str]
    concept_ids: list[CURIE]
    preferred: list[str]
    tags: list[str]
    senses: Senses
    parents: Parents
    mentions: int
    spans: list[str]
    """The annotated mentions among the texts."""
    mapped: dict[str, int]
    """How many terms were taken from each other release."""
    lent_by: dict[int, list[CURIE]]
    """Of each row that only other releases have, their concepts."""


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
    progress: Progress = lambda stage, done, total: None,
) -> IndexManifest:
    """Index every distinct term of the active concepts, then put the index in place at `folder`.

    `languages` orders preferred terms for display; terms of every language are indexed. `mentions` are
    (span, concept id) pairs of annotated text, indexed as further terms; those of unknown concepts are
    left out and not counted. A string that one of `stored`, made with the same encoder, has is not encoded
    again. `kind` is how vectors are searched: `exact`, `hnsw` or, by the number of strings, `auto`; `runtime` is what
    computes the models when the index is opened. With `code_axes`, a regular expression (`linker.code_axes`), what
    words say of the axes of codes is learned, and active concepts without a term are in the index too. `mapped` are
    terms of other releases, by their releases' names (`linker.mapped_terms`), indexed as `gather_terms` says. Only for
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


def gather_terms(
    store: GraphStore,
    languages: Sequence[str],
    mentions: Iterable[tuple[str, CURIE]] = (),
    unnamed: bool = False,
    mapped: Mapping[str, Iterable[MappedTerm]] = MappingProxyType({}),
) -> Gathered:
    """The distinct terms of a store's active concepts, definitions left out, FSNs without their semantic tag.

    Of `mapped`, the terms of other releases, those are taken that are in a language of the store's own terms and, but
    for case and accents, neither one of these nor a mention. A concept that no string names is left out, for nothing
    could answer with it, but with `unnamed` comes last.
    """
    tags = {c.id: c.semantic_tag for c in store.scan_concepts() if c.active}
    ordinals: dict[CURIE, int] = {}
    rows: dict[str, int] = {}
    spoken: list[str] = []
    best: dict[tuple[int, int], float] = {}
    preferred: dict[CURIE, tuple[int, str]] = {}

    def add(text: str, language: str, id: CURIE, weight: float) -> None:
        ordinal = ordinals.setdefault(id, len(ordinals))
        row = rows.setdefault(text, len(rows))
        if row == len(spoken):
            spoken.append(language)
        best[row, ordinal] = max(weight, best.get((row, ordinal), 0.0))

    for term in store.scan_terms():
        if term.concept not in tags or term.kind is TermKind.DEFINITION:
            continue
        text = indexed_text(term, tags[term.concept])
        if text:
            add(text, term.language, term.concept, _weight(term))
            rank = display_rank(term, languages)
            if term.concept not in preferred or rank < preferred[term.concept][0]:
                preferred[term.concept] = (rank, text)
    own_languages = frozenset(spoken)
    counts = Counter((span.strip(), id) for span, id in mentions if id in tags and span.strip())
    for (span, id), count in counts.items():
        add(span, languages[0] if languages else "", id, MENTION_WEIGHT + float(np.log(count)))
    own_strings = {fold(text) for text in rows} if mapped else set()
    taken, lent_by = {}, defaultdict[int, list[CURIE]](list)
    for release, terms in mapped.items():
        before = len(best)
        for lent in terms:
            if lent.concept in tags and lent.language in own_languages and fold(lent.text) not in own_strings:
                add(lent.text, lent.language, lent.concept, LOOSE_WEIGHT)
                preferred.setdefault(lent.concept, (0, lent.text))
                lent_by[rows[lent.text]].append(lent.lent_by)
        taken[release] = len(best) - before
    if unnamed:
        for id in tags:
            ordinals.setdefault(id, len(ordinals))
    ids = list(ordinals)
    return Gathered(
        texts=list(rows),
        languages=spoken,
        concept_ids=ids,
        preferred=[preferred[id][1] if id in preferred else id for id in ids],
        tags=[tags[id] for id in ids],
        senses=_senses(best, len(rows)),
        parents=Parents.by_ordinal(ids, parents_in_order(tags, store.scan_is_a())),
        mentions=sum(counts.values()),
        spans=[span for span, _ in counts],
        mapped=taken,
        lent_by=lent_by,
    )


def _weight(term: Term) -> float:
    if term.kind in (TermKind.PREFERRED, TermKind.FSN):
        return PREFERRED_WEIGHT
    return SYNONYM_WEIGHT if term.scope is SynonymScope.EXACT else LOOSE_WEIGHT


def display_rank(term: Term, languages: Sequence[str]) -> int:
    """The least of a concept's terms is the one to show as its preferred term."""
    language = languages.index(term.language) if term.language in languages else len(languages)
    kind = {TermKind.PREFERRED: 0, TermKind.FSN: 1}.get(term.kind, 2)
    return (3 * language + kind) if kind < 2 else (3 * (len(languages) + 1) + language)


def _senses(best: dict[tuple[int, int], float], n_rows: int) -> Senses:
    keys = sorted(best)
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.add.at(indptr, np.fromiter((row + 1 for row, _ in keys), np.int64, len(keys)), 1)
    concepts = np.fromiter((ordinal for _, ordinal in keys), np.int32, len(keys))
    weights = np.fromiter((best[key] for key in keys), np.float32, len(keys))
    return Senses(np.cumsum(indptr), concepts, weights)


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
    gathered.senses.save(folder / "senses")
    gathered.parents.save(folder / "parents")
    write_abbreviations(folder / ABBREVIATIONS_FILE, gather_abbreviations(_terms_of_concepts(gathered)))
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
    write_search(
        folder / "search.sqlite",
        (
            (text, gathered.languages[row], gathered.concept_ids[ordinal])
            for row, text in enumerate(gathered.texts)
            for ordinal in gathered.senses.of(row)
        ),
        dict(zip(gathered.concept_ids, gathered.tags, strict=True)),
    )


def _terms_of_concepts(gathered: Gathered) -> Iterator[list[tuple[str, str]]]:
    """The (text, language) terms of each concept."""
    starts, rows = gathered.senses.rows_by_concept(len(gathered.concept_ids))
    for own in np.split(rows, starts[1:-1]):
        yield [(gathered.texts[row], gathered.languages[row]) for row in own]


def _write_arrow(path: Path, columns: dict[str, list[str]]) -> None:
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
