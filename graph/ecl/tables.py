"""What expressions are answered from, compiled: arrays over the numbers of the universe.

Is-a rows to what is no active concept are left out, as the hierarchy leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.ecl.rows import RowIndex, Runs
from graph.model import TermKind

#: The kinds of terms, as `Descriptions.kinds` numbers them.
TERM_KINDS = (TermKind.FSN, TermKind.PREFERRED, TermKind.SYNONYM, TermKind.DEFINITION)

#: Stands in `Concepts.times` for a time that is no day.
NO_DAY = -1
#: Stand in `RefsetRows.targets`: the refset has no such column; the target is no concept of the release.
NO_TARGET, UNKNOWN_TARGET = -1, -2


@dataclass(frozen=True, slots=True)
class Concepts:
    """What is known of each concept, active or retired; each array has shape (concepts,)."""

    defined: NDArray[np.bool_]
    modules: NDArray[np.int32]
    """The number of its module; -1 for none."""
    times: NDArray[np.int32]
    """Its effective time as a number like 20240131; 0 for blank."""


@dataclass(frozen=True)
class Attributes:
    """The rows of relations, is-a among them, sorted by source; every array but the last three has a row each.

    Groups are numbered through the release. Each row of group 0 is a group of its own. Those of is-a rows
    have the numbers from `attribute_groups` on.
    """

    sources: NDArray[np.int32]
    types: NDArray[np.int16]
    """A place in `type_numbers`."""
    targets: NDArray[np.int32]
    """The number of a concept or of an id that is no concept here, or -1 - k for the concrete value k."""
    groups: NDArray[np.int32]
    type_numbers: NDArray[np.int32]
    """The number of each type."""
    group_sources: NDArray[np.int32]
    """The source of each group."""
    values: tuple[str, ...]
    """The concrete values as they are written: `#5`, `"5 mg"`, `true`."""
    attribute_groups: int
    is_a: int
    """The place of is-a in `type_numbers`; -1 where there is no is-a row."""
    by_source: Runs
    by_type: RowIndex
    by_target: RowIndex
    group_counts: NDArray[np.int32]
    """How many groups each concept has, is-a left out; shape (concepts,)."""


@dataclass(frozen=True, slots=True)
class RefsetRows:
    """The rows of simple refsets and of historical associations, sorted by refset."""

    refsets: NDArray[np.int32]
    """The number of each refset that has rows, ascending."""
    runs: Runs
    """The rows of each of `refsets`."""
    members: NDArray[np.int32]
    targets: NDArray[np.int32]
    """What a row of an association leads to, or UNKNOWN_TARGET; NO_TARGET in other refsets."""


@dataclass(frozen=True)
class Descriptions:
    """The active terms and definitions, sorted by concept; every array but the last four has a row each."""

    concepts: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    """A place in `TERM_KINDS`."""
    languages: NDArray[np.uint8]
    """A place in `language_names`."""
    dialects: NDArray[np.uint16]
    """A place in `held_by`."""
    language_names: tuple[str, ...]
    held_by: tuple[tuple[tuple[int, bool], ...], ...]
    """Which language refsets hold a term, by number, and whether as the preferred one."""
    texts: pa.Array
    """The terms in lower case, composed (NFC)."""
    words: pa.Array
    """The distinct words of all terms, sorted by `folded`."""
    folded: pa.Array
    """The words without accents; ñ is kept, for it is a letter."""
    by_concept: Runs
    by_word: RowIndex

    @cached_property
    def word_list(self) -> list[str]:
        """`words` for Python."""
        found: list[str] = self.words.to_pylist()
        return found


@dataclass(frozen=True, slots=True)
class Tables:
    """All of it."""

    concepts: Concepts
    attributes: Attributes
    refset_rows: RefsetRows
    descriptions: Descriptions
