"""`variables` over GraphQL, on the demonstration release."""

from __future__ import annotations

from typing import Any

from demo_schema import Api

VARIABLES = """
query($variables: String!) {
  variables(variables: $variables) {
    id label parent expression conceptCount valueType units line overlaps { other conceptCount }
  }
}"""

SET = """
variables:
  - {id: renal, label: Renal failure, concepts: [29029999999105 |insuficiencia renal|]}
  - {id: acute, parent: renal, ecl: << 29039999999107}
  - {id: skin, concepts: [1019999999106], exclude: [29029999999105], value_type: quantity, units: [mg/dL]}
  - {id: broken, ecl: << AND}
  - {id: unknown, concepts: [29029999999106000105]}
"""


def defined(api: Api, variables: str) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in api.ask(VARIABLES, variables=variables)["variables"]}


def test_what_variables_stand_for(api: Api) -> None:
    found = defined(api, SET)
    assert list(found) == ["renal", "acute", "skin", "broken", "unknown"]
    renal, acute, skin = found["renal"], found["acute"], found["skin"]
    assert (renal["label"], renal["parent"], renal["line"]) == ("Renal failure", None, 3)
    assert renal["overlaps"] == [{"other": "acute", "conceptCount": acute["conceptCount"]}]
    assert (acute["parent"], acute["overlaps"][0]["other"]) == ("renal", "renal")
    assert (skin["valueType"], skin["units"], skin["overlaps"]) == ("quantity", ["mg/dL"], [])
    for one in (renal, acute, skin):
        expanded = api.ask(
            "query($e: String!) { expand(ecl: $e, first: 1) { totalCount } }", e=one["expression"]
        )
        assert expanded["expand"]["totalCount"] == one["conceptCount"] > 0


def test_the_concepts_of_a_variable_come_by_page(api: Api) -> None:
    query = """query($v: String!, $after: String) { variables(variables: $v) {
        conceptCount concepts(first: 2, after: $after) { totalCount nodes { id } pageInfo { endCursor } } } }"""
    renal, *_, unknown = api.ask(query, v=SET)["variables"]
    assert renal["concepts"]["totalCount"] == renal["conceptCount"]
    assert unknown["concepts"] is None
    found = api.ask('{ expand(ecl: "<< 29029999999105", first: 4) { nodes { id } } }')["expand"]["nodes"]
    after = renal["concepts"]["pageInfo"]["endCursor"]
    renal_alone = SET[: SET.index("  - {id: acute")]
    (following,) = api.ask(query, v=renal_alone, after=after)["variables"]
    assert renal["concepts"]["nodes"] + following["concepts"]["nodes"] == found


def test_what_cannot_be_told_is_null(api: Api) -> None:
    found = defined(api, SET)
    assert (found["broken"]["expression"], found["broken"]["conceptCount"]) == (None, None)
    assert found["unknown"]["expression"] is not None
    assert found["unknown"]["conceptCount"] is None


def test_a_text_that_is_no_variables(api: Api) -> None:
    _, errors = api.execute(VARIABLES, variables="- [")
    assert errors[0]["extensions"] == {"code": "VARIABLES_UNREADABLE", "argument": "variables"}
    _, errors = api.execute(VARIABLES, variables="x" * 100_001)
    assert errors[0]["extensions"]["argument"] == "variables"
