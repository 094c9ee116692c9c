"""The graph model in Neo4j: what an import writes and what people write Cypher against (docs/neo4j.md).

Several releases, and several imports of one, stand side by side in one database. Every node carries the
key of its import in `release`; the `Release` node of that key says which release it is and how far it got.

    (:Concept)-[:HAS_TERM]->(:Term)
    (:Concept)-[:IS_A]->(:Concept)
    (:Concept)-[:RELATES_TO {type, role_group}]->(:Concept)
    (:Concept)-[:MAPS_TO {kind, …}]->(:Code)
    (:Concept)-[:SUCCEEDED_BY {kind}]->(:Concept)
    (:Concept)-[:MEMBER_OF]->(:Concept)

A `Code` is an id that the release speaks of and does not declare: a code of another system, a concrete
value, a concept of another ontology, a retired id without a concept. It may stand at either end. Labels,
relationships and properties are named as in the embedded store.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Raised by one whenever the model changes its meaning; other versions are refused.
SCHEMA_VERSION = 1

#: The oldest server that this is tested with, and the oldest that its vendor supports.
OLDEST_VERSION = (5, 26)


class State(StrEnum):
    """How far an import got. Only a whole or former one is read."""

    IMPORTING = "importing"
    """Being written, or left by an import that was killed."""
    BUILT = "built"
    """All is written; its release is not yet in its place."""
    WHOLE = "whole"
    """The one to read."""
    FORMER = "former"
    """Replaced by a newer import of the release; kept for who still reads it until the next cleaning."""
    REMOVING = "removing"
    """Going, batch by batch."""


READABLE = (State.BUILT, State.WHOLE, State.FORMER)

#: Both labels of nodes with an id.
CONCEPT, CODE = "Concept", "Code"

CONSTRAINTS = (
    "CREATE CONSTRAINT enlace_release IF NOT EXISTS FOR (r:Release) REQUIRE r.key IS UNIQUE",
    "CREATE CONSTRAINT enlace_concept IF NOT EXISTS FOR (c:Concept) REQUIRE (c.release, c.id) IS UNIQUE",
    "CREATE CONSTRAINT enlace_code IF NOT EXISTS FOR (c:Code) REQUIRE (c.release, c.id) IS UNIQUE",
)
AWAIT_INDEXES = "CALL db.awaitIndexes(300)"

#: Each row: the concept's properties, then its terms, each a list of properties.
CREATE_CONCEPTS = """
UNWIND $rows AS row
CREATE (c:Concept {release: $release, id: row[0], active: row[1], semantic_tag: row[2],
                   effective_time: row[3], module: row[4], defined: row[5]})
WITH c, row UNWIND row[6] AS term
CREATE (c)-[:HAS_TERM]->(:Term {release: $release, text: term[0], language: term[1], kind: term[2],
                                scope: term[3], id: term[4], acceptability: term[5]})
"""
CREATE_CODES = "UNWIND $rows AS id CREATE (:Code {release: $release, id: id})"


@dataclass(frozen=True, slots=True)
class Edge:
    """A relationship type: the spool's table it comes from, whose first two columns are its ends."""

    type: str
    table: str
    properties: tuple[str, ...]
    """Named as the table's other columns."""

    def create(self, from_label: str, to_label: str) -> str:
        """The statement that writes rows `[from, [[to, property, …], …]]` between nodes of two labels."""
        values = ", ".join(f"{name}: end[{at}]" for at, name in enumerate(self.properties, 1))
        return (
            "UNWIND $rows AS row "
            f"MATCH (a:{from_label} {{release: $release, id: row[0]}}) "
            f"USING INDEX SEEK a:{from_label}(release, id) "
            "WITH a, row UNWIND row[1] AS end "
            f"MATCH (b:{to_label} {{release: $release, id: end[0]}}) "
            f"USING INDEX SEEK b:{to_label}(release, id) "
            f"CREATE (a)-[:{self.type} {{{values}}}]->(b)"
        )


EDGES = (
    Edge("IS_A", "is_a", ("id",)),
    Edge("RELATES_TO", "relations", ("type", "role_group", "id")),
    Edge("MAPS_TO", "mappings", ("kind", "map_group", "priority", "rule", "advice", "id")),
    Edge("SUCCEEDED_BY", "successions", ("kind", "id")),
    Edge("MEMBER_OF", "memberships", ("id",)),
)
