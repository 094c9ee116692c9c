"""The term index: every distinct term of a release, its vector, its lexical keys and its concepts, in one folder.

    index/
      manifest.json     schema, release, encoder identity, counts, file sizes, measured recall
      terms.arrow       row → text, language; where other releases lent terms, their concepts, spaces between
      written_out.npy   the rows of the terms that the last rows are, with their abbreviations written out
      concepts.arrow    concept ordinal → id, preferred term, semantic tag
      senses/           row → concept ordinals with their weights (CSR)
      code_axes/        the axes of codes, where there are any: `linker.code_axes`
      parents/          concept ordinal → ordinals of its parents (CSR)
      vectors.faiss     row → unit vector, and for large ones graph.faiss: `linker.vector_index`
      lexical/          `linker.lexical`
      words/            `linker.word_postings`
      search.sqlite     `linker.search`
      dictionary/       its terms as they are found in documents: `linker.annotation.dictionary_terms`
      abbreviations.tsv those that the terms give away (`linker.term_abbreviations`)

It is built in a folder beside its place and renamed into it; opening maps it into memory and checks
the manifest; nothing is rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph.model import CURIE
from linker.code_axes import FOLDER as CODE_AXES_FOLDER
from linker.code_axes import CodeAxes
from linker.encoder import Encoder, EncoderIdentity, Vectors
from linker.errors import IndexDamaged, IndexMismatch, first_line
from linker.index_manifest import IndexManifest
from linker.lexical import NO_ROWS, LexicalIndex, Rows
from linker.pair_text import Gloss, PairForm
from linker.parents import Parents
from linker.search import TermSearch
from linker.senses import Senses
from linker.vector_index import Mask, VectorIndex
from linker.word_postings import FOLDER as WORDS_FOLDER
from linker.word_postings import WordPostings

WRITTEN_OUT = "written_out.npy"
LENT_BY = "lent_by"
"""The column of terms that is there where other releases lent some."""


class TermIndex:
    """An opened index, read-only and memory-mapped. Safe for several threads."""

    def __init__(
        self,
        manifest: IndexManifest,
        terms: pa.Table,
        concepts: pa.Table,
        senses: Senses,
        vectors: VectorIndex,
        lexical: LexicalIndex,
        search: TermSearch,
        parents: Parents | None = None,
        axes: CodeAxes | None = None,
        words: WordPostings | None = None,
        written_out: Rows = NO_ROWS,
    ) -> None:
        self.manifest = manifest
        self.senses = senses
        self.lexical = lexical
        self.search = search
        self.axes = axes
        self.words = words
        self._written_out = written_out
        self._terms = terms
        self._concepts = concepts
        self._vectors = vectors
        self._parents = parents
        self._rows_of: tuple[npt.NDArray[np.int64], Rows] | None = None

    @classmethod
    def open(cls, folder: Path) -> TermIndex:
        """Open the index in `folder`. Raises IndexNotFound, IndexDamaged."""
        manifest = IndexManifest.read(folder)
        manifest.check_files(folder)
        try:
            terms = map_table(folder / "terms.arrow")
            concepts = map_table(folder / "concepts.arrow")
            senses = Senses.open(folder / "senses")
            # Indexes that were made before cross-encoders read parents have none.
            parents = Parents.open(folder / "parents") if (folder / "parents").is_dir() else None
            vectors = VectorIndex.open(folder, manifest.search_breadth)
            # Nor have those that were made before terms were written out.
            short = np.load(folder / WRITTEN_OUT) if (folder / WRITTEN_OUT).is_file() else NO_ROWS
        except (OSError, ValueError, RuntimeError, pa.ArrowInvalid) as error:
            raise IndexDamaged(
                f"The index in {folder} cannot be read ({first_line(error)}); build it again with `enlace index`."
            ) from None
        lexical = LexicalIndex.open(folder / "lexical")
        search = TermSearch.open(folder / "search.sqlite")
        axes = CodeAxes.open(folder / CODE_AXES_FOLDER) if manifest.code_axes else None
        # Those that were made before terms were found by their words have none.
        words = WordPostings.open(folder / WORDS_FOLDER) if (folder / WORDS_FOLDER).is_dir() else None
        return cls(
            manifest,
            terms,
            concepts,
            senses,
            vectors,
            lexical,
            search,
            parents,
            axes,
            words,
            short.astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self._terms)

    @property
    def concept_count(self) -> int:
        """Concepts that the index can answer with."""
        return len(self._concepts)

    def check_encoder(self, identity: EncoderIdentity) -> None:
        """Raise IndexMismatch unless `identity` is the encoder that the vectors were made with."""
        made_with = self.manifest.encoder
        if not made_with.same_as(identity):
            raise IndexMismatch(
                f"The index of release {self.manifest.release!r} was made with encoder {made_with.name!r} and not "
                f"{identity.name!r} (index / encoder: {', '.join(made_with.differences(identity))}); "
                "open it with the first, or run `enlace index` with the second."
            )

    def check_form(self, form: PairForm) -> None:
        """Raise IndexMismatch if a cross-encoder of that form reads parents and the index has none."""
        if form.parents_shown and not self.has_parents:
            raise IndexMismatch(
                f"The index of release {self.manifest.release!r} was made without the parents of concepts, "
                "which the cross-encoder reads; run `enlace index` again."
            )

    def nearest(
        self, queries: Vectors, top_k: int, among: Mask | None = None
    ) -> tuple[npt.NDArray[np.float32], Rows]:
        """Cosines and rows of the `top_k` nearest terms, each of shape (len(queries), top_k), best first.

        `among`, a mask of rows of shape (n,), is a scope: no other row is found, and rows end with -1 where there
        are fewer.
        """
        return self._vectors.nearest(queries, top_k, among)

    def vectors_of(self, rows: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Vectors:
        """Vectors of rows, shape (len(rows), dimensions)."""
        return self._vectors.of(rows)

    def text(self, row: int) -> str:
        """The term at a row, as its source writes it."""
        return str(self._terms.column("text")[int(row)].as_py())

    def texts_of(self, rows: Sequence[int] | npt.NDArray[np.integer[Any]]) -> list[str]:
        """The terms at rows, in their order: many at once are found faster than one after the other."""
        return _taken(self._terms.column("text"), rows)

    def as_given(self, rows: Rows, concepts: npt.NDArray[np.integer[Any]]) -> Rows:
        """The rows of the terms themselves, where they are terms with their abbreviations written out.

        `concepts` are those that the rows are taken to name, and what is returned names them too: where one's terms are
        written out as another's are, it is left as it is.
        """
        given = len(self) - len(self._written_out)
        found = rows.copy()
        for place in np.flatnonzero(rows >= given).tolist():
            term = self._written_out[rows[place] - given]
            if concepts[place] in self.senses.of(term):
                found[place] = term
        return found

    def given_texts(self) -> list[str]:
        """Every term, by row, without those that are others written out."""
        return self.texts()[: len(self) - len(self._written_out)]

    def terms_of(self, ordinals: npt.NDArray[np.int64]) -> list[list[str]]:
        """Every term of each concept ordinal, by row."""
        if self._rows_of is None:
            self._rows_of = self.senses.rows_by_concept(self.concept_count)
        starts, rows = self._rows_of
        own = [rows[starts[ordinal] : starts[ordinal + 1]] for ordinal in ordinals.tolist()]
        texts = iter(self.texts_of(np.concatenate(own))) if own else iter(())
        return [list(islice(texts, len(each))) for each in own]

    def lent_by(self, rows: Sequence[int] | npt.NDArray[np.integer[Any]]) -> list[tuple[CURIE, ...]]:
        """Of each term at rows that only other releases have, their concepts; of others none."""
        if LENT_BY not in self._terms.column_names:
            return [()] * len(rows)
        return [tuple(ids.split()) for ids in _taken(self._terms.column(LENT_BY), rows)]

    def language(self, row: int) -> str:
        """The language of the term at a row."""
        return str(self._terms.column("language")[int(row)].as_py())

    def texts(self) -> list[str]:
        """Every term, by row."""
        texts: list[str] = self._terms.column("text").to_pylist()
        return texts

    def concept_id(self, ordinal: int) -> CURIE:
        """The id of a concept ordinal."""
        return str(self._concepts.column("id")[int(ordinal)].as_py())

    def concept_ids_of(self, ordinals: Sequence[int] | npt.NDArray[np.integer[Any]]) -> list[CURIE]:
        """The ids of concept ordinals, in their order."""
        return _taken(self._concepts.column("id"), ordinals)

    def preferred_terms_of(self, ordinals: Sequence[int] | npt.NDArray[np.integer[Any]]) -> list[str]:
        """The preferred terms of concept ordinals, in their order, each as `preferred_term` gives it."""
        return _taken(self._concepts.column("preferred_term"), ordinals)

    def concept_ids(self) -> list[CURIE]:
        """Every concept id, by ordinal."""
        ids: list[CURIE] = self._concepts.column("id").to_pylist()
        return ids

    def semantic_tags(self) -> list[str]:
        """The semantic tag of every concept, by ordinal; empty where it has none."""
        tags: list[str] = self._concepts.column("semantic_tag").to_pylist()
        return tags

    def preferred_term(self, ordinal: int) -> str:
        """The preferred term of a concept ordinal, in the release's first language that has one."""
        return str(self._concepts.column("preferred_term")[int(ordinal)].as_py())

    @property
    def has_parents(self) -> bool:
        """Whether it was made by a version that keeps each concept's parents."""
        return self._parents is not None

    def gloss(self, ordinal: int, parents: int) -> Gloss:
        """What a cross-encoder may read of a concept ordinal, with at most so many of its `parents`."""
        above = self._parents.of(int(ordinal))[:parents] if self._parents is not None else ()
        return Gloss(
            self.preferred_term(ordinal),
            str(self._concepts.column("semantic_tag")[int(ordinal)].as_py()),
            tuple(self.preferred_term(parent) for parent in above),
        )

    def close(self) -> None:
        """Let go of the files."""
        self.search.close()


def _taken(column: pa.ChunkedArray, places: Sequence[int] | npt.NDArray[np.integer[Any]]) -> list[str]:
    taken: list[str] = column.take(pa.array(places, pa.int64())).to_pylist()
    return taken


def open_checked(folder: Path, encoder: Encoder) -> TermIndex:
    """Open an index and check that `encoder` is the one it was made with. Raises what the two checks raise."""
    index = TermIndex.open(folder)
    index.check_encoder(encoder.identity)
    return index


def map_table(path: Path) -> pa.Table:
    """A table of an index, memory-mapped. Raises OSError, ArrowInvalid."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
