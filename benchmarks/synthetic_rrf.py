"""A synthetic UMLS Metathesaurus release of any size, in Rich Release Format.

    python -m benchmarks.synthetic_rrf --concepts 2410000 --output DIR [--seed 7]

Writes DIR/META with MRCONSO, MRDEF, MRSTY, MRREL, MRHIER, MRRANK, MRSAB and MRFILES, shaped like the
real ones: 4.2 atoms and 8.3 rows of MRREL a concept, so that 2,410,000 concepts make ten and twenty million
rows; seven atoms of ten English, one of six Spanish, the others in languages that nobody asked for; one
atom of seven suppressed; both directions of every relation; a tree of contexts a source, with a second parent
for half of SNOMED CT's concepts. Rows that a reader may stumble over are among them: quotation marks, concepts
that are their own parents, cycles, roots under an atom of another source, concepts that MRCONSO lacks.

The terms are invented and the codes are counted; only abbreviations and column names are the UMLS's own. The
bytes depend on the number of concepts and the seed alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import invented_terms
from benchmarks.rrf_atoms import SOURCE_LANGUAGES, Atoms, atoms_of, code_ranks, write_atoms
from benchmarks.rrf_relations import write_contexts, write_relations
from benchmarks.rrf_trees import trees_of
from benchmarks.rrf_writing import Meta, Numbers, numbered
from loaders.rrf import columns

#: As many CUIs as seven digits can count.
MOST = 9_999_999
_ROWS_AT_ONCE = 500_000
_TYPES = (
    ("T901", "B2.2.1", "Invented Disorder"),
    ("T902", "A2.2", "Invented Finding"),
    ("T903", "B1.3.1", "Invented Procedure"),
    ("T904", "A1.4.1", "Invented Substance"),
    ("T905", "A1.1.3", "Invented Organism"),
    ("T906", "A1.2.3", "Invented Body Part"),
)
_WITH_TWO_TYPES, _WITH_DEFINITION, _DEFINED_IN_SPANISH = 0.08, 0.08, 0.1


def write_release(folder: Path, concepts: int, seed: int = 7) -> Path:
    """Write a release of so many concepts into `folder`/META, which must not hold one, and return that folder.

    Takes some 250 bytes of memory and 1.6 kB of disk a concept. Raises ValueError for a number of
    concepts below 100 or beyond what CUIs can tell apart, FileExistsError.
    """
    if not 100 <= concepts <= MOST:
        raise ValueError(f"A release of {concepts:,} concepts cannot be made; ask for 100 to {MOST:,}.")
    rng = np.random.default_rng(seed)
    meta = Meta(folder / "META")
    atoms = atoms_of(concepts, rng)
    trees = trees_of(atoms, rng)
    write_atoms(meta, atoms, rng)
    _write_types(meta, atoms, rng)
    _write_definitions(meta, atoms, rng)
    write_relations(meta, atoms, trees, rng)
    write_contexts(meta, atoms, trees)
    _write_ranks(meta)
    _write_sources(meta, concepts)
    meta.write_files_table()
    return meta.folder


def _write_types(meta: Meta, atoms: Atoms, rng: np.random.Generator) -> None:
    names = (
        pa.array([t[0] for t in _TYPES]),
        pa.array([t[1] for t in _TYPES]),
        pa.array([t[2] for t in _TYPES]),
    )
    written = 0
    with meta.file(columns.TYPES) as file:
        for start in range(0, atoms.concepts, _ROWS_AT_ONCE):
            concepts = np.arange(start, min(start + _ROWS_AT_ONCE, atoms.concepts))
            first = atoms.kinds[concepts] % len(_TYPES)
            twice = rng.random(len(concepts)) < _WITH_TWO_TYPES
            # The second type's TUI may come before the first's, as in the real file.
            rows = np.concatenate((concepts, concepts[twice]))
            types = np.concatenate((first, (first[twice] + 1) % len(_TYPES)))
            order = np.argsort(rows, kind="stable")
            tui, tree, name = (column.take(pa.array(types[order])) for column in names)
            ids = numbered("AT", written + np.arange(len(rows)), 8)
            file.write(numbered("C", atoms.cuis[rows[order]], 7), tui, tree, name, ids, "")
            written += len(rows)


def _write_definitions(meta: Meta, atoms: Atoms, rng: np.random.Generator) -> None:
    concepts = np.flatnonzero(rng.random(atoms.concepts) < _WITH_DEFINITION)
    with meta.file(columns.DEFINITIONS) as file:
        for start in range(0, len(concepts), _ROWS_AT_ONCE):
            some = concepts[start : start + _ROWS_AT_ONCE]
            spanish = rng.random(len(some)) < _DEFINED_IN_SPANISH
            texts = _definitions(some, spanish)
            source = pa.array(["MSH", "MSHSPA"]).take(pa.array(spanish.astype(np.int8)))
            suppress = pa.array(["N", "O"]).take(pa.array((rng.random(len(some)) < 0.05).astype(np.int8)))
            file.write(
                numbered("C", atoms.cuis[some], 7),
                numbered("A", atoms.first_auis[some], 7),
                numbered("AT", 900_000_000 + some, 8),
                "",
                source,
                texts,
                suppress,
                "",
            )


def _definitions(concepts: Numbers, spanish: np.ndarray) -> pa.Array:
    def text(of: Numbers, language: str, says: str) -> pa.Array:
        return invented_terms.joined(
            [
                invented_terms.terms(of, 0, language),
                pa.scalar(says),
                invented_terms.terms(of + 1, 3, language),
                pa.scalar(";"),
                invented_terms.terms(of + 2, 2, language),
            ],
            " ",
        )

    halves = [
        text(concepts[~spanish], "en", "is a form of"),
        text(concepts[spanish], "es", "es una forma de"),
    ]
    place = np.empty(len(concepts), np.int64)
    place[np.concatenate((np.flatnonzero(~spanish), np.flatnonzero(spanish)))] = np.arange(len(concepts))
    return pa.concat_arrays(halves).take(pa.array(place))


def _write_ranks(meta: Meta) -> None:
    ranked: Sequence[tuple[str, str]] = code_ranks()
    with meta.file(columns.RANKS) as file:
        file.write(
            numbered("", np.arange(len(ranked), 0, -1), 4),
            pa.array([source for source, _ in ranked]),
            pa.array([type for _, type in ranked]),
            "N",
        )


def _write_sources(meta: Meta, concepts: int) -> None:
    names = sorted(SOURCE_LANGUAGES)
    text = pa.array(names)
    with meta.file(columns.SOURCES) as file:
        file.write(
            "", "", invented_terms.joined([text, pa.scalar("2026_01")], "_"), text, text, text, "2026_01", "", "",
            "2026AA", "", "", "", "0", str(concepts), str(concepts), "FULL", "PT", "",
            pa.array([SOURCE_LANGUAGES[name] for name in names]), "UTF-8", "Y", "Y", text, "",
        )  # fmt: skip


def main() -> None:
    """Write a release as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--concepts", type=int, required=True, help="how many CUIs; 2410000 is full size")
    parser.add_argument("--output", type=Path, required=True, help="a folder; META is made in it")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    folder = write_release(options.output, options.concepts, options.seed)
    for path in sorted(folder.iterdir()):
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
