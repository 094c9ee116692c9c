"""The HTTP side, in process: methods, limits, GraphiQL without a network, health."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.web.graphiql_files import FOLDER, MEDIA_TYPES, bundled
from graph.release import ReleaseHome


@pytest.fixture(scope="module")
def client(home: ReleaseHome) -> Iterator[TestClient]:
    settings = Settings.of("demo", environment={}, home=home.path, max_body_bytes=10_000)
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        yield client


def post(client: TestClient, query: str) -> dict[str, object]:
    answer = client.post("/graphql", json={"query": query})
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


def test_post_and_get(client: TestClient) -> None:
    assert post(client, "{ release { name } }") == {"data": {"release": {"name": "demo"}}}
    answer = client.get("/graphql", params={"query": "{ release { name } }"})
    assert answer.json() == {"data": {"release": {"name": "demo"}}}


def test_the_request_that_the_demo_prints(client: TestClient) -> None:
    import shlex

    from api.example_request import LINK_QUERY, curl

    words = shlex.split(curl(LINK_QUERY, {"mentions": ["HTA", "d'Alembert"], "top": 1}).replace("\\\n", ""))
    body = words[words.index("-d") + 1]
    answer = client.post("/graphql", content=body, headers={"Content-Type": "application/json"}).json()
    assert "errors" not in answer
    assert [one["mention"] for one in answer["data"]["link"]] == ["HTA", "d'Alembert"]


def test_errors_over_http(client: TestClient) -> None:
    errors = post(client, '{ concept(id: "X:1") { id } }')["errors"]
    assert errors[0]["extensions"] == {"code": "CONCEPT_NOT_FOUND", "argument": "id"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"query": 1}', "application/json", 400),
        (b'{"query": "{release{name}}", "variables": []}', "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 400),
        (b'"text"', "application/json", 400),
    ],
)
def test_bodies_that_are_no_request(client: TestClient, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/graphql", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "GRAPHQL_INVALID"}
    assert error["message"].endswith(".")


def test_large_bodies_are_refused(client: TestClient) -> None:
    query = "{ release { name } }" + " " * 20_000
    for content in (json.dumps({"query": query}).encode(), iter([b'{"query": "', b" " * 20_000, b'"}'])):
        answer = client.post("/graphql", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "REQUEST_TOO_LARGE"}
        assert "10,000 bytes" in error["message"]


def test_health(client: TestClient) -> None:
    post(client, '{ link(mentions: ["HTA"]) { mention } }')
    assert client.get("/health").json() == {"status": "ok", "release": "demo", "linker": "ready"}


def test_websockets_are_refused(client: TestClient) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/graphql") as socket:
        socket.receive_text()


def test_browsers_get_graphiql_from_this_machine(client: TestClient) -> None:
    page = client.get("/graphql", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert not [link for link in loaded if "//" in link]
    files = [link for link in loaded if not link.startswith("data:")]
    assert {link.removeprefix("graphiql/") for link in files} == set(MEDIA_TYPES)
    for link in files:
        file = client.get(f"/{link}")
        assert file.status_code == 200
        assert file.content, "the client unpacks it"


@pytest.mark.parametrize("name", ["nothing.js", "index.html", "..%2f__init__.py", "README.md"])
def test_no_other_file_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/graphiql/{name}").status_code == 404


def test_react_is_the_published_one() -> None:
    published = {
        "react.production.min.js": "229bbf4d0e7488209564152c6723497f1ac3934136ca1684233d2fa88fa4146f",
        "react-dom.production.min.js": "9db33292007ab6c38527b39d5663e976a305564e19b2a5a8713ea2b2c00f505d",
    }
    for name, digest in published.items():
        assert hashlib.sha256(bundled(name)).hexdigest() == digest


def test_graphiql_can_be_left_out(home: ReleaseHome) -> None:
    settings = Settings.of("demo", environment={}, home=home.path, graphiql=False)
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        assert client.get("/graphql", headers={"Accept": "text/html"}).status_code == 404
        assert post(client, "{ release { name } }")["data"]


def test_the_example_of_graphiql_is_answered(client: TestClient) -> None:
    script = (FOLDER / "page.js").read_text("utf-8")
    query = re.search(r"EXAMPLE = `(.*?)`", script, re.S)
    assert query
    variables = {"mentions": ["insuficiencia renal aguda", "DM tipo 2"]}
    answer = client.post("/graphql", json={"query": query[1], "variables": variables}).json()
    assert "errors" not in answer
