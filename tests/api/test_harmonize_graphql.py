"""`harmonize` and `checkVariables` over GraphQL, on the demonstration release."""

from __future__ import annotations

from typing import Any

import pytest
from demo_schema import Api

HARMONIZE = """
query($variables: String!, $rows: [HarmonizeRow!]!, $history: HistoryProfileName! = MOD, $minScore: Float! = 0) {
  harmonize(variables: $variables, rows: $rows, history: $history, minScore: $minScore) {
    status variables paths route via score reason detail concepts(first: 9) { nodes { id preferredTerm } }
  }
}"""


@pytest.fixture(scope="module")
def ids(api: Api) -> dict[str, str]:
    """The ids of some concepts by name, active and retired."""
    names = ["diabetes mellitus", "diabetes mellitus tipo 2", "retinopatía diabética", "retinopatía"]
    found = {}
    for name in names:
        hits = api.ask(
            "query($t: String!) { search(text: $t, first: 20) { nodes { concept { id preferredTerm } } } }",
            t=name,
        )
        found[name] = next(
            h["concept"]["id"] for h in hits["search"]["nodes"] if h["concept"]["preferredTerm"] == name
        )
    replaced = api.ask(
        """query($id: ID!) { concept(id: $id) {
            replaces(first: 9) { nodes { concept { id } } } mappings(first: 9) { nodes { target } } } }""",
        id=found["diabetes mellitus tipo 2"],
    )["concept"]
    found["retired"] = replaced["replaces"]["nodes"][0]["concept"]["id"]
    found["mapped"] = replaced["mappings"]["nodes"][0]["target"]
    return found


@pytest.fixture(scope="module")
def variables(ids: dict[str, str]) -> str:
    return f"""
variables:
  - {{id: diabetes, concepts: ['{ids["diabetes mellitus"]}']}}
  - {{id: tipo2, parent: diabetes, concepts: ['{ids["diabetes mellitus tipo 2"]}']}}
  - {{id: retina, concepts: ['{ids["retinopatía"]}']}}
"""


def harmonize(api: Api, variables: str, *rows: dict[str, str], **options: object) -> list[Any]:
    found: list[Any] = api.ask(HARMONIZE, variables=variables, rows=list(rows), **options)["harmonize"]
    return found


def test_codes(api: Api, ids: dict[str, str], variables: str) -> None:
    type2 = ids["diabetes mellitus tipo 2"]
    system, code = ids["mapped"].split(":")
    found = harmonize(
        api,
        variables,
        {"code": type2.partition(":")[2], "system": "SNOMEDCT"},
        {"code": ids["retired"]},
        {"code": code, "system": system},
        {"code": ids["retinopatía diabética"]},
        {"code": "12345", "system": "SNOMEDCT"},
        {},
    )
    assert [(one["status"], one["variables"], one["route"]) for one in found] == [
        ("ASSIGNED", ["tipo2"], "active"),
        ("ASSIGNED", ["tipo2"], "replaced"),
        ("ASSIGNED", ["tipo2"], "mapped"),
        ("ASSIGNED", ["retina"], "active"),
        ("UNMATCHED", [], ""),
        ("UNMATCHED", [], ""),
    ]
    assert found[0]["concepts"]["nodes"] == [{"id": type2, "preferredTerm": "diabetes mellitus tipo 2"}]
    assert found[3]["paths"][0][0] == ids["retinopatía diabética"]
    assert found[3]["paths"][0][-1] == ids["retinopatía"]
    assert [one["reason"] for one in found[4:]] == ["unknown code", "empty"]


def test_texts_and_history(api: Api, ids: dict[str, str], variables: str) -> None:
    linked, lost = harmonize(
        api, variables, {"text": "diabetes mellitus tipo 2"}, {"text": "zzqx wkvj"}, minScore=0.9
    )
    assert (linked["status"], linked["variables"], linked["route"], linked["score"]) == (
        "ASSIGNED",
        ["tipo2"],
        "linked",
        1.0,
    )
    assert lost["status"] == "DECLINED"
    (kept,) = harmonize(api, variables, {"code": ids["retired"]}, history="MIN")
    assert kept["reason"] == "not replaced"


def test_check(api: Api, ids: dict[str, str], variables: str) -> None:
    query = """query($v: String!) { checkVariables(variables: $v, first: 9) { nodes {
            error problem variable line replacements } } }"""
    assert api.ask(query, v=variables)["checkVariables"]["nodes"] == []
    wrong = f"variables:\n  - id: a\n    concepts: ['{ids['retired']}']\n"
    (finding,) = api.ask(query, v=wrong)["checkVariables"]["nodes"]
    assert finding == {
        "error": True,
        "problem": "retired",
        "variable": "a",
        "line": 3,
        "replacements": [ids["diabetes mellitus tipo 2"]],
    }


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        (
            {"variables": "variables:\n  - id: a\n"},
            "VARIABLES_UNREADABLE",
            "variables:2, variable 'a': it says nothing",
        ),
        (
            {"variables": "variables: [{id: a, ecl: '<< '}]"},
            "VARIABLES_UNREADABLE",
            "field 'ecl': Line 1, column",
        ),
        ({"variables": "#" * 100_001}, "ARGUMENT_REJECTED", "at most 100,000 are accepted"),
        (
            {"variables": "variables:\n" + "".join(f"- {{id: v{n}, ecl: '*'}}\n" for n in range(201))},
            "ARGUMENT_REJECTED",
            "one request takes at most 200",
        ),
        ({"rows": [{}] * 201}, "ARGUMENT_REJECTED", "one request takes at most 200"),
        ({"rows": [{"code": "1" * 256}]}, "ARGUMENT_REJECTED", "more than 255 characters"),
        ({"rows": [{"text": "\ud800"}]}, "ARGUMENT_REJECTED", "half a character"),
        ({"minScore": 2.0}, "ARGUMENT_REJECTED", "minScore is 2.0"),
    ],
)
def test_what_is_refused(api: Api, variables: str, changed: dict[str, object], code: str, told: str) -> None:
    data, errors = api.execute(HARMONIZE, **{"variables": variables, "rows": [], **changed})
    assert data is None
    assert [error["extensions"]["code"] for error in errors] == [code]
    assert told in errors[0]["message"]
