"""The Python client against a server on a real port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from listening_server import listening

import api.client
from api.client import Concept, Enlace, RequestRefused, ServerUnreachable
from graph.release import ReleaseHome
from linker.pipeline import Linker

RENAL, ACUTE = "SNOMEDCT:29029999999105", "SNOMEDCT:29039999999107"


@pytest.fixture(scope="module")
def address(home: ReleaseHome) -> Iterator[str]:
    with listening(home) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[Enlace]:
    with Enlace(address, language="es") as client:
        yield client


def test_concepts_and_their_neighbours(
    client: Enlace, home: ReleaseHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Concept(
        ACUTE, "insuficiencia renal aguda", "insuficiencia renal aguda (trastorno)", "trastorno", True
    )
    assert client.concept(ACUTE) == expected
    assert [one.id for one in client.concepts([RENAL, ACUTE, RENAL])] == [RENAL, ACUTE, RENAL]
    monkeypatch.setattr(api.client, "_PAGE", 2)
    with home.open("demo") as opened:
        hierarchy = opened.hierarchy
        for name in ("parents", "children", "descendants"):
            found = [one.id for one in getattr(client, name)(RENAL)]
            assert found == list(getattr(hierarchy, name)(RENAL))
        assert {one.id for one in client.ancestors(ACUTE)} == set(hierarchy.ancestors(ACUTE))
        (terms,) = opened.store.terms([ACUTE])
    assert [(term.text, term.language) for term in client.terms(ACUTE)] == [
        (term.text, term.language) for term in terms
    ]
    assert [one.id for one in client.path(ACUTE, RENAL)] == [ACUTE, RENAL]
    assert client.subsumes(RENAL, ACUTE) is True
    assert client.subsumes(ACUTE, RENAL) is False
    assert client.subsumes(ACUTE, "X:1") is None


def test_search_expand_and_link(client: Enlace, home: ReleaseHome) -> None:
    first, *_ = hits = client.search(
        "insuf ren agud", first=5, ecl=f"<< {RENAL}", semantic_tags=["trastorno"]
    )
    assert first.id == ACUTE
    assert first.preferred_term == "insuficiencia renal aguda"
    assert all(0 < hit.score <= 1 for hit in hits)
    expanded = [one.id for one in client.expand("<< 29029999999105")]
    assert {RENAL, ACUTE} <= set(expanded)
    assert client.contains("<< 29029999999105", [ACUTE, "X:1"]) == [True, False]
    assert {one.id for one in client.expand("<< 29029999999105", text="agud")} < set(expanded)
    linker = Linker.open(home.folder("demo") / "index")
    expected = linker.link(["HTA", "ahogo al caminar"], top_k=3)
    linker.close()
    for linking, one in zip(client.link(["HTA", "ahogo al caminar"], top=3), expected, strict=True):
        assert linking.mention == one.mention
        assert [(c.id, c.score) for c in linking.candidates] == [(c.id, c.score) for c in one.candidates]
        assert (linking.decision.id, linking.decision.probability) == (
            one.decision.id,
            one.decision.probability,
        )


def test_annotate(client: Enlace) -> None:
    text = "Niega asma. Insuficiencia renal aguda."
    asthma, acute = client.annotate(text, top=2)
    assert (text[asthma.start : asthma.end], asthma.negated, asthma.fragments) == ("asma", True, ())
    assert [(one.assertion, one.text) for one in asthma.triggers] == [("NEGATED", "Niega")]
    assert (acute.decision.id, acute.negated, acute.source) == (ACUTE, False, "RECOGNIZER")
    assert acute.candidates[0].id == ACUTE


def test_releases(client: Enlace, address: str) -> None:
    release = client.release()
    assert (release.name, release.current) == ("demo", True)
    assert release.indexed
    assert [one.name for one in client.releases()] == ["demo"]
    with Enlace(address, release="nowhere") as other, pytest.raises(RequestRefused) as refused:
        other.release()
    assert refused.value.code == "RELEASE_NOT_FOUND"


def test_tables_and_frames(client: Enlace) -> None:
    pd = pytest.importorskip("pandas")
    frame = client.frame(client.expand("<< 29029999999105"))
    assert list(frame.columns) == ["id", "preferred_term", "fsn", "semantic_tag", "active"]
    assert isinstance(frame, pd.DataFrame)
    lines = client.table("expand", ecl="<< 29029999999105").decode().splitlines()
    assert len(lines) == len(frame) + 1


@pytest.mark.parametrize(
    ("ask", "code", "argument"),
    [
        (lambda one: one.concept("X:1"), "CONCEPT_NOT_FOUND", "id"),
        (lambda one: list(one.expand("<<")), "ECL_SYNTAX", "ecl"),
        (lambda one: one.search("a", first=0), "ARGUMENT_REJECTED", "first"),
        (lambda one: one.query("{ nothing }"), "GRAPHQL_INVALID", None),
        (lambda one: one.query("{ nothing"), "GRAPHQL_INVALID", None),
        (lambda one: one.table("expand", ecl="<<"), "ECL_SYNTAX", "ecl"),
        (lambda one: one.link([""]), "MENTION_REJECTED", "mentions"),
    ],
)
def test_refusals_are_typed(client: Enlace, ask, code: str, argument: str | None) -> None:
    with pytest.raises(RequestRefused) as refused:
        ask(client)
    assert (refused.value.code, refused.value.argument) == (code, argument)
    assert str(refused.value).strip()
    assert client.concept(ACUTE).active, "the connection serves on"


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Enlace(url, timeout_s=5) as client, pytest.raises(ServerUnreachable, match="No answer from"):
        client.release()
    for url in ("localhost:8000", "ftp://x", ""):
        with pytest.raises(ServerUnreachable, match="no address"):
            Enlace(url)


def test_a_server_that_is_something_else_and_one_that_hangs_up() -> None:
    def answer(listener: socket.socket) -> None:
        for said in (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"", b""):
            connection, _ = listener.accept()
            connection.recv(65_536)
            connection.sendall(said)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=[listener])
        thread.start()
        with Enlace(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=10) as client:
            with pytest.raises(ServerUnreachable, match="not Enlace"):
                client.release()
            client.close()
            with pytest.raises(ServerUnreachable, match="No answer"):
                client.release()
        thread.join()


def test_an_idle_connection_that_was_closed_is_opened_again(address: str) -> None:
    with Enlace(address) as client:
        client.release()
        assert client._connection.sock
        client._connection.sock.shutdown(socket.SHUT_RDWR)
        assert client.release().name == "demo"
