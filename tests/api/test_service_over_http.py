"""What surrounds GraphQL: hosts, other origins, headers, request ids, logs, health and metrics."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.app import create_app
from api.logs import REQUEST_ID, JsonLines
from api.settings import Settings
from graph.release import ReleaseHome

NAME = {"query": "{ release { name } }"}


@pytest.fixture
def client(bare_home: ReleaseHome) -> Iterator[TestClient]:
    with serving(bare_home.path) as client:
        yield client


def serving(home: Path, **given: object) -> TestClient:
    settings = Settings.of("demo", environment={}, home=home, **given)
    return TestClient(create_app(settings), base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "[::1]"])
def test_names_of_this_machine(client: TestClient, host: str) -> None:
    assert client.post("/graphql", json=NAME, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["example.org", "127.0.0.1.example.org", "", "10.0.0.1", "localhost.", "[::1"]
)
def test_a_page_that_leads_its_own_name_here_is_refused(client: TestClient, host: str) -> None:
    answer = client.post("/graphql", json=NAME, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["errors"][0]["extensions"]["code"] == "HOST_REFUSED"


def test_hosts_that_are_allowed(bare_home: ReleaseHome) -> None:
    with serving(bare_home.path, allowed_hosts="enlace.example.org, other") as client:
        for host, status in (("Enlace.Example.org:443", 200), ("other", 200), ("localhost", 421)):
            assert client.post("/graphql", json=NAME, headers={"Host": host}).status_code == status


def test_other_origins_are_closed_unless_named(bare_home: ReleaseHome, client: TestClient) -> None:
    origin = {"Origin": "https://app.example.org"}
    asked = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    assert "access-control-allow-origin" not in client.post("/graphql", json=NAME, headers=origin).headers
    assert "access-control-allow-origin" not in client.options("/graphql", headers=asked).headers
    with serving(bare_home.path, cors_origins="https://app.example.org") as opened:
        assert (
            opened.options("/graphql", headers=asked).headers["access-control-allow-origin"]
            == origin["Origin"]
        )
        assert (
            opened.post("/graphql", json=NAME, headers=origin).headers["access-control-allow-origin"]
            == origin["Origin"]
        )
        other = opened.post("/graphql", json=NAME, headers={"Origin": "https://evil.example.org"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path", ["/graphql", "/health", "/metrics", "/nothing", "/health/ready"])
def test_browsers_are_told_to_be_careful(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"


def test_errors_have_one_shape(client: TestClient) -> None:
    for answer in (
        client.get("/nothing"),
        client.get("/graphiql/nothing"),
        client.get("/browser/nothing"),
        client.put("/graphql", json=NAME),
        client.post("/health/live"),
        client.get("/graphql"),
        client.post("/graphql", content=b"x"),
    ):
        assert 400 <= answer.status_code < 500
        said = answer.json()
        assert said["data"] is None
        assert said["errors"][0]["extensions"]["code"] in ("HTTP_INVALID", "GRAPHQL_INVALID")
        assert said["errors"][0]["message"].endswith(".")


def test_request_ids(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/health", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = {client.get("/health").headers["x-request-id"] for _ in range(5)}
    assert len(made) == 5
    for strange in ("a b", "x" * 65, "a\tb", "é", ""):
        given = client.get("/health", headers={"X-Request-ID": strange.encode()}).headers["x-request-id"]
        assert len(given) == 16
        assert given.isalnum()


def test_the_log_holds_no_clinical_text_unless_asked(
    bare_home: ReleaseHome, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {"query": "query($m: ID!) { concept(id: $m) { id } }", "variables": {"m": "paciente con disnea"}}
    caplog.set_level(logging.INFO, "enlace")
    for log_queries in (False, True):
        with serving(bare_home.path, log_queries=log_queries) as client:
            caplog.clear()
            client.post("/graphql", json=asked)
            client.get("/graphql", params={"query": "{ a }", "variables": '{"m": "disnea"}'})
            lines = [
                JsonLines().format(record) for record in caplog.records if record.name.startswith("enlace")
            ]
            told = [json.loads(line) for line in lines if json.loads(line)["message"] == "answered"]
            assert [line["path"] for line in told] == ["/graphql"] * 2
            assert told[0]["codes"] == ["CONCEPT_NOT_FOUND"]
            assert any("disnea" in line for line in lines) is log_queries


def test_a_line_is_one_line() -> None:
    record = logging.LogRecord("enlace", logging.INFO, "", 0, "a\nb\r\u2028 %s", ("é\x00",), None)
    record.said = {"path": "x\ny\u0085"}
    token = REQUEST_ID.set("r1")
    try:
        line = JsonLines().format(record)
    finally:
        REQUEST_ID.reset(token)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == "a\nb\r\u2028 é\x00"
    assert (json.loads(line)["path"], json.loads(line)["request"]) == ("x\ny\u0085", "r1")


def test_faults_are_told_by_an_id_that_the_log_has(
    bare_home: ReleaseHome, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.documents import Documents

    def fail(self: object, query: str) -> object:
        raise RuntimeError("a secret")

    monkeypatch.setattr(Documents, "get", fail)
    with serving(bare_home.path) as client:
        answer = client.post("/graphql", json=NAME, headers={"X-Request-ID": "r7"})
    assert answer.status_code == 500
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "id": "r7"}
    assert "secret" not in answer.text
    assert "a secret" in caplog.text


def test_health_tells_what_is_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    for _ in range(100):
        ready = client.get("/health/ready")
        if ready.json()["linker"] != "opening":
            break
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "release": "demo",
        "wanted": "demo",
        "linker": "unavailable",
        "problem": "",
        "verified": True,
        "open": ["demo"],
    }


def test_what_does_not_open_is_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert "no release 'demo'" in ready.json()["problem"]
        answer = client.post("/graphql", json=NAME)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_READY"


def test_metrics(client: TestClient) -> None:
    for _ in range(3):
        client.post("/graphql", json=NAME)
    client.post("/graphql", json={"query": '{ concept(id: "X:9") { id } }'})
    for i in range(50):
        client.get(f"/made-up-{i}")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert found["enlace_requests_total", ("/graphql", "200")] == 4
    assert found["enlace_requests_total", ("other", "404")] == 50
    assert found["enlace_errors_total", ("CONCEPT_NOT_FOUND",)] == 1
    assert found["enlace_request_seconds_count", ("/graphql",)] == 4
    assert found["enlace_current_release", ("demo",)] == 1
    assert found["enlace_requests_under_way", ()] == 1
    assert "made-up" not in answer.text


def test_metrics_and_introspection_can_be_switched_off(bare_home: ReleaseHome) -> None:
    with serving(bare_home.path, metrics=False, introspection=False) as client:
        assert client.get("/metrics").status_code == 404
        said = client.post("/graphql", json={"query": "{ __schema { types { name } } }"}).json()
        assert {error["extensions"]["code"] for error in said["errors"]} == {"GRAPHQL_INVALID"}
        assert client.post("/graphql", json=NAME).json()["data"]


def test_a_request_has_its_time(bare_home: ReleaseHome) -> None:
    with serving(bare_home.path, request_seconds=0) as client:
        answer = client.post("/graphql", json={"query": '{ expand(ecl: "*", first: 1) { __typename } }'})
        assert answer.status_code == 504
        assert answer.json()["errors"][0]["extensions"]["code"] == "REQUEST_TOO_SLOW"
