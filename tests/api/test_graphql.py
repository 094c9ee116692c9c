"""What the schema answers, over the demonstration release."""

from __future__ import annotations

import json

import pytest
from graphql import GraphQLObjectType, build_schema

from api.example_request import LINK_QUERY
from api.linking_json import linking_json
from api.schema.build import build_schema as enlace_schema
from api.schema.concept import FIELD_KINDS
from api.settings import Settings
from linker.pipeline import Linker


def find(api, term: str) -> str:
    (hit,) = api.ask("query($t: String!) { search(text: $t, first: 1) { nodes { id } } }", t=term)["search"][
        "nodes"
    ]
    return str(hit["id"])


def test_release(api, home) -> None:
    answer = api.ask(
        """{ release { name languages counts { kind number } sources(first: 9) { nodes { format } }
            index { terms mentions } } }"""
    )["release"]
    release = home.release("demo")
    assert answer["name"] == "demo"
    assert answer["languages"] == list(release.languages)
    assert {c["kind"]: c["number"] for c in answer["counts"]} == dict(release.counts)
    assert {source["format"] for source in answer["sources"]["nodes"]} == {"rf2"}
    assert answer["index"]["terms"] > 1000


def test_concept(api) -> None:
    id = find(api, "fibrilación auricular")
    concept = api.ask(
        """query($id: ID!) { concept(id: $id) {
            id active semanticTag preferredTerm english: preferredTerm(language: "en") fsn
            terms(first: 100) { nodes { text language kind scope id } }
            spanish: terms(first: 100, languages: ["es"], kinds: [SYNONYM]) { nodes { text language kind } }
            parents(first: 9) { nodes { preferredTerm } } ancestors(first: 99) { nodes { id preferredTerm } }
            siblings(first: 99) { nodes { id } } children(first: 99) { nodes { preferredTerm } }
            descendants(first: 99) { totalCount nodes { preferredTerm } }
            parentCount childCount ancestorCount siblingCount descendantCount
            mappings(first: 9) { nodes { target kind group priority advice } }
            relations(first: 9) { nodes { typeId type { preferredTerm } target { preferredTerm } group } }
        } }""",
        id=id,
    )["concept"]
    concept = {name: said["nodes"] if isinstance(said, dict) else said for name, said in concept.items()}
    assert concept["id"] == id
    assert concept["active"] is True
    assert concept["semanticTag"] == "trastorno"
    assert concept["preferredTerm"] == "fibrilación auricular"
    assert concept["english"] == "atrial fibrillation"
    assert concept["fsn"] == "fibrilación auricular (trastorno)"
    assert "FA" in {term["text"] for term in concept["spanish"]}
    assert {(term["language"], term["kind"]) for term in concept["spanish"]} == {("es", "SYNONYM")}
    assert {term["kind"] for term in concept["terms"]} >= {"FSN", "PREFERRED", "SYNONYM"}
    assert concept["parentCount"] == len(concept["parents"]) > 0
    assert concept["childCount"] == len(concept["children"]) > 0
    assert concept["ancestorCount"] == len(concept["ancestors"]) > concept["parentCount"]
    assert concept["siblingCount"] == len(concept["siblings"])
    assert concept["descendantCount"] == len(concept["descendants"]) >= concept["childCount"]
    assert id not in {sibling["id"] for sibling in concept["siblings"]}
    assert any(mapping["target"].startswith("ICD10:I48") for mapping in concept["mappings"])
    assert concept["relations"][0]["type"]["preferredTerm"]
    assert concept["relations"][0]["target"]["preferredTerm"]


def test_ancestors_come_nearest_first(api, home) -> None:
    id = find(api, "fibrilación auricular paroxística")
    answer = api.ask("query($id: ID!) { concept(id: $id) { ancestors(first: 99) { nodes { id } } } }", id=id)
    ids = [ancestor["id"] for ancestor in answer["concept"]["ancestors"]["nodes"]]
    with home.open("demo") as opened:
        depths = [opened.hierarchy.depth(id) for id in ids]
        assert set(ids) == set(opened.hierarchy.ancestors(id))
    assert depths == sorted(depths, reverse=True)
    assert depths[-1] == 0


