"""Every refusal has a code, a sentence and, where one is to blame, the argument."""

from __future__ import annotations

import inspect
import logging
from types import ModuleType

import pytest

import api.errors
import graph.errors
import linker.errors
import loaders.errors
from api.error_codes import CODES, argument_of, code_of
from api.service_limits import ServiceLimits
from graph.errors import EnlaceError, ReleaseBusy
from loaders.errors import LoadError, RowMalformed


def link(mentions: list[str], top: int = 1) -> tuple[str, dict[str, object]]:
    query = "query($m: [String!]!, $t: Int!) { link(mentions: $m, top: $t) { mention } }"
    return query, {"m": mentions, "t": top}


CONCEPT = "query($id: ID!) { concept(id: $id) { id } }"
SEARCH = "query($t: String!) { search(text: $t, first: 5) { nodes { id } } }"


@pytest.mark.parametrize(
    ("query", "variables", "extensions", "words"),
    [
        (*link([""]), {"code": "MENTION_REJECTED", "argument": "mentions"}, "Mention 1 is empty"),
        (*link(["HTA", " \n"]), {"code": "MENTION_REJECTED", "argument": "mentions"}, "Mention 2 is empty"),
        (*link(["a" * 100_000]), {"code": "MENTION_REJECTED", "argument": "mentions"}, "100,000 characters"),
        (*link(["a\ud800"]), {"code": "MENTION_REJECTED", "argument": "mentions"}, ""),
        (*link(["a"] * 201), {"code": "ARGUMENT_REJECTED", "argument": "mentions"}, "201 mentions"),
        (*link(["a"], 0), {"code": "ARGUMENT_REJECTED", "argument": "top"}, "from 1 to 200"),
        (*link(["a"], 201), {"code": "ARGUMENT_REJECTED", "argument": "top"}, "from 1 to 200"),
        (CONCEPT, {"id": "X:1"}, {"code": "CONCEPT_NOT_FOUND", "argument": "id"}, "'X:1'"),
        (CONCEPT, {"id": ""}, {"code": "ARGUMENT_REJECTED", "argument": "id"}, "1 to 255"),
        (CONCEPT, {"id": "X" * 300}, {"code": "ARGUMENT_REJECTED", "argument": "id"}, "300 characters"),
        (CONCEPT, {"id": "X:\ud800"}, {"code": "ARGUMENT_REJECTED", "argument": "id"}, "Unicode"),
        (CONCEPT, {"id": "X'; MATCH (n) DETACH DELETE n //"},
         {"code": "CONCEPT_NOT_FOUND", "argument": "id"}, "DETACH"),
        ("query($i: [ID!]!) { concepts(ids: $i) { id } }", {"i": ["a"] * 1001},
         {"code": "ARGUMENT_REJECTED", "argument": "ids"}, "1,001 ids"),
        (SEARCH, {"t": "a" * 1001}, {"code": "ARGUMENT_REJECTED", "argument": "text"}, "1,001 characters"),
        (SEARCH, {"t": "\udfff"}, {"code": "ARGUMENT_REJECTED", "argument": "text"}, "Unicode"),
        ("{ nothing }", {}, {"code": "GRAPHQL_INVALID"}, "nothing"),
        ("{ release { name }", {}, {"code": "GRAPHQL_INVALID"}, "Syntax Error"),
        ("{ concept { id } }", {}, {"code": "GRAPHQL_INVALID"}, "id"),
        (CONCEPT, {}, {"code": "GRAPHQL_INVALID"}, "$id"),
    ],
)  # fmt: skip
def test_refusals(api, query: str, variables: dict, extensions: dict, words: str) -> None:
    _, (error,) = api.execute(query, **variables)
    assert error["extensions"] == extensions
    assert words in error["message"]


@pytest.mark.parametrize("text", ['a"b', "AND", "a*b", "(", "NEAR(a b)", "'; DROP TABLE term; --", "%", "ñ"])
def test_search_takes_any_text(api, text: str) -> None:
    _, errors = api.execute(SEARCH, t=text)
    assert not errors


def test_depth_aliases_and_tokens_are_limited(api) -> None:
    deep = '{ concept(id: "a") ' + "{ parents(first: 1) { nodes " * 9 + "{ id }" + " } }" * 9 + "}"
    wide = "{ " + " ".join(f"a{i}: release {{ name }}" for i in range(31)) + " }"
    long = "{ release { " + "name " * 2001 + "} }"
    for query in (deep, wide, long):
        _, errors = api.execute(query)
        assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_INVALID"}


def test_graphiql_can_read_the_schema(api) -> None:
    from graphql import get_introspection_query

    assert api.ask(get_introspection_query(input_value_deprecation=True))["__schema"]["types"]


def test_a_release_without_an_index_says_so(own_home) -> None:
    import shutil

    from demo_schema import Api

    shutil.rmtree(own_home.folder("demo") / "index")
    bare = Api(own_home)
    try:
        assert bare.ask("{ release { name index { terms } } }")["release"]["index"] is None
        for query in (
            '{ link(mentions: ["HTA"]) { mention } }',
            '{ search(text: "HTA", first: 1) { pageInfo { hasNextPage } } }',
        ):
            _, (error,) = bare.execute(query)
            assert error["extensions"] == {"code": "INDEX_NOT_FOUND"}
            assert "enlace index --release demo" in error["message"]
    finally:
        bare.close()


def test_faults_of_ours_are_hidden_and_logged(api, monkeypatch, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(wanted: object) -> object:
        raise RuntimeError("a secret")

    monkeypatch.setattr(api.service, "look_up", fail)
    with caplog.at_level(logging.ERROR, "enlace.api"):
        _, (error,) = api.execute(CONCEPT, id="X:1")
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in str(error)
    assert error["extensions"]["id"] in error["message"]
    assert error["extensions"]["id"] in caplog.text
    assert "a secret" in caplog.text


def test_clients_mistakes_are_not_logged(api, caplog: pytest.LogCaptureFixture) -> None:
    api.execute("{ nothing }")
    api.execute(CONCEPT, id="X:1")
    assert caplog.records == []


def test_too_many_waiting_links_are_refused(limited_api, monkeypatch: pytest.MonkeyPatch) -> None:
    api = limited_api()
    monkeypatch.setattr(api.service, "_limits", ServiceLimits(waiting_links=0))
    _, (error,) = api.execute('{ link(mentions: ["HTA"]) { mention } }')
    assert error["extensions"]["code"] == "SERVER_BUSY"


def errors_of(module: ModuleType) -> list[type[EnlaceError]]:
    return [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, EnlaceError)]


@pytest.mark.parametrize("module", [graph.errors, loaders.errors, linker.errors, api.errors])
def test_every_error_has_a_code(module: ModuleType) -> None:
    families = {"EnlaceError", "GraphError", "EclError", "LinkerError", "ApiError"}
    missing = [
        kind.__name__
        for kind in errors_of(module)
        if kind.__name__ not in families
        and not any(base in CODES for base in kind.__mro__ if base is not EnlaceError)
    ]
    assert not missing


def test_codes_are_distinct() -> None:
    assert len(set(CODES.values())) == len(CODES)


def test_an_error_has_the_code_of_the_nearest_type_above_it() -> None:
    assert code_of(RowMalformed("a.tsv", 3, "is short")) == CODES[LoadError]
    assert code_of(ReleaseBusy("busy")) == "RELEASE_BUSY"
    assert argument_of(ReleaseBusy("busy")) is None
