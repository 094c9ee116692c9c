"""The tables of a release in Ladybug, and how its errors become Enlace's.

One node a concept: every id that the release declares, and every id it only speaks of (a code of another
system, a concrete value, a concept of another ontology), which has `declared` false. One node a term.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.errors import StoreUnavailable

#: Raised by one whenever the tables change their meaning; other versions are refused.
SCHEMA_VERSION = 4

NODE_TABLES = (
    # `ordinal` counts all rows by id, declared or not; reading by ranges of it gives the ids in order.
    # `first_term` and `last_term` are keys of its terms (the last before the first where it has none): many
    # concepts' terms are looked up by key three times faster than a relation to them would be followed.
    "CREATE NODE TABLE Concept(id STRING PRIMARY KEY, ordinal INT64, declared BOOL, active BOOL, "
    "semantic_tag STRING, effective_time STRING, module STRING, defined BOOL, "
    "first_term INT64, last_term INT64)",
    # `key` counts terms by concept, kind, language and text; `concept` repeats the id so that reading all
    # terms needs no join. `acceptability` is as `graph.batches` encodes it.
    "CREATE NODE TABLE Term(key INT64 PRIMARY KEY, concept STRING, kind STRING, language STRING, "
    "text STRING, scope STRING, id STRING, acceptability STRING)",
    # One row a table: how many rows it has. One more, `schema_version`.
    "CREATE NODE TABLE Enlace(about STRING PRIMARY KEY, value INT64)",
)
#: Relations that are never followed backwards are kept forwards only, which halves the time of loading them.
_FORWARDS = "WITH (storage_direction = 'fwd')"
_MAPPING = "kind STRING, map_group INT64, priority INT64, rule STRING, advice STRING, id STRING"
RELATION_TABLES = (
    f"CREATE REL TABLE IS_A(FROM Concept TO Concept, id STRING) {_FORWARDS}",
    "CREATE REL TABLE RELATES_TO(FROM Concept TO Concept, type STRING, role_group INT64, id STRING) "
    + _FORWARDS,
    f"CREATE REL TABLE MAPS_TO(FROM Concept TO Concept, {_MAPPING}) {_FORWARDS}",
    # The same from the code to the concept. Were MAPS_TO kept backwards too, each COPY of some concepts'
    # mappings would write the rows of all codes anew: time and memory grew with the square of the rows.
    f"CREATE REL TABLE MAPPED_FROM(FROM Concept TO Concept, {_MAPPING}) {_FORWARDS}",
    "CREATE REL TABLE SUCCEEDED_BY(FROM Concept TO Concept, kind STRING, id STRING)",
    # From the member to its refset, so that reading all by ranges of members holds few rows at once.
    "CREATE REL TABLE MEMBER_OF(FROM Concept TO Concept, id STRING)",
)


@contextmanager
def answering(path: Path, doing: str) -> Iterator[None]:
    """Turn what Ladybug raises while `doing` something with the store at `path` into `StoreUnavailable`."""
    try:
        yield
    except (RuntimeError, MemoryError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise StoreUnavailable(f"The store at {path} failed while {doing}: {reason}.") from error
