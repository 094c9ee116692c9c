"""Answers an expression: the set of concepts that it stands for, as a mask over the universe.

`*` is what the root reaches; where SNOMED CT's root is not there, all active concepts. A concept that is
named stands for itself, active or retired. `^` gives the members of active rows, retired concepts too.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph.ecl import filtering
from graph.ecl.content import Content
from graph.ecl.hierarchy_sets import related
from graph.ecl.refining import Refining
from graph.ecl.syntax import (
    ActiveFilter,
    AnyConcept,
    Compound,
    ConceptFilters,
    Connective,
    Constraint,
    Dotted,
    Expression,
    Filtered,
    History,
    MemberField,
    MemberFilter,
    MembersOf,
    Reference,
    References,
    Refined,
    RefsetsContaining,
    Related,
)
from graph.ecl.tables import NO_TARGET
from graph.ecl.universe import Mask, Role
from graph.ecl.well_known import (
    ASSOCIATIONS,
    DEFINED,
    DESCRIPTION_TYPES,
    IS_A,
    PRIMITIVE,
    PROFILES,
    REFERENCE_SET,
    ROOT,
    SIMPLE_REFERENCE_SET,
)
from graph.errors import EclNotSupported, EclUnknownId
from graph.model import CURIE, SuccessionKind
from graph.model import IS_A as IS_A_TYPE
from graph.time_limit import check_time

_Rows = NDArray[np.int64]


class Evaluator:
    """Answers the expressions of one release. Safe to share between threads."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.universe = content.universe
        self.tables = content.tables

    def concepts(self, expression: Expression) -> Mask:
        """The concepts of an expression: a mask of shape (universe.size,), not to be written to.

        Raises EclUnknownId for an id that the release does not hold, EclNotSupported where the answer would
        have to be something else than concepts or is not known.
        """
        return self.set_of(expression, Role.CONCEPT)

    def set_of(self, node: Expression | References, role: Role) -> Mask:
        """The set of an expression whose ids are named in a role. Raises EclTooSlow where its time is over."""
        check_time()
        match node:
            case Reference():
                return self.universe.of([self.number(node, role)])
            case References():
                return self.universe.of([self.number(reference, role) for reference in node.concepts])
            case AnyConcept():
                return self._any(role)
            case Related():
                return self._related(node, role)
            case Compound():
                return self._compound(node, role)
            case Refined():
                focus = self.set_of(node.focus, role)
                return focus & Refining(self, focus).concepts(node.refinement)
            case Dotted():
                return self._dotted(node, role)
            case MembersOf():
                return self._members(node)
            case RefsetsContaining():
                return self._refsets_containing(node)
            case Filtered():
                return self._filtered(node, role)
            case History():
                return self._with_history(node, role)

    def number(self, reference: Reference, role: Role) -> int:
        """The number of what a reference names. Raises EclUnknownId."""
        number = self.universe.find(reference.id)
        if 0 <= number < self.universe.concepts or number in self.roles[role]:
            return number
        raise EclUnknownId(
            reference.at.line,
            reference.at.column,
            f"release {self.content.release!r} has no {role} {reference.id!r}",
        )

    @cached_property
    def roles(self) -> dict[Role, frozenset[int]]:
        """The numbers that count in each role though they are perhaps no concepts."""
        numbers = self.universe.numbers
        tables = self.tables
        attributes = {*tables.attributes.type_numbers.tolist(), *self.is_a_numbers}
        targets = tables.attributes.targets
        return {
            Role.CONCEPT: frozenset(),
            Role.VALUE: frozenset(np.unique(targets[targets >= self.universe.concepts]).tolist()),
            Role.ATTRIBUTE: frozenset(attributes),
            Role.REFSET: frozenset(
                {*tables.refset_rows.refsets.tolist(), *numbers(list(ASSOCIATIONS.values())).tolist()}
            ),
            Role.LANGUAGE_REFSET: frozenset(
                refset for held in tables.descriptions.held_by for refset, _ in held
            ),
            Role.MODULE: frozenset(np.unique(tables.concepts.modules).tolist()) - {-1},
            Role.DESCRIPTION_TYPE: frozenset(numbers(list(DESCRIPTION_TYPES)).tolist()),
            Role.DEFINITION_STATUS: frozenset(numbers([DEFINED, PRIMITIVE]).tolist()),
        }

    @cached_property
    def is_a_numbers(self) -> tuple[int, ...]:
        """The numbers by which is-a can be named."""
        return tuple(number for id in (IS_A, IS_A_TYPE) if (number := self.universe.find(id)) >= 0)

    @cached_property
    def everything(self) -> Mask:
        """What `*` stands for."""
        hierarchy, mask = self.content.hierarchy, self.universe.none()
        if ROOT in hierarchy:
            root = hierarchy.ordinal(ROOT)
            mask[hierarchy.descendants_of_ordinal(root)] = True
            mask[root] = True
        else:
            mask[: self.universe.active] = True
        mask.flags.writeable = False
        return mask

    def _any(self, role: Role) -> Mask:
        if not self.roles[role]:
            return self.everything
        mask = self.everything.copy()
        mask[list(self.roles[role])] = True
        if role is Role.ATTRIBUTE:
            # Every concept has is-a rows, so `*` for an attribute would mean nothing with them.
            mask[list(self.is_a_numbers)] = False
        return mask

    def _related(self, node: Related, role: Role) -> Mask:
        hierarchy = self.content.hierarchy
        if isinstance(node.operand, Reference):
            # Most expressions are this, and their answer lies ready.
            number = self.number(node.operand, role)
            mask = self.universe.none()
            if number < self.universe.active:
                if node.constraint in (Constraint.DESCENDANT_OF, Constraint.DESCENDANT_OR_SELF_OF):
                    mask[hierarchy.descendants_of_ordinal(number)] = True
                    mask[number] = node.constraint is Constraint.DESCENDANT_OR_SELF_OF
                    return mask
                if node.constraint in (Constraint.ANCESTOR_OF, Constraint.ANCESTOR_OR_SELF_OF):
                    mask[hierarchy.ancestors_of_ordinal(number)] = True
                    mask[number] = node.constraint is Constraint.ANCESTOR_OR_SELF_OF
                    return mask
            mask[number] = True
            return related(hierarchy, node.constraint, mask)
        return related(hierarchy, node.constraint, self.set_of(node.operand, role))

    def _compound(self, node: Compound, role: Role) -> Mask:
        masks = [self.set_of(part, role) for part in node.parts]
        made = masks[0].copy()
        for mask in masks[1:]:
            if node.connective is Connective.AND:
                made &= mask
            elif node.connective is Connective.OR:
                made |= mask
            else:
                made &= ~mask
        return made

    def _dotted(self, node: Dotted, role: Role) -> Mask:
        mask = self.set_of(node.focus, role)
        for attribute in node.attributes:
            mask = Refining(self, mask).values(attribute)
        if role is not Role.VALUE:
            mask[self.universe.concepts :] = False
        return mask

    # Refsets -----------------------------------------------------------------------------------------------

    def _members(self, node: MembersOf) -> Mask:
        rows = self._passing(self._rows_of_refsets(node), node.filters)
        return self.universe.of(self.tables.refset_rows.members[rows])

    def _rows_of_refsets(self, node: MembersOf) -> _Rows:
        table = self.tables.refset_rows
        if isinstance(node.refsets, AnyConcept):
            return np.arange(len(table.members))
        named = self.set_of(node.refsets, Role.REFSET)
        self._check_kept(node, named)
        return table.runs.of_values(np.flatnonzero(named[table.refsets]))

    def _check_kept(self, node: MembersOf, named: Mask) -> None:
        """Refuse refsets of which no rows are kept, unless it is known that they are simple and empty."""
        without = named.copy()
        without[self.tables.refset_rows.refsets] = False
        without[list(self.roles[Role.REFSET])] = False
        if not isinstance(node.refsets, Reference):
            # Other concepts than refsets have no members, and may be in a set of them.
            without &= self._below(REFERENCE_SET)
        without &= ~self._below(SIMPLE_REFERENCE_SET)
        if without.any():
            id = self.universe.id_of(int(np.flatnonzero(without)[0]))
            at = node.refsets.at
            raise EclNotSupported(
                at.line,
                at.column,
                f"release {self.content.release!r} keeps no members of {id}; it keeps those of simple refsets and "
                "of historical associations",
            )

    def _below(self, id: CURIE) -> Mask:
        mask, hierarchy = self.universe.none(), self.content.hierarchy
        if id in hierarchy:
            mask[hierarchy.descendants_of_ordinal(hierarchy.ordinal(id))] = True
            mask[hierarchy.ordinal(id)] = True
        return mask

    def _refsets_containing(self, node: RefsetsContaining) -> Mask:
        table = self.tables.refset_rows
        members = self.set_of(node.members, Role.CONCEPT)
        rows = self._passing(np.flatnonzero(members[table.members]), node.filters)
        places = np.searchsorted(table.runs.offsets, rows, side="right") - 1
        refsets = np.unique(table.refsets[places])
        return self.universe.of(refsets[refsets < self.universe.concepts])

    def _passing(
        self,
        rows: _Rows,
        filters: tuple[MemberFilter | ActiveFilter, ...],
    ) -> _Rows:
        table = self.tables.refset_rows
        for one in filters:
            if isinstance(one, ActiveFilter):
                continue  # All rows kept are active, and others are refused when the expression is read.
            concepts = self.set_of(one.concepts, Role.CONCEPT)
            column = table.members if one.column is MemberField.MEMBER else table.targets
            values = column[rows]
            if (values == NO_TARGET).any():
                raise EclNotSupported(
                    one.at.line, one.at.column, f"a refset has no column {one.column}; associations have it"
                )
            rows = rows[((values >= 0) & concepts[values]) != one.negated]
        return rows

    # Filters and history -----------------------------------------------------------------------------------

    def _filtered(self, node: Filtered, role: Role) -> Mask:
        if isinstance(node.operand, AnyConcept) and any(
            isinstance(one, ActiveFilter)
            for block in node.blocks
            if isinstance(block, ConceptFilters)
            for one in block.filters
        ):
            mask = self._any(role).copy()
            mask[self.universe.active : self.universe.concepts] = True
        else:
            mask = self.set_of(node.operand, role)
        for block in node.blocks:
            if isinstance(block, ConceptFilters):
                mask = filtering.by_concept(self, mask, block)
            else:
                mask = filtering.by_description(self, mask, block)
        return mask

    def _with_history(self, node: History, role: Role) -> Mask:
        mask = self.set_of(node.operand, role)
        kinds = PROFILES[node.profile]
        if node.subset is not None:
            subset = self.set_of(node.subset, Role.REFSET)
            kinds = frozenset(kind for kind, id in ASSOCIATIONS.items() if subset[self.universe.find(id)])
        table, made = self.tables.refset_rows, mask.copy()
        if SuccessionKind.SAME_AS in kinds:
            kinds |= {SuccessionKind.MOVED_FROM}
        for kind in kinds:
            rows = table.runs.of_values(
                np.flatnonzero(table.refsets == self.universe.find(ASSOCIATIONS[kind]))
            )
            retired, successors = table.members[rows], table.targets[rows]
            if kind is SuccessionKind.MOVED_FROM:
                # It leads from the new identifier to the former one, the other way round than all others, and
                # the specification (6.11) has it count as SAME AS, turned round.
                retired, successors = successors, retired
            met = (successors >= 0) & mask[successors] & (retired >= 0)
            made[retired[met]] = True
        return made
