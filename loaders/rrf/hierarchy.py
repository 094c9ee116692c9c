"""The is-a relations of the chosen sources, from MRREL.RRF and from the contexts of MRHIER.RRF, without cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.batches import RecordBatch
from graph.model import IS_A, Relation
from loaders.rejections import Rejections
from loaders.rrf.atoms import Atoms
from loaders.rrf.columns import CONTEXTS
from loaders.rrf.concepts import NOT_LOADED, of_known
from loaders.rrf.cycles import without_cycles
from loaders.rrf.identifiers import AUI, concept_id, concept_ids
from loaders.rrf.release import Metathesaurus
from loaders.rrf.rows import Kind, Rows, Words, read_rows
from loaders.rrf.shelves import RANGES, Shelf
from loaders.rrf.vocabulary import IS_A as IS_A_NAMES
from loaders.rrf.vocabulary import ROOTS, SNOMED

_COLUMNS = {
    "CUI": Kind.CUI, "AUI": Kind.AUI, "PAUI": Kind.MAYBE_AUI, "SAB": Kind.WORD, "RELA": Kind.WORD,
}  # fmt: skip
_ROWS_A_BATCH = 1 << 18


class Edges:
    """Is-a relations as rows tell them, with the place of each row, on disk by ranges of children."""

    def __init__(self, sources: Sequence[str], atoms: Atoms) -> None:
        """`sources` come in the order in which they count where they contradict each other."""
        self.sources = tuple(sources)
        self._atoms = atoms
        self._words: Words = atoms.selection.words
        self._files = Words()
        self._rows = Shelf(
            child=pa.uint32(), parent=pa.uint32(), priority=pa.int32(), file=pa.int32(), line=pa.int64()
        )

    def takes(self, sources: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether is-a is taken from each of `sources`, codes of words."""
        return self._words.among(frozenset(self.sources))[sources]

    def put(
        self, rows: Rows, children: NDArray[np.uint32], parents: NDArray[np.uint32], rejections: Rejections
    ) -> None:
        """Take the relations of some rows. Self loops are rejected; those of children not loaded left out."""
        loops = children == parents
        for line, cui in zip(rows.lines[loops].tolist(), children[loops].tolist(), strict=True):
            rejections.add(rows.file, line, "the concept is its own parent", concept_id(cui))
        loaded = self._atoms.declared[children]
        out = int(np.count_nonzero(~loaded & ~loops))
        if out:
            rejections.leave_out(NOT_LOADED, out)
        keep = loaded & ~loops
        places = {name: place for place, name in enumerate(self.sources)}
        priorities = np.array([places.get(word, -1) for word in self._words.texts], np.int32)
        self._rows.put(
            children[keep],
            child=children[keep],
            parent=parents[keep],
            priority=priorities[rows["SAB"][keep]],
            file=np.full(int(keep.sum()), self._files.code(rows.file), np.int32),
            line=rows.lines[keep],
        )

    def records(self, rejections: Rejections) -> Iterator[RecordBatch]:
        """The relations once each, without those that close cycles, which are rejected."""
        child, parent, priority = self._distinct()
        keep = without_cycles(child, parent, priority)
        self._reject(child[~keep], parent[~keep], rejections)
        child, parent = child[keep], parent[keep]
        for start in range(0, len(child), _ROWS_A_BATCH):
            part = slice(start, start + _ROWS_A_BATCH)
            columns = {
                "source": concept_ids(child[part]),
                "type": pa.repeat(IS_A, len(child[part])),
                "target": concept_ids(parent[part]),
            }
            yield RecordBatch(Relation, pa.RecordBatch.from_pydict(columns))

    def close(self) -> None:
        """Let go of what is on disk."""
        self._rows.close()

    def _distinct(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32]]:
        """Each (child, parent) once, sorted, with the least of its priorities."""
        found = []
        for part in RANGES:
            rows = self._rows.numbers(part)
            order = np.lexsort((rows["priority"], rows["parent"], rows["child"]))
            child, parent = rows["child"][order], rows["parent"][order]
            first = np.ones(len(order), np.bool_)
            first[1:] = (child[1:] != child[:-1]) | (parent[1:] != parent[:-1])
            found.append((child[first], parent[first], rows["priority"][order][first]))
        children, parents, priorities = zip(*found, strict=True)
        return np.concatenate(children), np.concatenate(parents), np.concatenate(priorities)

    def _reject(
        self, children: NDArray[np.uint32], parents: NDArray[np.uint32], rejections: Rejections
    ) -> None:
        """Reject relations, each told by the first row that says it."""
        dropped = _pairs(children, parents)
        for part in RANGES if len(dropped) else ():
            rows = self._rows.numbers(part)
            pairs, firsts = np.unique(_pairs(rows["child"], rows["parent"]), return_index=True)
            for at in firsts[np.isin(pairs, dropped)].tolist():
                value = f"{concept_id(rows['child'][at])} is-a {concept_id(rows['parent'][at])}"
                file = self._files.texts[rows["file"][at]]
                rejections.add(file, int(rows["line"][at]), "the is-a relation closes a cycle", value)


def _pairs(children: NDArray[np.integer], parents: NDArray[np.integer]) -> NDArray[np.int64]:
    return children.astype(np.int64) << 32 | parents.astype(np.int64)


def sources_of_hierarchy(asked: Sequence[str], atoms: Atoms) -> list[str]:
    """The sources that is-a comes from, in the order in which they count.

    Those asked for; else SNOMED CT where the release has it; else all sources, by their ranks.
    """
    if asked:
        return list(dict.fromkeys(asked))
    return [SNOMED] if SNOMED in atoms.sources() else atoms.ranked_sources()


def read_contexts(release: Metathesaurus, atoms: Atoms, edges: Edges, rejections: Rejections) -> None:
    """Read MRHIER.RRF, where it is: the concept of an atom is-a the concept of the atom above it.

    The atom above (PAUI) is looked for among all atoms of the edges' sources, those that are left out as
    terms too. Where it is none of them, but stands for a source, or where there is none, the row's
    atom is a root and has no parent. Raises SourceDamaged.
    """
    table = release.table(CONTEXTS)
    if table is None:
        return
    words = atoms.selection.words
    auis, cuis = atoms.owners.of(words.among(frozenset(edges.sources)))
    roots, _ = atoms.owners.of(words.among({ROOTS}))
    for rows in read_rows(table, _COLUMNS, words, rejections):
        rows = rows.keep(
            edges.takes(rows["SAB"]) & (rows["PAUI"] > 0) & words.among(IS_A_NAMES)[rows["RELA"]]
        )
        rows = of_known(rows, "CUI", atoms, rejections)
        at = np.minimum(np.searchsorted(auis, rows["PAUI"]), max(len(auis) - 1, 0))
        found = auis[at] == rows["PAUI"] if len(auis) else np.zeros(len(rows), np.bool_)
        is_root = ~found & np.isin(rows["PAUI"], roots)
        stray = ~found & ~is_root
        at = at[found]
        rows = rows.keep(~is_root)
        rows = rows.rejecting(
            stray[~is_root], "the atom above is none of the sources asked for", "PAUI", rejections, AUI
        )
        edges.put(rows, rows["CUI"], cuis[at], rejections)
