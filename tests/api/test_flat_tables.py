"""The flat tables over HTTP: what GraphQL says, as CSV and as Arrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.tables import rows
from graph.release import ReleaseHome

RENAL, ACUTE = "SNOMEDCT:29029999999105", "SNOMEDCT:29039999999107"
BELOW = "<< 29029999999105"


@pytest.fixture(scope="module")
def client(home: ReleaseHome) -> Iterator[TestClient]:
    settings = Settings.of("demo", environment={}, home=home.path, max_table_rows=2000)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


def csv_of(client: TestClient, address: str, **parameters: Any) -> list[dict[str, str]]:
    answer = client.get(address, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["enlace-release"] == "demo"
    return list(csv.DictReader(io.StringIO(answer.text)))


def arrow_of(client: TestClient, address: str, **parameters: Any) -> pa.Table:
    answer = client.get(address, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    return pa.ipc.open_stream(answer.content).read_all()


def graphql(client: TestClient, query: str, **variables: Any) -> Any:
    return client.post("/graphql", json={"query": query, "variables": variables}).json()["data"]


def test_expand_says_what_graphql_says(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    query = """query($e: String!) { expand(ecl: $e, first: 100) { nodes {
        id preferredTerm fsn semanticTag active } } }"""
    said = graphql(client, query, e=BELOW)["expand"]["nodes"]
    expected = [
        {"id": one["id"], "preferred_term": one["preferredTerm"], "fsn": one["fsn"],
         "semantic_tag": one["semanticTag"] or None, "active": one["active"]}
        for one in said
    ]  # fmt: skip
    assert len(expected) > 3
    assert arrow_of(client, "/tables/expand.arrows", ecl=BELOW).to_pylist() == expected
    as_text = [{**one, "active": str(one["active"]).lower()} for one in expected]
    assert csv_of(client, "/tables/expand.csv", ecl=BELOW) == as_text
    assert csv_of(client, "/tables/expand", ecl=BELOW) == as_text
    monkeypatch.setattr(rows, "_BATCH", 2)
    table = arrow_of(client, "/tables/expand.arrows", ecl=BELOW)
    assert table.to_pylist() == expected
    assert len(table.column("id").chunks) > 1
    assert csv_of(client, "/tables/expand.csv", ecl=BELOW) == as_text
    assert csv_of(client, "/tables/expand.csv", ecl=BELOW, first=2) == as_text[:2]
    agudas = csv_of(client, "/tables/expand.csv", ecl=BELOW, text="agud ren")
    assert 0 < len(agudas) < len(as_text)
    english = csv_of(client, "/tables/expand.csv", ecl=ACUTE, language="en")
    assert english[0]["preferred_term"] != "insuficiencia renal aguda"


def test_an_empty_table_has_its_columns(client: TestClient) -> None:
    answer = client.get("/tables/expand.csv", params={"ecl": "* MINUS *"})
    assert answer.text == "id,preferred_term,fsn,semantic_tag,active\n"
    table = arrow_of(client, "/tables/expand.arrows", ecl="* MINUS *")
    assert (table.num_rows, table.schema) == (0, rows.CONCEPTS)


def test_concepts(client: TestClient) -> None:
    found = csv_of(client, "/tables/concepts", ids=[RENAL, ACUTE, RENAL])
    assert [row["id"] for row in found] == [RENAL, ACUTE, RENAL]
    posted = client.post("/tables/concepts.csv", json={"ids": [RENAL, ACUTE, RENAL]})
    assert list(csv.DictReader(io.StringIO(posted.text))) == found


def test_link(client: TestClient) -> None:
    mentions = ["HTA", 'un "dolor", fuerte\nde cabeza']
    query = """query($m: [String!]!) { link(mentions: $m, top: 3) { mention decision { id probability reason }
        candidates { id matchedTerm score } } }"""
    said = graphql(client, query, m=mentions)["link"]
    posted = client.post("/tables/link.arrows", json={"mentions": mentions, "top": 3})
    table = pa.ipc.open_stream(posted.content).read_all()
    assert table.schema == rows.LINKINGS
    for number, linking in enumerate(said, start=1):
        found = [row for row in table.to_pylist() if row["number"] == number]
        assert [row["id"] for row in found] == [one["id"] for one in linking["candidates"]]
        assert [row["rank"] for row in found] == [1, 2, 3]
        assert {row["mention"] for row in found} == {linking["mention"]}
        assert {row["probability"] for row in found} == {linking["decision"]["probability"]}
        assert [row["id"] for row in found if row["chosen"]] == [linking["decision"]["id"]] * (
            linking["decision"]["id"] is not None
        )
    assert len(csv_of(client, "/tables/link", mentions=mentions, top=3)) == table.num_rows


def test_the_accept_header_decides_where_the_address_does_not(client: TestClient) -> None:
    for accept, kind in (
        ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
        ("text/csv", "text/csv"),
        ("*/*", "text/csv"),
    ):
        answer = client.get("/tables/expand", params={"ecl": ACUTE}, headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("address", "parameters", "status", "extensions"),
    [
        ("expand.csv", {}, 400, {"code": "ARGUMENT_REJECTED", "argument": "ecl"}),
        ("expand", {"ecl": "<<"}, 400, {"code": "ECL_SYNTAX", "argument": "ecl", "line": 1, "column": 3}),
        (
            "expand",
            {"ecl": "<< 123456"},
            400,
            {"code": "ECL_UNKNOWN_ID", "argument": "ecl", "line": 1, "column": 4},
        ),
        ("expand", {"ecl": "*", "first": 0}, 400, {"code": "ARGUMENT_REJECTED", "argument": "first"}),
        ("expand", {"ecl": "*", "first": 2001}, 400, {"code": "ARGUMENT_REJECTED", "argument": "first"}),
        ("expand", {"ecl": "*", "first": "many"}, 400, {"code": "ARGUMENT_REJECTED", "argument": "first"}),
        ("expand", {"ecl": "*", "frist": 1}, 400, {"code": "ARGUMENT_REJECTED", "argument": "frist"}),
        ("expand", {"ecl": "*" * 20_001}, 400, {"code": "ARGUMENT_REJECTED", "argument": "ecl"}),
        ("expand", {"ecl": "*", "text": "a" * 1001}, 400, {"code": "ARGUMENT_REJECTED", "argument": "text"}),
        ("expand", {"ecl": "*", "release": "no"}, 404, {"code": "RELEASE_NOT_FOUND", "argument": "release"}),
        (
            "expand",
            {"ecl": "*", "release": "../x"},
            400,
            {"code": "ARGUMENT_REJECTED", "argument": "release"},
        ),
        ("concepts", {"ids": ["X:1"]}, 404, {"code": "CONCEPT_NOT_FOUND", "argument": "ids"}),
        ("concepts", {}, 400, {"code": "ARGUMENT_REJECTED", "argument": "ids"}),
        ("concepts", {"ids": [""]}, 400, {"code": "ARGUMENT_REJECTED", "argument": "ids"}),
        ("link", {"mentions": [" "]}, 400, {"code": "MENTION_REJECTED", "argument": "mentions"}),
        ("link", {"mentions": ["a"], "top": 201}, 400, {"code": "ARGUMENT_REJECTED", "argument": "top"}),
        (
            "link.arrows",
            {"mentions": ["a"] * 201},
            400,
            {"code": "ARGUMENT_REJECTED", "argument": "mentions"},
        ),
    ],
)
def test_refusals_have_the_shape_of_graphql(
    client: TestClient, address: str, parameters: dict[str, Any], status: int, extensions: dict[str, Any]
) -> None:
    answer = client.get(f"/tables/{address}", params=parameters)
    assert answer.status_code == status
    said = answer.json()
    assert said["data"] is None
    (error,) = said["errors"]
    assert error["extensions"] == extensions
    assert error["message"].endswith(".")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"ecl": 1}', b'{"ecl": null}', b'{"ecl": ["*"]}', b"[" * 5000]
)
def test_bodies_that_say_nothing(client: TestClient, body: bytes) -> None:
    answer = client.post("/tables/expand.csv", content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "ARGUMENT_REJECTED"


def test_a_table_that_is_too_long_is_refused_and_not_cut(home: ReleaseHome) -> None:
    settings = Settings.of("demo", environment={}, home=home.path, max_table_rows=3)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        answer = client.get("/tables/expand.csv", params={"ecl": BELOW})
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["extensions"] == {"code": "REQUEST_TOO_LARGE"}
        assert len(csv_of(client, "/tables/expand.csv", ecl=BELOW, first=3)) == 3


def test_other_tables_and_methods(client: TestClient) -> None:
    assert client.get("/tables/nothing.csv").status_code == 404
    assert client.get("/tables/expand.xlsx").status_code == 404
    assert client.delete("/tables/expand.csv").status_code == 405
