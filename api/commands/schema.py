"""`enlace schema`: the GraphQL schema as text."""

from __future__ import annotations


def schema() -> None:
    """Print the GraphQL schema in the schema definition language, for code generators and reviews."""
    from pathlib import Path

    from api.schema.build import build_schema
    from api.settings import Settings

    # No limit is part of the schema, and no release is opened.
    print(build_schema(Settings(home=Path())).as_str())
