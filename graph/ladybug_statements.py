"""What is asked of a release's store in Ladybug, in Cypher.

Two kinds of question are fast there and only these are asked: many primary keys unwound and looked up in
one statement (0.02 ms a key), and one key followed along its relations by a prepared statement (0.1 ms).
Unwinding keys *and* following relations in one statement makes Ladybug scan whole tables, and `IN $list`
is slow too.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from graph.model import IS_A, Concept, Mapping, Membership, Record, Relation, Succession, Term

CONCEPTS = (
    "UNWIND $ids AS id MATCH (c:Concept {id: id}) WHERE c.declared "
    "RETURN c.id, c.active, c.semantic_tag, c.effective_time, c.module, c.defined"
)
_TERM = "t.concept, t.text, t.language, t.kind, t.scope, t.id, t.acceptability, t.key"
TERMS = (
    "UNWIND $ids AS id MATCH (c:Concept {id: id}) UNWIND range(c.first_term, c.last_term) AS key "
    f"MATCH (t:Term {{key: key}}) RETURN {_TERM}"
)
_RELATION = "c.id, r.type, t.id, r.role_group, r.id"
RELATIONS = f"MATCH (c:Concept {{id: $id}})-[r:RELATES_TO]->(t:Concept) RETURN {_RELATION}"
_MAPPING = "c.id, t.id, m.kind, m.map_group, m.priority, m.rule, m.advice, m.id"
MAPPINGS = f"MATCH (c:Concept {{id: $id}})-[m:MAPS_TO]->(t:Concept) RETURN {_MAPPING}"
MAPPED_FROM = f"MATCH (t:Concept {{id: $id}})-[m:MAPPED_FROM]->(c:Concept) RETURN {_MAPPING}"
_SUCCESSION = "c.id, t.id, s.kind, s.id"
SUCCESSORS = f"MATCH (c:Concept {{id: $id}})-[s:SUCCEEDED_BY]->(t:Concept) RETURN {_SUCCESSION}"
PREDECESSORS = f"MATCH (t:Concept {{id: $id}})<-[s:SUCCEEDED_BY]-(c:Concept) RETURN {_SUCCESSION}"
_MEMBERSHIP = "r.id, c.id, m.id"
MEMBERSHIPS = f"MATCH (c:Concept {{id: $id}})-[m:MEMBER_OF]->(r:Concept) RETURN {_MEMBERSHIP}"
MEMBERS = f"MATCH (r:Concept {{id: $id}})<-[m:MEMBER_OF]-(c:Concept) RETURN {_MEMBERSHIP}"

_RANGE = "{0} >= $low AND {0} < $high"
ALL_CONCEPTS = (
    f"MATCH (c:Concept) WHERE {_RANGE.format('c.ordinal')} AND c.declared "
    "RETURN c.id, c.active, c.semantic_tag, c.effective_time, c.module, c.defined"
)
ALL_TERMS = f"MATCH (t:Term) WHERE {_RANGE.format('t.key')} RETURN {_TERM}"
_OF_RANGE = _RANGE.format("c.ordinal")
ALL_MAPPINGS = f"MATCH (c:Concept)-[m:MAPS_TO]->(t:Concept) WHERE {_OF_RANGE} RETURN {_MAPPING}"
ALL_IS_A = f"MATCH (c:Concept)-[r:IS_A]->(p:Concept) WHERE {_OF_RANGE} RETURN c.id, p.id, r.id"
ALL_RELATIONS = f"MATCH (c:Concept)-[r:RELATES_TO]->(t:Concept) WHERE {_OF_RANGE} RETURN {_RELATION}"
ALL_SUCCESSIONS = f"MATCH (c:Concept)-[s:SUCCEEDED_BY]->(t:Concept) WHERE {_OF_RANGE} RETURN {_SUCCESSION}"
ALL_MEMBERSHIPS = f"MATCH (c:Concept)-[m:MEMBER_OF]->(r:Concept) WHERE {_OF_RANGE} RETURN {_MEMBERSHIP}"

#: For each kind of record, statements whose columns are the fields of its class, and the table to range over.
BATCHES: MappingProxyType[type[Record], tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        Concept: (
            (
                f"MATCH (c:Concept) WHERE {_OF_RANGE} AND c.declared RETURN c.id AS id, c.active AS active, "
                "c.semantic_tag AS semantic_tag, c.effective_time AS effective_time, c.module AS module, "
                "c.defined AS defined",
                "Concept",
            ),
        ),
        Term: (
            (
                f"MATCH (t:Term) WHERE {_RANGE.format('t.key')} RETURN t.concept AS concept, t.text AS text, "
                "t.language AS language, t.kind AS kind, t.scope AS scope, t.id AS id, "
                "t.acceptability AS acceptability",
                "Term",
            ),
        ),
        Relation: (
            (
                f"MATCH (c:Concept)-[r:IS_A]->(t:Concept) WHERE {_OF_RANGE} RETURN c.id AS source, "
                f"'{IS_A}' AS type, t.id AS target, r.id AS id",
                "Concept",
            ),
            (
                f"MATCH (c:Concept)-[r:RELATES_TO]->(t:Concept) WHERE {_OF_RANGE} RETURN c.id AS source, "
                "r.type AS type, t.id AS target, r.role_group AS `group`, r.id AS id",
                "Concept",
            ),
        ),
        Mapping: (
            (
                f"MATCH (c:Concept)-[m:MAPS_TO]->(t:Concept) WHERE {_OF_RANGE} RETURN c.id AS concept, "
                "t.id AS target, m.kind AS kind, m.map_group AS `group`, m.priority AS priority, m.rule AS rule, "
                "m.advice AS advice, m.id AS id",
                "Concept",
            ),
        ),
        Succession: (
            (
                f"MATCH (c:Concept)-[s:SUCCEEDED_BY]->(t:Concept) WHERE {_OF_RANGE} RETURN c.id AS retired, "
                "t.id AS successor, s.kind AS kind, s.id AS id",
                "Concept",
            ),
        ),
        Membership: (
            (
                f"MATCH (c:Concept)-[m:MEMBER_OF]->(r:Concept) WHERE {_OF_RANGE} RETURN r.id AS refset, "
                "c.id AS member, m.id AS id",
                "Concept",
            ),
        ),
    }
)


def returning(statement: str, columns: Sequence[str]) -> str:
    """A statement of BATCHES that gives only the columns of these names; one of other names is passed over."""
    head, _, given = statement.partition(" RETURN ")
    names = {column: column.rpartition(" AS ")[2].strip("`") for column in given.split(", ")}
    return f"{head} RETURN {', '.join(column for column, name in names.items() if name in columns)}"
