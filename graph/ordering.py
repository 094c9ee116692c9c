"""The orders in which stores tell a concept's records, as keys for sorting: one for all stores.

Text goes by its code points, as Python compares it. Every order is total but for equal records.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from graph.model import Mapping, Membership, Relation, Succession, SuccessionKind, TermKind

Key: TypeAlias = tuple[Any, ...]

#: The order in which a concept's terms are told.
TERM_KINDS = (TermKind.FSN, TermKind.PREFERRED, TermKind.SYNONYM, TermKind.DEFINITION)
_SUCCESSION_RANK = {kind: rank for rank, kind in enumerate(SuccessionKind)}


def relation_key(relation: Relation) -> Key:
    """By source, group, type, target and id."""
    return relation.source, relation.group, relation.type, relation.target, relation.id


def mapping_key(mapping: Mapping) -> Key:
    """By concept, group, priority, kind, target, rule, advice and id."""
    return (
        mapping.concept,
        mapping.group,
        mapping.priority,
        mapping.kind,
        mapping.target,
        mapping.rule,
        mapping.advice,
        mapping.id,
    )


def succession_key(succession: Succession) -> Key:
    """By kind, the closest first, then by the retired id, the successor and the row's id."""
    return _SUCCESSION_RANK[succession.kind], succession.retired, succession.successor, succession.id


def membership_key(membership: Membership) -> Key:
    """By member, refset and id."""
    return membership.member, membership.refset, membership.id
