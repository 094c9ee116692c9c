"""The parents of each concept of an index, the most telling first: what a cross-encoder may be shown of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graph.model import CURIE

_FILES = ("indptr", "concepts")


def parents_in_order(
    active: Container[CURIE], is_a: Iterable[tuple[CURIE, CURIE]]
) -> dict[CURIE, tuple[CURIE, ...]]:
    """The active parents of each active concept that has some: those with the fewest children first, then by id.

    Of two parents the one with fewer children says more. `is_a` are (child, parent) pairs, each once.
    """
    gathered: dict[CURIE, list[CURIE]] = defaultdict(list)
    children: Counter[CURIE] = Counter()
    for child, parent in is_a:
        if child in active and parent in active:
            gathered[child].append(parent)
            children[parent] += 1
    return {
        child: tuple(sorted(parents, key=lambda id: (children[id], id)))
        for child, parents in gathered.items()
    }


@dataclass(frozen=True, slots=True)
class Parents:
    """CSR arrays over concept ordinals: ordinal `o` has the parents `concepts[indptr[o]:indptr[o + 1]]`, in order."""

    indptr: npt.NDArray[np.int64]
    concepts: npt.NDArray[np.int32]

    @classmethod
    def by_ordinal(cls, ids: Sequence[CURIE], parents: Mapping[CURIE, Sequence[CURIE]]) -> Parents:
        """Of the concepts `ids`, in their order; a parent that is not among them is left out."""
        ordinals = {id: ordinal for ordinal, id in enumerate(ids)}
        rows = [[ordinals[parent] for parent in parents.get(id, ()) if parent in ordinals] for id in ids]
        indptr = np.zeros(len(ids) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=indptr[1:])
        return cls(indptr, np.array([parent for row in rows for parent in row], dtype=np.int32))

    def of(self, ordinal: int) -> npt.NDArray[np.int32]:
        """The parents of an ordinal."""
        return self.concepts[self.indptr[ordinal] : self.indptr[ordinal + 1]]

    def save(self, folder: Path) -> None:
        """Write both arrays into `folder`, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> Parents:
        """Open memory-mapped. Raises OSError, ValueError."""
        return cls(*(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _FILES))
