"""The schema as text: what `enlace schema` prints is kept, and what clients rely on does not go unnoticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    get_named_type,
)

from api.schema.build import build_schema as enlace_schema
from api.settings import Settings

KEPT = Path(__file__).resolve().parents[2] / "docs" / "schema.graphql"


@pytest.fixture(scope="module")
def printed() -> str:
    return enlace_schema(Settings.of("demo", environment={})).as_str() + "\n"


@pytest.fixture(scope="module")
def schema(printed: str) -> GraphQLSchema:
    return build_schema(printed)


def test_nothing_that_clients_rely_on_goes(schema: GraphQLSchema) -> None:
    kept = build_schema(KEPT.read_text("utf-8"))
    broken = [change.description for change in find_breaking_changes(kept, schema)]
    assert not broken, "a breaking change: tell it in the changelog, and keep it with `enlace schema`"


def test_the_schema_is_the_one_that_is_kept(printed: str) -> None:
    assert printed == KEPT.read_text("utf-8"), "keep it with `enlace schema > docs/schema.graphql`"


def test_a_breaking_change_would_be_seen(printed: str) -> None:
    for former, latter in (
        ("childCount: Int!", "kidCount: Int!"),
        ("first: Int!", "first: String!"),
        (" MOD\n", " MODE\n"),
    ):
        changed = build_schema(printed.replace(former, latter))
        assert former in printed
        assert find_breaking_changes(build_schema(printed), changed)
    added = build_schema(printed.replace("  childCount: Int!", "  childCount: Int!\n  more: Int"))
    assert not find_breaking_changes(build_schema(printed), added)


def test_the_command_prints_it(enlace, printed: str) -> None:
    assert enlace("schema").out == printed


def test_nothing_is_undescribed(schema: GraphQLSchema) -> None:
    silent = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not kind.description:
            silent.append(name)
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            for field, told in kind.fields.items():
                silent += [f"{name}.{field}"] * (not told.description)
                for argument, said in getattr(told, "args", {}).items():
                    silent += [f"{name}.{field}({argument})"] * (not said.description)
        if isinstance(kind, GraphQLEnumType):
            silent += [f"{name}.{value}" for value, told in kind.values.items() if not told.description]
    assert not silent


def test_every_text_and_id_has_an_example(schema: GraphQLSchema) -> None:
    without = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            continue
        for field, told in kind.fields.items():
            arguments = {f"{field}({one})": said for one, said in getattr(told, "args", {}).items()}
            for place, said in {field: told, **arguments}.items():
                is_text = get_named_type(said.type).name in ("String", "ID")
                if is_text and not re.search(r"`[^`]+`|\*[^*]+\*", said.description or ""):
                    without.append(f"{name}.{place}")
    assert not without


def test_every_root_field_takes_a_release(schema: GraphQLSchema) -> None:
    assert schema.query_type
    without = [name for name, field in schema.query_type.fields.items() if "release" not in field.args]
    assert without == ["releases"]
