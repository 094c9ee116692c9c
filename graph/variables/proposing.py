"""From examples to an expression: what covers them tightly, and none of the counter-examples.

Examples are put together step by step, always the two groups whose union costs least, and a group stands for
all that the lowest common ancestors of its members have below them in common. Of all steps the one is proposed
that describes the examples in the fewest bits (minimum description length, Rissanen 1978): log2 n for each
concept that the expression names, of n in the release, and log2 m for each example, of m concepts in its group.
So ten codes below one narrow ancestor become that ancestor, and codes from all over stay a list.

What a group covers of the counter-examples is taken out with as much around it as no example needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.ecl.printer import text_of
from graph.ecl.syntax import Reference
from graph.errors import ConceptNotFound, GraphError
from graph.hierarchy import Hierarchy
from graph.model import CURIE

#: Examples that are looked at together; the cost grows with the cube of their number.
MOST_EXAMPLES = 200

_Ordinals = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A concept that is taken out: with all below it, or alone where an example is below it."""

    id: CURIE
    alone: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the examples, and the concepts that together stand for them: what is below all of these."""

    ancestors: tuple[CURIE, ...]
    examples: tuple[CURIE, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An expression that covers all examples and no counter-example.

    `covered` counts its concepts, `bits` is its description length; fewer are better.
    """

    ecl: str
    groups: tuple[Group, ...]
    exclusions: tuple[Exclusion, ...]
    covered: int
    bits: float


def propose(
    hierarchy: Hierarchy, examples: Sequence[CURIE], counter_examples: Sequence[CURIE] = ()
) -> list[Proposal]:
    """The expressions of every step, the best first; each covers all examples and no counter-example.

    Raises ConceptNotFound for an id that is no active concept, and GraphError where there is no example, there
    are more than MOST_EXAMPLES, or one is a counter-example too.
    """
    wanted, unwanted = list(dict.fromkeys(examples)), list(dict.fromkeys(counter_examples))
    if not wanted:
        raise GraphError("There is no example to propose an expression from; give at least one.")
    if len(wanted) > MOST_EXAMPLES:
        raise GraphError(
            f"There are {len(wanted)} examples and at most {MOST_EXAMPLES} are looked at; give fewer."
        )
    both = [id for id in wanted if id in unwanted]
    if both:
        raise GraphError(f"{both[0]} is an example and a counter-example; take it out of one of the two.")
    missing = [id for id in [*wanted, *unwanted] if id not in hierarchy]
    if missing:
        raise ConceptNotFound(missing, hierarchy.release, active=True)
    search = _Search(hierarchy, hierarchy.ordinals(sorted(wanted)), hierarchy.ordinals(sorted(unwanted)))
    found = {proposal.ecl: proposal for proposal in search.steps()}
    return sorted(found.values(), key=lambda one: (one.bits, one.covered, one.ecl))


@dataclass(frozen=True, slots=True)
class _Part:
    """A group while it is sought; all are ordinals, sorted. `covered` is without what is excluded."""

    examples: tuple[int, ...]
    ancestors: _Ordinals
    exclusions: tuple[tuple[int, bool], ...]
    covered: _Ordinals
    bits: float


