"""Expressions on the command line and in GraphQL."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from demo_schema import Api

RENAL = "SNOMEDCT:29029999999105"
ACUTE = "SNOMEDCT:29039999999107"
BELOW = "<< 29029999999105 |insuficiencia renal|"
QUERY = """query($ecl: String!, $first: Int! = 100, $after: String, $text: String! = "") {
    expand(ecl: $ecl, first: $first, after: $after, text: $text) {
        totalCount nodes { id preferredTerm active } pageInfo { hasNextPage endCursor }
    }
}"""


@pytest.mark.usefixtures("in_home")
class TestCommand:
    def test_a_table_tells_the_concepts_and_how_many_there_are(self, enlace: Any) -> None:
        ran = enlace("expand", BELOW, "--release", "demo")
        assert ran.code == 0
        assert ran.err == ""
        assert ACUTE in ran.out
        assert "insuficiencia renal aguda" in ran.out
        assert ran.out.splitlines()[-1].endswith(" concepts.")

    def test_a_long_answer_is_cut_in_a_table_and_says_so(self, enlace: Any) -> None:
        ran = enlace("expand", "*", "--first", 2)
        assert "concepts, the first 2 here; --first, --json or --csv give more." in ran.out
        assert ran.out.count("SNOMEDCT:") == 2

    def test_json_tells_the_expression_as_it_was_read(self, enlace: Any) -> None:
        said = json.loads(enlace("expand", "descendantOrSelfOf 29029999999105", "--json").out)
        assert said["expression"] == "<< 29029999999105"
        assert said["release"] == "demo"
        assert said["total"] == len(said["concepts"]) > 3
        assert {"id": ACUTE, "preferredTerm": "insuficiencia renal aguda", "active": True} in said["concepts"]

    def test_csv_is_a_code_list(self, enlace: Any) -> None:
        rows = list(csv.DictReader(io.StringIO(enlace("expand", "* {{ C active = false }}", "--csv").out)))
        assert len(rows) > 3
        assert {row["active"] for row in rows} == {"false"}
        assert all(row["preferred_term"] for row in rows)

    def test_text_keeps_what_begins_so(self, enlace: Any) -> None:
        rows = json.loads(enlace("expand", BELOW, "--text", "agud ren", "--json").out)["concepts"]
        assert ACUTE in {row["id"] for row in rows}
        assert RENAL not in {row["id"] for row in rows}

    def test_an_expression_can_come_from_stdin(self, enlace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("/* a\ncomment */ 29029999999105\n"))
        assert json.loads(enlace("expand", "-", "--json").out)["concepts"][0]["id"] == RENAL

    def test_what_stdin_gives_must_be_text(self, enlace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"22298006 |\xff|"), "utf-8"))
        ran = enlace("expand", "-")
        assert ran.code == 2
        assert "no UTF-8" in ran.err
        assert ran.out == ""

    def test_one_concept_is_told_as_one(self, enlace: Any) -> None:
        assert enlace("expand", RENAL).out.splitlines()[-1] == "1 concept."

    def test_codes_of_a_file_are_tested(self, enlace: Any, tmp_path: Path) -> None:
        codes = tmp_path / "codes.txt"
        codes.write_text(f"\ufeff29029999999105\r\n{ACUTE}\n\n SNOMEDCT:1 \nHP#1", "utf-8")
        ran = enlace("expand", BELOW, "--codes", codes, "--csv")
        assert ran.out == f"code,member\n29029999999105,true\n{ACUTE},true\nSNOMEDCT:1,false\nHP#1,false\n"
        said = json.loads(enlace("expand", BELOW, "--codes", codes, "--json").out)
        assert said["members"] == 2
        assert said["codes"][1] == {"code": ACUTE, "member": True}
        assert enlace("expand", BELOW, "--codes", codes).out.endswith(
            "2 of 4 codes are among the concepts.\n"
        )

    @pytest.mark.parametrize(
        ("content", "more", "words"),
        [
            (b"22298006\n\xff\n", [], "line 2: this is no UTF-8"),
            (b"22298006\n", ["--first", 3], "--first and --text do not go with it"),
            (None, [], "does not exist"),
        ],
    )
    def test_a_file_of_codes_that_cannot_be_read_is_told(
        self, enlace: Any, tmp_path: Path, content: bytes | None, more: list[Any], words: str
    ) -> None:
        if content is not None:
            (tmp_path / "codes.txt").write_bytes(content)
        ran = enlace("expand", BELOW, "--codes", tmp_path / "codes.txt", *more)
        assert ran.code == 2
        assert words in " ".join(ran.err.replace("│", " ").split())
        assert ran.out == ""

    def test_a_wrong_term_in_pipes_is_told(self, enlace: Any) -> None:
        ran = enlace("expand", "<< 29029999999105 |gripe|", "--json")
        assert ran.code == 0
        assert ran.err == (
            "Line 1, column 4: SNOMEDCT:29029999999105 is not called 'gripe' in this release, but "
            "'insuficiencia renal'.\n"
        )

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (
                ["<< 29029999999105 AND"],
                1,
                "enlace: Line 1, column 22 of the expression: expected an expression",
            ),
            (["<< 123456"], 1, "enlace: Line 1, column 4 of the expression: release 'demo' has no concept"),
            (
                ["^ [mapTarget] 123456"],
                1,
                "enlace: Line 1, column 1 of the expression: member-of with chosen",
            ),
            (["*", "--json", "--csv"], 2, "one of the two"),
            (["*", "--text", "a\udcff"], 2, "no UTF-8"),
            (["* |\udcff|"], 1, "enlace: Line 1, column 4 of the expression: there is half a character"),
            (["*", "--release", "nowhere"], 1, "There is no release 'nowhere'"),
        ],
    )
    def test_what_cannot_be_answered_is_one_sentence(
        self, enlace: Any, arguments: list[str], code: int, words: str
    ) -> None:
        ran = enlace("expand", *arguments)
        assert ran.code == code
        assert words in ran.err
        assert "Traceback" not in ran.err
        assert ran.out == ""


def test_an_expansion_is_told_by_page(api: Api) -> None:
    whole = api.ask(QUERY, ecl=BELOW)["expand"]
    assert whole["totalCount"] == len(whole["nodes"]) > 3
    assert whole["nodes"] == sorted(whole["nodes"], key=lambda concept: concept["id"])
    assert {"id": ACUTE, "preferredTerm": "insuficiencia renal aguda", "active": True} in whole["nodes"]
    assert whole["pageInfo"]["hasNextPage"] is False
    page = api.ask(QUERY, ecl=BELOW, first=2)["expand"]
    assert page["pageInfo"]["hasNextPage"] is True
    following = api.ask(QUERY, ecl=BELOW, first=2, after=page["pageInfo"]["endCursor"])["expand"]
    assert following["totalCount"] == page["totalCount"] == whole["totalCount"]
    assert page["nodes"] + following["nodes"] == whole["nodes"][:4]
    assert api.store.calls == {"concepts": 1, "terms": 1}
    found = api.ask(QUERY, ecl=BELOW, text="agud ren")["expand"]
    assert 0 < found["totalCount"] < whole["totalCount"]


def test_history_gives_retired_concepts(api: Api) -> None:
    found = api.ask(QUERY, ecl="* {{ + HISTORY-MAX }} ", first=1)["expand"]
    active = api.ask(QUERY, ecl="*", first=1)["expand"]
    assert found["totalCount"] > active["totalCount"]


@pytest.mark.parametrize(
    ("variables", "code", "argument", "place"),
    [
        ({"ecl": "<< AND"}, "ECL_SYNTAX", "ecl", (1, 4)),
        ({"ecl": "*\n{{ D id = 123456 }}"}, "ECL_NOT_SUPPORTED", "ecl", (2, 6)),
        ({"ecl": " 123456"}, "ECL_UNKNOWN_ID", "ecl", (1, 2)),
        ({"ecl": "*" * 20_001}, "ARGUMENT_REJECTED", "ecl", None),
        ({"ecl": "\ud800"}, "ARGUMENT_REJECTED", "ecl", None),
        ({"ecl": "*", "text": "a" * 1001}, "ARGUMENT_REJECTED", "text", None),
        ({"ecl": "*", "first": 0}, "ARGUMENT_REJECTED", "first", None),
        ({"ecl": "*", "after": "x"}, "ARGUMENT_REJECTED", "after", None),
    ],
)
def test_what_cannot_be_expanded_has_its_code(
    api: Api, variables: dict[str, object], code: str, argument: str, place: tuple[int, int] | None
) -> None:
    _, (error,) = api.execute(QUERY, **variables)
    where = {} if place is None else {"line": place[0], "column": place[1]}
    assert error["extensions"] == {"code": code, "argument": argument, **where}


def test_codes_are_tested_in_bulk(api: Api) -> None:
    query = "query($ecl: String!, $ids: [ID!]!) { contains(ecl: $ecl, ids: $ids) }"
    assert api.ask(query, ecl=BELOW, ids=[ACUTE, "X:1", RENAL])["contains"] == [True, False, True]
    assert api.store.calls == {}
    _, (error,) = api.execute(query, ecl=BELOW, ids=[ACUTE] * 1001)
    assert error["extensions"] == {"code": "ARGUMENT_REJECTED", "argument": "ids"}
    _, (error,) = api.execute(query, ecl="<<", ids=[])
    assert error["extensions"] == {"code": "ECL_SYNTAX", "argument": "ecl", "line": 1, "column": 3}
