"""Bearer tokens: made, kept as digests, told apart, and what each allows over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.errors import ApiError, ServerNotStarted, TokensUnusable
from api.server import check_access
from api.settings import Settings
from api.tokens import TokenFile
from graph.importing import import_release
from graph.model import Concept
from graph.release import ReleaseHome

LINK = {"query": '{ link(mentions: ["a"]) { mention } }'}
READ = {"query": "{ release { name } }"}


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path)


@pytest.fixture
def two_releases(tmp_path: Path) -> ReleaseHome:
    home = ReleaseHome(tmp_path)
    for name in ("one", "two"):
        import_release(home, name, [Concept("X:1")], sources=())
    return home


def test_a_token_is_known_again_and_not_kept(tokens: TokenFile) -> None:
    made = tokens.add("ana", ["link", "read"])
    held = tokens.path.read_text()
    assert made not in held
    assert made.removeprefix("enlace_") not in held
    assert tokens.path.stat().st_mode & 0o777 == 0o600
    found = TokenFile(tokens.path.parent).who(made)
    assert found is not None
    assert (found.name, found.scopes) == ("ana", ("read", "link"))
    for other in ("", "x", made[:-1], made + "x", made.upper(), "\ud800", found.sha256):
        assert tokens.who(other) is None


def test_tokens_are_distinct_and_long(tokens: TokenFile) -> None:
    made = {tokens.add(f"t{i}", ["read"]) for i in range(20)}
    assert len(made) == 20
    assert min(map(len, made)) > 43


def test_a_change_is_seen_by_who_has_it_open(tokens: TokenFile) -> None:
    reader = TokenFile(tokens.path.parent)
    assert reader.tokens() == ()
    made = tokens.add("ana", ["read"])
    assert reader.who(made)
    tokens.remove("ana")
    assert reader.who(made) is None


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("no folder")
    with pytest.raises(TokensUnusable, match=r"tokens\.json cannot be written: File exists"):
        TokenFile(home).add("ana", ["read"])


def test_a_file_that_others_can_read_is_refused(tokens: TokenFile) -> None:
    tokens.add("ana", ["read"])
    tokens.path.chmod(0o644)
    with pytest.raises(TokensUnusable, match="chmod 600"):
        TokenFile(tokens.path.parent).tokens()


@pytest.mark.parametrize(
    "held", ["", "{", "[1]", '[{"name": "a"}]', '[{"name": "a", "scopes": 1, "sha256": "", "created": ""}]']
)
def test_a_damaged_file_is_told(tokens: TokenFile, held: str) -> None:
    tokens.path.write_text(held)
    tokens.path.chmod(0o600)
    with pytest.raises(TokensUnusable, match="enlace tokens"):
        tokens.tokens()


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("", ["read"]), ("../a", ["read"]), ("a", []), ("a", ["write"]), ("x" * 101, ["read"])],
)
def test_what_can_be_no_token_is_told(tokens: TokenFile, name: str, scopes: list[str]) -> None:
    with pytest.raises(TokensUnusable):
        tokens.add(name, scopes)
    assert tokens.tokens() == ()


def test_the_commands(enlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENLACE_HOME", str(tmp_path))
    made = enlace("tokens", "add", "ana", "--scopes", "read,admin")
    assert made.code == 0
    found = TokenFile(tmp_path).who(made.out.strip())
    assert found is not None
    assert found.scopes == ("read", "admin")
    assert enlace("tokens", "add", "ana").code == 1
    listed = json.loads(enlace("tokens", "list", "--json").out)
    assert [(one["name"], one["scopes"]) for one in listed] == [("ana", ["read", "admin"])]
    assert "ana" in enlace("tokens", "list").out
    assert enlace("tokens", "remove", "ana").code == 0
    assert "no tokens" in enlace("tokens", "list").err
    assert enlace("tokens", "remove", "ana").code == 1


@pytest.fixture
def client(two_releases: ReleaseHome) -> Iterator[TestClient]:
    """A server where a token is needed."""
    settings = Settings.of(
        environment={}, home=two_releases.path, allow_anonymous="never", allowed_hosts="any"
    )
    with TestClient(create_app(settings), base_url="http://localhost") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_what_a_token_allows(client: TestClient, two_releases: ReleaseHome) -> None:
    tokens = TokenFile(two_releases.path)
    reader, linker = tokens.add("reader", ["read"]), tokens.add("linker", ["read", "link"])
    assert client.post("/graphql", json=READ, headers=bearer(reader)).json()["data"]
    for token, code in ((reader, "SCOPE_MISSING"), (linker, "INDEX_NOT_FOUND")):
        (error,) = client.post("/graphql", json=LINK, headers=bearer(token)).json()["errors"]
        assert error["extensions"]["code"] == code
    harmonize = {"query": '{ harmonize(variables: "", rows: []) { __typename } }'}
    (error,) = client.post("/graphql", json=harmonize, headers=bearer(reader)).json()["errors"]
    assert error["extensions"]["code"] == "SCOPE_MISSING"
    answer = client.get("/admin/releases", headers=bearer(linker))
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "SCOPE_MISSING"
    tokens.remove("reader")
    assert client.post("/graphql", json=READ, headers=bearer(reader)).status_code == 401


@pytest.mark.parametrize(
    "headers", [{}, bearer("x"), {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}]
)
def test_without_a_token_that_counts_nothing_is_told(client: TestClient, headers: dict[str, str]) -> None:
    for path in ("/graphql", "/metrics", "/admin/releases", "/nothing", "/browser", "/graphiql/page.js"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["errors"][0]["extensions"]["code"] == "TOKEN_REFUSED"
    for path in ("/health/live", "/", "/browser/main.js"):
        assert client.get(path, headers=headers).status_code == 200


def test_an_administrator_switches_releases_and_goes_back(
    client: TestClient, two_releases: ReleaseHome
) -> None:
    token = bearer(TokenFile(two_releases.path).add("boss", ["read", "admin"]))

    def current() -> str:
        return str(client.post("/graphql", json=READ, headers=token).json()["data"]["release"]["name"])

    assert current() == "one"
    said = client.post("/admin/releases", json={"current": "two"}, headers=token).json()
    assert (said["current"], said["former"], said["served"]["current"]) == ("two", "one", "two")
    assert current() == "two"
    assert client.post("/admin/releases", json={"back": True}, headers=token).json()["current"] == "one"
    assert current() == "one"
    absent: list[object] = [{"current": "three"}, {"current": "../one"}]
    for body in (*absent, {"current": 1}, {}, [], {"back": False}):
        answer = client.post("/admin/releases", json=body, headers=token)
        assert answer.status_code == (404 if body in absent else 400)
        (error,) = answer.json()["errors"]
        assert error["message"]
        assert body == {"back": False} or error["extensions"]["argument"] == "current"
    assert two_releases.current() == "one"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_another_address_needs_tokens_or_a_word(tmp_path: Path, host: str) -> None:
    settings = Settings.of(environment={}, home=tmp_path, host=host)
    assert not settings.anonymous
    with pytest.raises(ServerNotStarted, match="enlace tokens add"):
        check_access(settings)
    check_access(Settings.of(environment={}, home=tmp_path, host=host, allow_anonymous="always"))
    TokenFile(tmp_path).add("ana", ["read"])
    check_access(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.3.2.1"])
def test_on_this_machine_no_token_is_needed(tmp_path: Path, host: str) -> None:
    settings = Settings.of(environment={}, home=tmp_path, host=host)
    assert settings.anonymous
    check_access(settings)
    assert not Settings.of(environment={}, home=tmp_path, host=host, allow_anonymous="never").anonymous


def test_who_may_ask_is_one_of_three(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="allow_anonymous"):
        Settings.of(environment={"ENLACE_ALLOW_ANONYMOUS": "perhaps"}, home=tmp_path)
