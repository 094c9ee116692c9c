"""Which concepts may be answered with: those the caller names, of those semantic tags.

Candidates outside are left out while searching, so that all that are asked for come from within.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graph.model import CURIE
from linker.errors import ScopeRejected
from linker.index import TermIndex

CLEARLY = 0.2
"""By how much the best concept outside must outscore the best within for the answer to be out of scope."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Masks over an index: `concepts` by ordinal, and `terms` by row, which name one within."""

    concepts: npt.NDArray[np.bool_]
    terms: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Concepts within."""
        return int(self.concepts.sum())

    def digest(self) -> bytes:
        """The same for the same concepts of an index."""
        return hashlib.blake2b(np.packbits(self.concepts).tobytes(), digest_size=16).digest()

    @classmethod
    def of(
        cls,
        index: TermIndex,
        *,
        ids: Collection[CURIE] | None = None,
        semantic_tags: Collection[str] = (),
    ) -> Scope:
        """The concepts of the index that are among `ids` and have one of `semantic_tags`; None and () leave all.

        Raises ScopeRejected for a semantic tag that no concept of the index has, and where nothing is left.
        """
        within = np.ones(index.concept_count, dtype=bool)
        if semantic_tags:
            tags = index.semantic_tags()
            for tag in semantic_tags:
                if tag not in tags:
                    known = ", ".join(sorted(set(tags) - {""})) or "none"
                    raise ScopeRejected(
                        f"No concept of release {index.manifest.release!r} has the semantic tag {tag!r}; "
                        f"there are: {known}."
                    )
            wanted = frozenset(semantic_tags)
            within &= np.fromiter((tag in wanted for tag in tags), bool, len(tags))
        if ids is not None:
            named = frozenset(ids)
            within &= np.fromiter((id in named for id in index.concept_ids()), bool, len(within))
        if not within.any():
            raise ScopeRejected(
                f"No concept that the index of release {index.manifest.release!r} can answer with is in the scope; "
                "widen the expression or leave the semantic tags out."
            )
        senses = index.senses
        counted = np.concatenate([[0], np.cumsum(within[senses.concepts])])
        terms = counted[senses.indptr[1:]] > counted[senses.indptr[:-1]]
        return cls(within, terms)
