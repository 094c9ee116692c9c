"""The import's rival: the same RF2 files with the standard library's csv into dictionaries, and NetworkX.

    python -m benchmarks.rf2_in_dictionaries FOLDER...

What a careful script does: it reads the Snapshot rows with `csv.reader` (no quoting), keeps active concepts,
active terms, preferred terms by language refset, is-a and attributes by concept, in dictionaries, and takes every
concept's ancestors from a NetworkX graph. Nothing is written to disk, no row is checked, maps, history and
other refsets are left out.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import networkx as nx

from loaders.rf2.identifiers import INFERRED, IS_A, PREFERRED

csv.field_size_limit(1 << 20)


def rows(folders: Sequence[Path], pattern: str) -> Iterator[list[str]]:
    """The active rows of the Snapshot files whose names match."""
    for path in (path for folder in folders for path in sorted(folder.rglob(pattern))):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            next(reader)
            for row in reader:
                if row[2] == "1":
                    yield row


def main() -> None:
    """Read the release and print what was found."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    active = {row[0] for row in rows(folders, "sct2_Concept_*")}
    terms: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    owner: dict[str, tuple[str, str]] = {}
    for row in rows(folders, "sct2_Description_*"):
        terms[row[4]].append((row[7], row[5], row[6]))
        owner[row[0]] = (row[4], row[7])
    preferred: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows(folders, "der2_cRefset_*"):
        if row[6] == PREFERRED and row[5] in owner:
            concept, term = owner[row[5]]
            preferred[row[4]][concept] = term
    attributes: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    hierarchy: nx.DiGraph[str] = nx.DiGraph()
    hierarchy.add_nodes_from(active)
    for row in rows(folders, "sct2_Relationship_*"):
        if row[8] != INFERRED:
            continue
        if row[7] != IS_A:
            attributes[row[4]].append((row[6], row[7], row[5]))
        elif row[4] in active and row[5] in active:
            hierarchy.add_edge(row[4], row[5])
    # Edges go from child to parent, so a concept's ancestors are what can be reached from it.
    ancestors = {concept: nx.descendants(hierarchy, concept) for concept in hierarchy}
    print(f"{len(active):,} concepts, {sum(map(len, ancestors.values())):,} pairs of concept and ancestor")


if __name__ == "__main__":
    main()