def test_a_retired_concept_says_what_replaces_it(api, home) -> None:
    with home.open("demo") as opened:
        retired = next(c.id for c in opened.store.scan_concepts() if not c.active)
        (successions,) = opened.store.successors([retired])
    concept = api.ask(
        """query($id: ID!) { concept(id: $id) { active parents(first: 9) { nodes { id } } descendantCount siblingCount
            replacedBy(first: 9) { nodes { kind conceptId concept {
              id active preferredTerm replaces(first: 9) { nodes { conceptId } } } } } } }""",
        id=retired,
    )["concept"]
    assert concept["active"] is False
    assert (concept["parents"]["nodes"], concept["descendantCount"], concept["siblingCount"]) == ([], 0, 0)
    assert [step["conceptId"] for step in concept["replacedBy"]["nodes"]] == [
        s.successor for s in successions
    ]
    successor = concept["replacedBy"]["nodes"][0]["concept"]
    assert successor["active"] is True
    assert retired in {step["conceptId"] for step in successor["replaces"]["nodes"]}


def test_concepts_answers_in_order_and_tells_the_unknown_ones(api) -> None:
    one, other = find(api, "asma"), find(api, "tos")
    data, errors = api.execute(
        "query($ids: [ID!]!) { concepts(ids: $ids) { id } }", ids=[other, "HP:0", one, other]
    )
    assert data["concepts"] == [{"id": other}, None, {"id": one}, {"id": other}]
    (error,) = errors
    assert error["path"] == ["concepts", 1]
    assert error["extensions"] == {"code": "CONCEPT_NOT_FOUND", "argument": "ids"}
    assert "'HP:0'" in error["message"]


def test_search(api) -> None:
    hits = api.ask(
        """{ search(text: "renal insuf", first: 3) { nodes {
            id matchedTerm language score concept { id preferredTerm } } } }"""
    )["search"]["nodes"]
    assert len(hits) == 3
    assert "insuficiencia renal" in {hit["matchedTerm"] for hit in hits}
    assert all(hit["id"] == hit["concept"]["id"] for hit in hits)
    english = api.ask("""{ search(text: "asthma", first: 10, language: "en") { nodes { language } } }""")[
        "search"
    ]["nodes"]
    assert {hit["language"] for hit in english} == {"en"}
    assert api.ask("""{ search(text: "--", first: 5) { nodes { id } } }""")["search"]["nodes"] == []


def hits(api, text: str, **narrowed: object) -> list[str]:
    query = """query($text: String!, $language: String, $ecl: String, $semanticTags: [String!]) {
        search(text: $text, first: 50, language: $language, ecl: $ecl, semanticTags: $semanticTags) {
            nodes { id concept { semanticTag } } } }"""
    return [hit["id"] for hit in api.ask(query, text=text, **narrowed)["search"]["nodes"]]


def test_search_within_an_expression_and_semantic_tags(api, home) -> None:
    whole = hits(api, "insuf")
    renal = hits(api, "insuf", ecl="<< 29029999999105")
    assert set(renal) < set(whole)
    assert renal == [id for id in whole if id in set(renal)], "in the same order"
    with home.open("demo") as opened:
        below = set(opened.hierarchy.descendants("SNOMEDCT:29029999999105")) | {"SNOMEDCT:29029999999105"}
        tags = {concept.id: concept.semantic_tag for concept in opened.store.scan_concepts()}
    assert set(renal) == set(whole) & below
    everywhere = hits(api, "a")
    substances = hits(api, "a", semanticTags=["sustancia"])
    assert substances
    assert {tags[id] for id in substances} == {"sustancia"}
    assert [id for id in everywhere if tags[id] == "sustancia"] == [
        id for id in substances if id in set(everywhere)
    ]
    assert hits(api, "a", semanticTags=[]) == []
    assert hits(api, "insuf", ecl="* MINUS *") == []


