"""Addresses of graphs at servers: read in every form, written without credentials."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import neo4j_address
from graph.errors import ReleaseDamaged, StoreUnavailable
from graph.neo4j_address import FILE, SCHEMES, Neo4jAddress


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("url", "server", "database", "key"),
    [
        ("neo4j://localhost", "neo4j://localhost:7687", "", ""),
        ("bolt://db.example.org:7777/", "bolt://db.example.org:7777", "", ""),
        ("neo4j+s://db.example.org/clinic", "neo4j+s://db.example.org:7687", "clinic", ""),
        ("neo4j://[::1]:7687/neo4j#es@1f", "neo4j://[::1]:7687", "neo4j", "es@1f"),
        ("neo4j://h/d?policy=eu#es@1f", "neo4j://h:7687?policy=eu", "d", "es@1f"),
        ("neo4j+ssc://ana:s3cret@h:1/d", "neo4j+ssc://h:1", "d", ""),
    ],
)
def test_an_address_is_read(url: str, server: str, database: str, key: str) -> None:
    address = Neo4jAddress.parse(url)
    assert (address.server, address.database, address.key) == (server, database, key)
    assert Neo4jAddress.parse(address.url) == address


@pytest.mark.parametrize(
    "url",
    ["", "localhost:7687", "http://localhost", "neo4j://", "neo4j:///db", "neo4j://h:port", "bolt://h/a/b",
     "neo4j://u:s3cret@h:99999", "mysql://u:s3cret@h"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="write neo4j://localhost:7687") as refused:
        Neo4jAddress.parse(url)
    assert "s3cret" not in str(refused.value)


@given(
    st.sampled_from(SCHEMES), st.text(min_size=1), st.text(min_size=1), st.text("abcñ@ %#?", min_size=1),
    st.text("abc@.-_ñ%#", min_size=1),
)  # fmt: skip
def test_credentials_are_read_and_never_written(
    scheme: str, user: str, password: str, database: str, key: str
) -> None:
    def quoted(text: str) -> str:
        return quote(text, safe="", errors="surrogatepass")

    database = database.strip("/")
    url = f"{scheme}://{quoted(user)}:{quoted(password)}@localhost:7000/{quoted(database)}#{quoted(key)}"
    address = Neo4jAddress.parse(url)
    assert address.credentials() == (user, password)
    assert (address.database, address.key) == (database, key)
    again = Neo4jAddress.parse(address.url)
    assert again == address
    assert again.credentials() is None
    assert "password" not in repr(address)


def test_the_environment_says_who_asks_where_the_address_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Neo4jAddress.parse("neo4j://h")
    assert bare.credentials() is None
    monkeypatch.setenv("NEO4J_PASSWORD", "s3cret")
    assert bare.credentials() == ("neo4j", "s3cret")
    monkeypatch.setenv("NEO4J_USER", "ana")
    assert bare.credentials() == ("ana", "s3cret")
    assert Neo4jAddress.parse("neo4j://eva:0ther@h").credentials() == ("eva", "0ther")


def test_a_release_folder_keeps_its_address_without_credentials(tmp_path: Path) -> None:
    assert neo4j_address.read(tmp_path) is None
    address = Neo4jAddress.parse("neo4j+s://ana:s3cret@h/d#es@1f")
    neo4j_address.write(tmp_path, address)
    assert neo4j_address.read(tmp_path) == address
    written = (tmp_path / FILE).read_text("utf-8")
    assert "s3cret" not in written
    assert "ana" not in written


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 2, "url": "x"}']
)
def test_a_damaged_address_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(ReleaseDamaged, match=r"store\.json .*load the release again\.$"):
        neo4j_address.read(tmp_path)


def test_a_server_that_moved_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    address = Neo4jAddress.parse("neo4j://localhost/d#es@1f")
    assert address.moved() == address
    monkeypatch.setenv("NEO4J_URI", "bolt://neo4j:7000")
    assert address.moved() == Neo4jAddress.parse("bolt://neo4j:7000/d#es@1f")
    monkeypatch.setenv("NEO4J_URI", "bolt://neo4j:7000/e")
    assert address.moved() == Neo4jAddress.parse("bolt://neo4j:7000/e#es@1f")
