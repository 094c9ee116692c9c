"""What a query can cost, and that neither fragments nor directives hide it."""

from __future__ import annotations

import time

import pytest
from demo_schema import Api
from graphql import GraphQLSchema, build_schema, get_operation_ast, parse

from api.schema.build import build_schema as enlace_schema
from api.schema.cost import cost_of
from api.settings import Settings

ID = "SNOMEDCT:29029999999105"


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(enlace_schema(Settings.of("demo", environment={})).as_str())


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ release { name languages } }", {}, 1),
        ('{ concept(id: "a") { id preferredTerm } }', {}, 1),
        ('{ concept(id: "a") { terms(first: 50) { nodes { text } } children(first: 20) { nodes {'
         " parents(first: 5) { nodes { id } } } } } }", {}, 171),
        ('{ concept(id: "a") { children(first: 20) { totalCount } } }', {}, 21),
        ('{ concept(id: "a") { children(first: 20) { edges { node { id } } pageInfo { endCursor } } } }', {}, 21),
        ("query($n: Int!) { search(text: \"a\", first: $n) { nodes { concept { id } } } }", {"n": 30}, 70),
        ("query($n: Int = 7) { search(text: \"a\", first: $n) { nodes { id } } }", {}, 17),
        ('{ concepts(ids: ["a", "b", "c"]) { parents(first: 2) { nodes { id } } } }', {}, 9),
        ("query($i: [ID!]!) { concepts(ids: $i) { id } }", {"i": ["a"] * 40}, 40),
        ('{ link(mentions: ["a", "b"], top: 3) { candidates { concept { id } } } }', {}, 2 * (50 + 1 + 3 * 2)),
        ('{ link(mentions: ["a"]) { candidates { id } decision { id } } }', {}, 50 + 1 + 5 + 1),
        ('{ annotate(text: "a", first: 4, top: 2) { nodes { start candidates { id } decision { id } } } }', {},
         50 + 4 * (1 + 2 + 1)),
        ("query($t: String!) { annotate(text: $t, first: 1) { totalCount } }", {"t": "a" * 250}, 150 + 1),
        ('{ concept(id: "a") { pathsToRoot(first: 2) { id } } }', {}, 21),
        ('{ a: concept(id: "a") { ...C } b: concept(id: "b") { ...C } } fragment C on Concept {'
         " parents(first: 9) { nodes { id } } }", {}, 20),
        ('{ concept(id: "a") { ...C ...C ... on Concept { ...C } } } fragment C on Concept {'
         " parents(first: 9) { nodes { id } } }", {}, 10),
        ('query($no: Boolean!) { concept(id: "a") { parents(first: 9) @skip(if: $no) { nodes { id } } } }',
         {"no": True}, 10),
        ("{ __schema { types { name } } }", {}, 0),
    ],
)  # fmt: skip
def test_the_formula(schema: GraphQLSchema, query: str, variables: dict[str, object], cost: int) -> None:
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation
    assert cost_of(schema, document, operation, variables) == cost


def test_a_query_that_can_cost_too_much_is_refused_before_it_runs(limited_api) -> None:
    api = limited_api(max_cost=100)
    query = "query($n: Int!, $id: ID!) { concept(id: $id) { children(first: $n) { nodes { id } } } }"
    assert api.ask(query, n=99, id=ID)
    for n in (100, 1000):
        data, (error,) = api.execute(query, n=n, id=ID)
        assert data is None
        assert error["extensions"] == {"code": "QUERY_TOO_COSTLY"}
        assert f"can cost {n + 1:,} and at most 100" in error["message"]
        assert api.store.calls == {}
    for hidden in (
        "query($id: ID!) { concept(id: $id) { ...A } } fragment A on Concept { "
        "... { children(first: 100) { totalCount } } }",
        "query($id: ID!) { concept(id: $id) { children(first: 100) @include(if: false) { totalCount } } }",
        "query($id: ID!) { concept(id: $id) { ... @skip(if: true) { children(first: 100) { totalCount } } } }",
    ):
        _, (error,) = api.execute(hidden, id=ID)
        assert error["extensions"] == {"code": "QUERY_TOO_COSTLY"}


def test_the_cost_of_a_known_query_is_computed_from_its_variables(limited_api) -> None:
    api = limited_api(max_cost=100)
    query = 'query($n: Int!) { expand(ecl: "*", first: $n) { totalCount } }'
    for n, refused in ((10, False), (500, True), (10, False)):
        _, errors = api.execute(query, n=n)
        assert bool(errors) is refused


NESTED = (
    "{ "
    + 'concept(id: "a") { ...F0 } } '
    + " ".join(
        f"fragment F{n} on Concept {{ ...F{n + 1} ... on Concept {{ ...F{n + 1} }} }}" for n in range(100)
    )
    + " fragment F100 on Concept { id }"
)
WIDE = (
    '{ concept(id: "a") { ...F0 } } '
    + " ".join(
        f"fragment F{n} on Concept {{ "
        + " ".join(
            f"{name}(first: 1) {{ nodes {{ ...F{n + 1} }} }}"
            for name in ("parents", "children", "ancestors", "descendants", "siblings", "members")
        )
        + " }"
        for n in range(7)
    )
    + " fragment F7 on Concept { id }"
)


@pytest.mark.parametrize("query", [NESTED, WIDE])
def test_fragments_of_fragments_take_no_longer_than_their_text(limited_api, query: str) -> None:
    """Walked without remembering, the first would take 2^100 steps and the second 6^7."""
    api = limited_api(max_depth=14, max_tokens=10_000, max_fields=10**9, max_cost=10**6)
    begun = time.process_time()
    _, errors = api.execute(query)
    assert errors
    assert time.process_time() - begun < 20, "or it would not have ended at all"


def test_what_goes_round_is_refused(api: Api) -> None:
    for query in (
        '{ concept(id: "a") { ...A } } fragment A on Concept { ...A }',
        '{ concept(id: "a") { ...A } } fragment A on Concept { parents(first: 1) { nodes { ...B } } } '
        "fragment B on Concept { children(first: 1) { nodes { ...A } } }",
        "{ ...Q } fragment Q on Query { ...Q }",
    ):
        data, errors = api.execute(query)
        assert data is None
        assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_INVALID"}
