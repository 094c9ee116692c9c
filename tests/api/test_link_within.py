"""Linking with a document, within a scope and with a least probability: command line, file and GraphQL alike."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from graph.release import ReleaseHome

QUERY = """query($m: [String!]!, $text: String!, $ecl: String!, $tags: [String!], $min: Float) {
  link(mentions: $m, top: 3, text: $text, ecl: $ecl, semanticTags: $tags, minProbability: $min) {
    decision { id reason probability }
    candidates { reading evidence { kind value concepts } concept { id semanticTag } } } }"""
MEMBERS = "query($e: String!, $i: [ID!]!) { contains(ecl: $e, ids: $i) }"
NONE = {"text": "", "ecl": "", "tags": None, "min": None}


def asked(api, mentions: list[str], **given: object) -> list[dict]:
    answer: list[dict] = api.ask(QUERY, m=mentions, **{**NONE, **given})["link"]
    return answer


@pytest.fixture
def renal(api) -> str:
    """The id of kidney failure in the demonstration release."""
    hits = api.ask("""{ search(text: "insuficiencia renal", first: 1) { nodes { id } } }""")["search"]
    return str(hits["nodes"][0]["id"])


def test_candidates_are_within_an_expression(api, renal: str) -> None:
    (answer,) = asked(api, ["insuficiencia renal aguda"], ecl=f"<< {renal}")
    ids = [candidate["concept"]["id"] for candidate in answer["candidates"]]
    assert ids
    assert all(api.ask(MEMBERS, e=f"<< {renal}", i=ids)["contains"])


def test_candidates_have_a_semantic_tag(api) -> None:
    (answer,) = asked(api, ["asma"], tags=["sustancia"])
    assert {candidate["concept"]["semanticTag"] for candidate in answer["candidates"]} == {"sustancia"}


def test_a_least_probability_declines(api) -> None:
    (answer,) = asked(api, ["cosa que no hay"], min=1.0)
    assert answer["decision"]["id"] is None
    assert answer["decision"]["reason"] == "nothing close"
    assert 0 < answer["decision"]["probability"] < 1
    assert len(answer["candidates"]) == 3


def test_the_document_tells_what_it_means(api) -> None:
    text = "Ingresa por un infarto agudo de miocardio extenso. La insuficiencia tubular renal (ITR) mejora."
    (answer,) = asked(api, ["ITR"], text=text)
    first = answer["candidates"][0]
    assert first["reading"] == "insuficiencia tubular renal"
    assert first["evidence"] == [{"kind": "abbreviation in the document", "value": 1.0, "concepts": []}]


@pytest.mark.parametrize(
    ("given", "code", "argument"),
    [
        ({"tags": ["no such tag"]}, "SCOPE_REJECTED", None),
        ({"ecl": "<< "}, "ECL_SYNTAX", "ecl"),
        ({"min": 1.5}, "ARGUMENT_REJECTED", "minProbability"),
        ({"text": "x" * 100_001}, "ARGUMENT_REJECTED", "text"),
        ({"tags": ["x"] * 51}, "ARGUMENT_REJECTED", "semanticTags"),
    ],
)
def test_what_cannot_be_asked_is_told(api, given: dict, code: str, argument: str | None) -> None:
    _, (error,) = api.execute(QUERY, m=["asma"], **{**NONE, **given})
    assert error["extensions"]["code"] == code
    assert error["extensions"].get("argument") == argument


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mentions.tsv"
    path.write_text("doc\tspan\nd1\tITR\nd2\tITR\nd1\tasma\n", "utf-8")
    return path


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl.gz"
    rows = [
        {"doc": "d1", "text": "La insuficiencia tubular renal (ITR) mejora."},
        {"doc": "d2", "text": "Infección del tracto respiratorio (ITR)."},
    ]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_of_mentions_with_their_texts(
    enlace, in_home: ReleaseHome, table: Path, texts: Path, tmp_path: Path
) -> None:
    output = tmp_path / "linked.jsonl"
    told = enlace("link", "--input", table, "--texts", texts, "--output", output, "--top", "2")
    assert told.code == 0
    linked = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert [one["candidates"][0]["reading"] for one in linked] == [
        "insuficiencia tubular renal",
        "Infección del tracto respiratorio",
        "asma",
    ]
    told = enlace("link", "--input", table, "--output", output, "--top", "2")
    assert told.code == 1
    assert "another texts sha256" in told.err


def test_a_document_without_a_text_is_told(enlace, in_home: ReleaseHome, table: Path, texts: Path) -> None:
    table.write_text("doc\tspan\nd1\tasma\nd9\ttos\n", "utf-8")
    told = enlace("link", "--input", table, "--texts", texts, "--output", "-")
    assert told.code == 1
    assert "Row 3" in told.err
    assert "'d9'" in told.err
    table.write_text("id\tspan\nd1\tasma\n", "utf-8")
    told = enlace("link", "--input", table, "--texts", texts, "--output", "-")
    assert told.code == 1
    assert "--document-column" in told.err


def test_broken_texts_are_told_and_the_rest_goes_on(
    enlace, in_home: ReleaseHome, table: Path, tmp_path: Path
) -> None:
    texts = tmp_path / "texts.jsonl"
    whole = {"doc": "d1", "text": "La insuficiencia tubular renal (ITR) mejora."}
    long = {"doc": "d3", "text": "x" * 5_000_001}
    lines = [json.dumps(one).encode() for one in (whole, {"doc": 2}, long, {"doc": "d4", "text": " "})]
    texts.write_bytes(b"\n".join([*lines, b'{"doc": "d2", "text": "Fi\xe9vre"}', b""]))
    told = enlace("link", "--input", table, "--texts", texts, "--output", "-", "--top", "1")
    assert told.code == 0, told.err
    assert told.err.splitlines() == [
        f"enlace: {texts}:2 has no text 'doc'.",
        f"enlace: {texts}:3 is longer than 5 MB; divide it.",
        f"enlace: {texts}:4 is empty.",
        f"enlace: {texts}:5 is not UTF-8.",
        "The mentions of documents that cannot be read are linked without their text.",
    ]
    readings = [json.loads(line)["candidates"][0]["reading"] for line in told.out.splitlines()]
    assert readings[0] == "insuficiencia tubular renal"
    assert len(readings) == 3


def test_the_command_links_within(enlace, in_home: ReleaseHome, api, renal: str) -> None:
    told = enlace(
        "link", "asma", "--ecl", f"<< {renal}", "--semantic-tag", "trastorno", "--top", "2", "--json"
    )
    assert told.code == 0
    ids = [candidate["id"] for candidate in json.loads(told.out)["candidates"]]
    assert ids
    assert all(api.ask(MEMBERS, e=f"<< {renal}", i=ids)["contains"])
    told = enlace("link", "cosa que no hay", "--min-probability", "1", "--json")
    assert json.loads(told.out)["decision"]["reason"] == "nothing close"
    told = enlace("link", "asma", "--semantic-tag", "no such tag")
    assert told.code == 1
    assert "there are:" in told.err
    told = enlace("link", "asma", "--ecl", "<<")
    assert told.code == 1
    assert "Traceback" not in told.err
