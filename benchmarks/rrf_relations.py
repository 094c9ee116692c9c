"""The relations of a synthetic Metathesaurus: MRREL.RRF, and the trees' contexts, MRHIER.RRF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.rrf_atoms import Atoms
from benchmarks.rrf_trees import Tree
from benchmarks.rrf_writing import Meta, numbered
from loaders.rrf import columns

_ROWS_AT_ONCE = 500_000
#: Rows of MRREL a concept.
_ROWS_A_CONCEPT = 8.34
_SUPPRESSED = 0.04
#: Rows between atoms of one concept, as a translation and what it translates, among a hundred.
_WITHIN = 10
#: Rows whose second concept MRCONSO lacks.
_STRAY_EVERY = 100_000

#: REL and RELA of a row, of the row the other way round, the source, and how often such a pair is drawn.
_KINDS = (
    ("RO", "finding_site_of", "RO", "has_finding_site", "SNOMEDCT_US", 14),
    ("RO", "associated_morphology_of", "RO", "has_associated_morphology", "SNOMEDCT_US", 12),
    ("RO", "may_treat", "RO", "may_be_treated_by", "MED-RT", 8),
    ("RO", "has_ingredient", "RO", "ingredient_of", "RXNORM", 12),
    ("RO", "component_of", "RO", "has_component", "LNC", 12),
    ("RO", "", "RO", "", "MTH", 4),
    ("RN", "mapped_to", "RB", "mapped_from", "SNOMEDCT_US", 8),
    ("RN", "", "RB", "", "MSH", 8),
    ("RQ", "classified_as", "RQ", "classifies", "MDR", 6),
    ("SIB", "", "SIB", "", "NCI", 6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of MRREL by the numbers of their concepts; `kinds` count the columns that `_words` tells."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    kinds: NDArray[np.int8]


def write_relations(meta: Meta, atoms: Atoms, trees: list[Tree], rng: np.random.Generator) -> None:
    """Write MRREL.RRF, by CUI1. REL and RELA are those of the second concept to the first."""
    rows, words = _rows(atoms, trees, rng)
    order = np.argsort(rows.first, kind="stable")
    first_auis, last_auis = atoms.first_auis, atoms.last_auis
    with meta.file(columns.RELATIONS) as file:
        for start in range(0, len(order), _ROWS_AT_ONCE):
            part = order[start : start + _ROWS_AT_ONCE]
            first, second, kinds = rows.first[part], rows.second[part], pa.array(rows.kinds[part])
            numbers = np.arange(start, start + len(part))
            suppress = (rng.random(len(part)) < _SUPPRESSED).astype(np.int8)
            cuis = atoms.cuis[second]
            stray = numbers % _STRAY_EVERY == _STRAY_EVERY - 1
            # No concept has this CUI: concept i of n has one above i * (9,999,999 // n).
            cuis[stray] = 0
            rel, rela, source = (column.take(kinds) for column in words)
            file.write(
                numbered("C", atoms.cuis[first], 7),
                numbered("A", first_auis[first], 7),
                "AUI",
                rel,
                numbered("C", cuis, 7),
                numbered("A", np.where(first == second, last_auis[second], first_auis[second]), 7),
                "AUI",
                rela,
                numbered("R", numbers, 8),
                "",
                source,
                source,
                "",
                "",
                pa.array(["N", "O"]).take(pa.array(suppress)),
                "",
            )


def _rows(
    atoms: Atoms, trees: list[Tree], rng: np.random.Generator
) -> tuple[_Rows, tuple[pa.Array, pa.Array, pa.Array]]:
    words: list[tuple[str, str, str]] = []
    first, second, kinds = [], [], []

    def add(a: NDArray[np.int64], b: NDArray[np.int64], rel: str, rela: str, source: str) -> None:
        first.append(a.astype(np.int32))
        second.append(b.astype(np.int32))
        kinds.append(np.full(len(a), len(words), np.int8))
        words.append((rel, rela, source))

    for tree in trees:
        child, parent = tree.pairs().T
        add(child, parent, "PAR", tree.relation and f"inverse_{tree.relation}", tree.source)
        add(parent, child, "CHD", tree.relation, tree.source)
    wanted = int(atoms.concepts * _ROWS_A_CONCEPT)
    within = rng.integers(0, atoms.concepts, wanted * _WITHIN // 200)
    add(within, within, "SY", "translation_of", "SCTSPA")
    add(within, within, "SY", "has_translation", "SCTSPA")
    left = max(0, wanted - sum(map(len, first))) // 2
    weights = np.array([kind[-1] for kind in _KINDS], float)
    for (rel, rela, back, rela_back, source, _), count in zip(
        _KINDS, rng.multinomial(left, weights / weights.sum()), strict=True
    ):
        a = rng.integers(0, atoms.concepts, count)
        # Some concepts are spoken of much more than others: sites, ingredients.
        b = (atoms.concepts * rng.random(count) ** 3).astype(np.int64)
        add(a, b, rel, rela, source)
        add(b, a, back, rela_back, source)
    made = _Rows(np.concatenate(first), np.concatenate(second), np.concatenate(kinds))
    texts = tuple(pa.array([word[i] for word in words]) for i in range(3))
    return made, (texts[0], texts[1], texts[2])


def write_contexts(meta: Meta, atoms: Atoms, trees: list[Tree]) -> None:
    """Write MRHIER.RRF: for each parent of each node the path of that parent, and the roots without one.

    A tree's first node lies under the atom that stands for its source, which is the source SRC's.
    """
    auis = atoms.first_auis
    with meta.file(columns.CONTEXTS) as file:
        for tree in trees:
            paths = _paths(atoms, tree)
            child = np.concatenate((tree.nodes, tree.second[:, 0]))
            parent = np.concatenate((tree.parents, tree.second[:, 1]))
            order = np.argsort(child, kind="stable")
            child, parent = child[order], parent[order]
            again = np.zeros(len(child), np.int64)
            again[1:] = child[1:] == child[:-1]
            root = tree.parents[:1]
            file.write(
                numbered("C", atoms.cuis[root], 7),
                numbered("A", auis[root], 7),
                "1",
                "",
                "SRC",
                "",
                "",
                "",
                "",
            )
            for start in range(0, len(child), _ROWS_AT_ONCE):
                part = slice(start, start + _ROWS_AT_ONCE)
                paui = numbered("A", auis[parent[part]], 7)
                above = paths.take(pa.array(parent[part]))
                file.write(
                    numbered("C", atoms.cuis[child[part]], 7),
                    numbered("A", auis[child[part]], 7),
                    numbered("", again[part] + 1, 1),
                    paui,
                    tree.source,
                    tree.relation,
                    pc.if_else(pc.equal(above, ""), paui, pc.binary_join_element_wise(above, paui, ".")),
                    "",
                    "",
                )


def _paths(atoms: Atoms, tree: Tree) -> pa.Array:
    """For each concept, the AUIs above it by first parents, from the source's own down; "" where there are none."""
    text = np.full(atoms.concepts, "", object)
    auis = numbered("A", atoms.first_auis, 7).to_pylist()
    for node, parent in zip(tree.nodes.tolist(), tree.parents.tolist(), strict=True):
        above = text[parent]
        text[node] = f"{above}.{auis[parent]}" if above else auis[parent]
    return pa.array(text, pa.string())