class _Search:
    def __init__(self, hierarchy: Hierarchy, wanted: _Ordinals, unwanted: _Ordinals) -> None:
        self._hierarchy, self._wanted, self._unwanted = hierarchy, wanted, unwanted
        self._id_bits = float(np.log2(max(len(hierarchy), 2)))
        #: The concepts with an example at or below them.
        above = [hierarchy.ancestors_or_self_of_ordinal(int(one)) for one in wanted]
        self._needed = np.unique(np.concatenate(above))

    def steps(self) -> list[Proposal]:
        """From a group an example to as few groups as there can be."""
        parts = [part for one in self._wanted if (part := self._part((int(one),)))]
        unions = dict[tuple[int, ...], _Part | None]()
        found = [self._proposal(parts)]
        while len(parts) > 1:
            best: tuple[float, int, int, _Part] | None = None
            for at, one in enumerate(parts):
                for place in range(at + 1, len(parts)):
                    together = tuple(sorted({*one.examples, *parts[place].examples}))
                    if together not in unions:
                        unions[together] = self._part(together)
                    union = unions[together]
                    if union is None:
                        continue
                    cost = union.bits - one.bits - parts[place].bits
                    if best is None or cost < best[0]:
                        best = (cost, at, place, union)
            if best is None:
                break
            _, at, place, union = best
            parts = [part for k, part in enumerate(parts) if k not in (at, place)] + [union]
            found.append(self._proposal(parts))
        return found

    def _part(self, examples: tuple[int, ...]) -> _Part | None:
        """The group of some examples; None where nothing is above all of them."""
        hierarchy = self._hierarchy
        ancestors = self._lowest(examples)
        if len(ancestors) == 0:
            return None
        covered = self._below(int(ancestors[0]))
        for ancestor in ancestors[1:].tolist():
            covered = np.intersect1d(covered, self._below(ancestor), assume_unique=True)
        exclusions = list[tuple[int, bool]]()
        for one in np.intersect1d(self._unwanted, covered).tolist():
            if any(self._takes_out(exclusion, one) for exclusion in exclusions):
                continue
            if one in self._needed:
                exclusions.append((one, True))
                continue
            # As far up as no example is below, within what is covered.
            above = np.intersect1d(hierarchy.ancestors_or_self_of_ordinal(one), covered)
            free = above[~np.isin(above, self._needed)]
            highest = free[~np.isin(free, hierarchy.descendants_of_ordinals(free))]
            exclusions.append((int(highest[0]), False))
        for exclusion, alone in exclusions:
            gone = np.array([exclusion]) if alone else self._below(exclusion)
            covered = np.setdiff1d(covered, gone, assume_unique=True)
        bits = self._id_bits * (len(ancestors) + len(exclusions)) + len(examples) * float(
            np.log2(len(covered))
        )
        return _Part(examples, ancestors, tuple(exclusions), covered, bits)

    def _lowest(self, examples: tuple[int, ...]) -> _Ordinals:
        common = self._hierarchy.ancestors_or_self_of_ordinal(examples[0])
        for one in examples[1:]:
            common = np.intersect1d(
                common, self._hierarchy.ancestors_or_self_of_ordinal(one), assume_unique=True
            )
        above_another = self._hierarchy.ancestors_of_ordinals(common)
        return common[~np.isin(common, above_another)]

    def _below(self, ordinal: int) -> _Ordinals:
        row = self._hierarchy.descendants_of_ordinal(ordinal)
        return np.insert(row, np.searchsorted(row, np.uint32(ordinal)), np.uint32(ordinal))

    def _takes_out(self, exclusion: tuple[int, bool], one: int) -> bool:
        ordinal, alone = exclusion
        return ordinal == one if alone else one in self._below(ordinal)

    def _proposal(self, parts: Sequence[_Part]) -> Proposal:
        hierarchy = self._hierarchy
        ordered = sorted(parts, key=lambda part: part.examples)
        groups = tuple(
            Group(hierarchy.ids_of(part.ancestors), hierarchy.ids_of(np.array(part.examples)))
            for part in ordered
        )
        taken = sorted({exclusion for part in ordered for exclusion in part.exclusions})
        covered = np.unique(np.concatenate([part.covered for part in ordered]))
        return Proposal(
            ecl=" OR ".join(self._text(part, len(ordered) > 1) for part in ordered),
            groups=groups,
            exclusions=tuple(Exclusion(hierarchy.ids_of([one])[0], alone) for one, alone in taken),
            covered=len(covered),
            bits=round(sum(part.bits for part in ordered), 3),
        )

    def _text(self, part: _Part, among_others: bool) -> str:
        said = " AND ".join(f"<< {self._id(int(one))}" for one in part.ancestors)
        if part.exclusions:
            taken = [f"{'' if alone else '<< '}{self._id(one)}" for one, alone in part.exclusions]
            out = taken[0] if len(taken) == 1 else f"({' OR '.join(taken)})"
            said = f"({said}) MINUS {out}" if len(part.ancestors) > 1 else f"{said} MINUS {out}"
        several = len(part.ancestors) > 1 or part.exclusions
        return f"({said})" if among_others and several else said

    def _id(self, ordinal: int) -> str:
        return text_of(Reference(self._hierarchy.ids_of([ordinal])[0]))