@pytest.mark.parametrize(
    ("narrowed", "code", "argument"),
    [
        ({"ecl": "<<"}, "ECL_SYNTAX", "ecl"),
        ({"ecl": "<< 123456"}, "ECL_UNKNOWN_ID", "ecl"),
        ({"semanticTags": ["\ud800"]}, "ARGUMENT_REJECTED", "semanticTags"),
        ({"semanticTags": ["a"] * 1001}, "ARGUMENT_REJECTED", "semanticTags"),
    ],
)
def test_what_search_cannot_be_narrowed_to(api, narrowed: dict, code: str, argument: str) -> None:
    query = """query($ecl: String, $semanticTags: [String!]) {
        search(text: "a", first: 5, ecl: $ecl, semanticTags: $semanticTags) { nodes { id } } }"""
    _, (error,) = api.execute(query, **narrowed)
    place = {key: error["extensions"].pop(key) for key in ("line", "column") if code.startswith("ECL")}
    assert error["extensions"] == {"code": code, "argument": argument}
    assert place == ({"line": 1, "column": 4 if "123456" in narrowed["ecl"] else 3} if place else {})


def test_link_says_the_same_as_linked_jsonl(api, home) -> None:
    mentions = ["HTA", "ahogo al caminar"]
    answer = api.ask(
        """query($m: [String!]!) { link(mentions: $m, top: 4) { mention decision { id path reason probability }
            candidates { id preferredTerm matchedTerm reading score path scores { dense lexical rerank }
                         evidence { kind value concepts } } } }""",
        m=mentions,
    )["link"]
    linker = Linker.open(home.folder("demo") / "index")
    expected = [linking_json(linking) for linking in linker.link(mentions, top_k=4)]
    linker.close()
    for linking in answer:
        for part in (linking["decision"], *linking["candidates"]):
            part["path"] = {"RERANKED": "re-ranked"}.get(part["path"], part["path"].lower())
    assert answer == expected


def test_link_answers_with_the_concepts(api) -> None:
    data = api.ask(LINK_QUERY, mentions=["Sintrom"], top=2)["link"][0]
    assert data["decision"]["concept"]["preferredTerm"] == "acenocumarol"
    concept = data["candidates"][0]["concept"]
    assert concept["id"] == data["decision"]["concept"]["id"]
    assert concept["semanticTag"] == "sustancia"
    assert {term["text"] for term in concept["terms"]["nodes"]} >= {"acenocumarol", "Sintrom"}
    assert "anticoagulante" in {parent["preferredTerm"] for parent in concept["parents"]["nodes"]}


def test_fragments_and_aliases_are_looked_up_too(api) -> None:
    data = api.ask(
        """query($id: ID!) { a: concept(id: $id) { ...Words } b: concept(id: $id) { ... on Concept { fsn } } }
        fragment Words on Concept { name: preferredTerm children(first: 9) { nodes { ...Name } } }
        fragment Name on Concept { preferredTerm }""",
        id=find(api, "asma"),
    )
    assert data["a"]["name"] == "asma"
    assert data["b"]["fsn"] == "asma (trastorno)"


def test_every_field_that_needs_a_look_up_has_one(api) -> None:
    """Each scalar field alone: a field that reads what nobody looked up would fail."""
    schema = build_schema(enlace_schema(Settings.of("demo", environment={})).as_str())
    concept = schema.type_map["Concept"]
    assert isinstance(concept, GraphQLObjectType)
    assert set(FIELD_KINDS) <= set(concept.fields)
    id = find(api, "asma")
    for name, field in concept.fields.items():
        inner = "" if str(field.type).strip("[]!") in _SCALARS else " { __typename }"
        first = "(first: 9)" if "first" in field.args else ""
        api.ask(f"query($id: ID!) {{ concept(id: $id) {{ {name}{first}{inner} }} }}", id=id)


_SCALARS = {"ID", "String", "Boolean", "Int", "Float"}


def test_answers_are_json(api) -> None:
    assert json.dumps(api.ask("{ release { name } }")) == '{"release": {"name": "demo"}}'
